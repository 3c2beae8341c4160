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
    ({"rep_in": "3T1"}, "has 9 numbers over R\\^3, but the data have 8"),
    ({"rep_in": "4T1"}, "It fits R\\^2: set dim=2"),
    ({"inputs": "Z"}, "no 'Z'. The file holds X"),
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
