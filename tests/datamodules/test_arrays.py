"""Users' own arrays: keys, types, splits and scales."""

import numpy as np
import pytest
import torch

from softsym.datamodules.arrays import ArraysDataModule


@pytest.fixture
def file(tmp_path):
    draw = np.random.default_rng(0)
    x = np.concatenate(
        [100 + 7 * draw.standard_normal((400, 2)), 5 * draw.standard_normal((400, 6))], 1
    )
    y = 3000 + 20 * x[:, :1]
    path = tmp_path / "data.npz"
    np.savez(path, X=x, Y=y, subject=np.arange(400) // 8)
    return path


def test_arrays_in_memory_are_those_of_a_file(tmp_path):
    draw = np.random.default_rng(0)
    arrays = {"X": draw.normal(size=(90, 4)), "Y": torch.randn(90, 1)}
    np.savez(tmp_path / "data.npz", **arrays)
    here, there = (ArraysDataModule(f, "T0+T1", "T0") for f in (arrays, f"{tmp_path}/data.npz"))
    for data in (here, there):
        data.setup()
    for name, split in there.splits.items():
        assert all(map(torch.equal, here.splits[name], split))
    arrays["X"][3, 1] = np.nan
    with pytest.raises(ValueError, match="the arrays: row 3, column 1 of the inputs is nan"):
        ArraysDataModule(arrays, "T0+T1", "T0")


def test_scales_respect_the_types(file):
    data = ArraysDataModule(str(file), "2T0+2T1", "T0")
    data.setup()
    x, y = data.splits["train"]
    assert x[:, :2].mean(0).abs().max() < 1e-5  # means are taken from scalars
    assert float(y.std()) == pytest.approx(1.0, abs=1e-4)
    (_, scale) = data.scales["inputs"]
    assert len(set(scale[2:].tolist())) == 1  # one scale for all vectors
    assert float(data.target_scale) == pytest.approx(140, rel=0.1)
    assert len(x) == 280
    assert x.dtype == torch.float32


def test_groups_stay_in_one_split(file):
    data = ArraysDataModule(str(file), "2T0+2T1", "T0", group_key="subject", standardize=False)
    data.setup()
    raw = np.load(file)
    of = {tuple(row): s for row, s in zip(raw["X"].astype(np.float32), raw["subject"], strict=True)}
    subjects = [{of[tuple(row)] for row in data.splits[s][0].numpy()} for s in data.splits]
    assert not subjects[0] & subjects[1]
    assert not subjects[0] & subjects[2]
    assert sum(map(len, subjects)) == 50


def test_the_split_is_reproducible(file):
    one, same, other = (
        ArraysDataModule(str(file), "2T0+2T1", "T0", split_seed=seed) for seed in (1, 1, 2)
    )
    for data in (one, same, other):
        data.setup()
    assert torch.equal(one.splits["test"][0], same.splits["test"][0])
    assert not torch.equal(one.splits["test"][0], other.splits["test"][0])


BAD = [
    ({"file": "/nowhere.npz"}, "no file"),
    ({"rep_in": None}, "rep_in is missing.*8T0, 2T1\\+2T0, 2T0\\+2T1"),
    ({"rep_in": None, "rep_out": None}, "rep_in is missing.*fit: 8T0.*rep_out is missing.*1T0"),
    ({"rep_in": "3T1"}, "has 9 numbers over R\\^3, but .* has 8 columns"),
    ({"rep_in": "4T1"}, "It fits R\\^2: set dim=2"),
    ({"inputs": "Z"}, "no 'Z' in .* holds X"),
    ({"split": (0.5, 0.2, 0.2)}, "sum to 1"),
    ({"group_key": "who"}, "no 'who'"),
]


@pytest.mark.parametrize(("changed", "message"), BAD)
def test_mistakes_are_named(file, changed, message):
    given = {"file": str(file), "rep_in": "2T0+2T1", "rep_out": "T0"} | changed
    with pytest.raises(ValueError, match=message):
        ArraysDataModule(**given)


def test_numbers_that_are_not_finite_are_named(tmp_path):
    x = np.zeros((50, 3))
    x[7, 1] = np.nan
    np.savez(tmp_path / "bad.npz", X=x, Y=x)
    with pytest.raises(ValueError, match="row 7, column 1 of the inputs is nan"):
        ArraysDataModule(str(tmp_path / "bad.npz"), "T1", "T1")


def saved(folder, name, **columns):
    np.savez(folder / name, **columns)
    return str(folder / name)


def test_a_column_names_the_splits(tmp_path):
    x = np.arange(60.0).reshape(20, 3)
    words = np.array(["train"] * 12 + ["val"] * 5 + ["test"] * 3)
    file = saved(tmp_path, "a.npz", X=x, Y=x, part=words, number=np.arange(20) % 3)
    data = ArraysDataModule(file, "T1", "T1", split="part")
    assert [len(rows) for rows in data.rows.values()] == [12, 5, 3]
    assert data.rows["test"].tolist() == [17, 18, 19]
    assert len(ArraysDataModule(file, "T1", "T1", split="number").rows["train"]) == 7
    wrong = saved(tmp_path, "b.npz", X=x, Y=x, part=np.array(["train", "dev"] * 10))
    with pytest.raises(ValueError, match=r"b.npz: row 1 .from 0. of the column 'part'.* is dev"):
        ArraysDataModule(wrong, "T1", "T1", split="part")
    with pytest.raises(ValueError, match=r"labels of datamodule.group_key=number are in both"):
        ArraysDataModule(file, "T1", "T1", split="part", group_key="number")


def test_a_file_without_targets_is_told_where_to_name_them(tmp_path):
    np.save(tmp_path / "X.npy", np.ones((30, 3)))
    np.save(tmp_path / "Y.npy", np.arange(30.0))
    files = str(tmp_path / "X.npy"), str(tmp_path / "Y.npy")
    with pytest.raises(ValueError, match=r"X.npy holds one array alone, 'X'.*targets_file=..."):
        ArraysDataModule(files[0], "T1", "T0")
    assert len(ArraysDataModule(files[0], "T1", "T0", targets_file=files[1]).rows["train"]) == 21


def test_files_name_the_splits(tmp_path):
    x = np.arange(60.0).reshape(20, 3)
    one, two = saved(tmp_path, "a.npz", X=x, Y=x), saved(tmp_path, "b.npz", X=-x[:7], Y=x[:7])
    data = ArraysDataModule(one, "T1", "T1", test_file=two)
    data.setup()
    assert [len(rows) for rows in data.rows.values()] == [16, 4, 7]
    assert (data.splits["test"][0] <= 0).all()
    whole = ArraysDataModule(one, "T1", "T1", val_file=two, test_file=two)
    assert len(whole.rows["train"]) == 20
    narrow = saved(tmp_path, "c.npz", X=x[:, :2], Y=x)
    with pytest.raises(ValueError, match=r"same columns of inputs and targets; .*a.npz: 3 and 3"):
        ArraysDataModule(one, "T1", "T1", test_file=narrow)


def test_the_report_is_told_what_was_done(file):
    data = ArraysDataModule(str(file), "2T0+2T1", "T0")
    data.setup()
    assert data.note.startswith("Samples: 280 train, 60 val, 60 test. Inputs and targets are stand")
    plain = ArraysDataModule(str(file), "2T0+2T1", "T0", standardize=False)
    plain.setup()
    assert plain.note == "Samples: 280 train, 60 val, 60 test."
    assert plain.target_mean is None


def test_squares_of_targets_fit_into_the_precision(tmp_path):
    x = np.random.default_rng(0).standard_normal((30, 3))
    file = saved(tmp_path, "a.npz", X=x, Y=1e30 * x, Z=1e160 * x)
    with pytest.raises(ValueError, match=r"that float32 does not hold. Set trainer.precision=64"):
        ArraysDataModule(file, "T1", "T1").setup()
    ArraysDataModule(file, "T1", "T1", dtype="float64").setup()
    with pytest.raises(ValueError, match=r"that float64 does not hold. Give the targets in other"):
        ArraysDataModule(file, "T1", "T1", targets="Z", dtype="float64").setup()


def fold_of(file, number, **settings):
    data = ArraysDataModule(str(file), "2T0+2T1", "T0", group_key="subject", **settings)
    data.leave_out(number, 5)
    data.setup()
    return data


def test_a_fold_is_standardised_by_its_own_training_samples(file):
    data = fold_of(file, 2)
    assert data.splits["train"][0][:, :2].mean(0).abs().max() < 1e-5
    assert data.splits["val"][0][:, :2].mean(0).abs().max() > 1e-3
    assert torch.equal(data.splits["test"][0], data.splits["val"][0])
    names = [data.environment_name(label) for label in data.fold.held]
    assert names[0] == f"subject {data.fold.held[0]}"
    # few environments are what is asked about; their samples are draws
    assert data.clusters is None


def test_the_final_training_has_all_but_the_test(file, tmp_path):
    whole = ArraysDataModule(str(file), "2T0+2T1", "T0", group_key="subject")
    final = fold_of(file, None)
    counts = {name: len(rows) for name, rows in whole.rows.items()}
    assert len(final.rows["train"]) == counts["train"] + counts["val"]
    np.testing.assert_array_equal(final.rows["test"], whole.rows["test"])
    assert "val" not in final.splits


def test_a_fold_never_holds_samples_of_a_test_file(file, tmp_path):
    raw = dict(np.load(file))
    np.savez(tmp_path / "later.npz", **raw | {"subject": raw["subject"] + 100})
    data = fold_of(file, 0, test_file=str(tmp_path / "later.npz"), standardize=False)
    assert torch.equal(data.splits["test"][0], data.splits["val"][0])
    known = {tuple(row) for row in raw["X"].astype(np.float32)}
    assert {tuple(row) for row in data.splits["val"][0].numpy()} <= known
    assert set(data.fold.held) <= set(range(50))


def test_a_selection_wants_one_file_of_training_and_validation(file, tmp_path):
    raw = dict(np.load(file))
    np.savez(tmp_path / "more.npz", **raw | {"subject": raw["subject"] + 100})
    settings = {"group_key": "subject", "val_file": str(tmp_path / "more.npz")}
    data = ArraysDataModule(str(file), "2T0+2T1", "T0", **settings)
    with pytest.raises(ValueError, match=r"leave out datamodule\.val_file"):
        data.leave_out(0, 5)
