"""Labels of classes and shares, as files hold them."""

import numpy as np
import pytest
import torch

from softsym.datamodules.arrays import ArraysDataModule


def saved(folder, name, **columns):
    np.savez(folder / name, **columns)
    return str(folder / name)


LABELS = [
    ([0, 1, 2] * 10, None, "3T0"),
    ([[0.0], [1.0]] * 15, None, "2T0"),
    ([[0, 0, 1], [1, 0, 0]] * 15, "3T0", "3T0"),
    ([0, 1, 5] * 10, "4T0", r"of 3 classes, 0, 1, 5, but .* says 4"),
    ([1, -1] * 15, None, "2T0"),
    ([1, 2, 4] * 10, None, "3T0"),
    ([0, 1, 3] * 10, "4T0", "4T0"),
    (range(30), None, "of 30 classes, 0, 1, .*two samples each; for numbers take loss=mse"),
    ([0, 0.5, 1] * 10, None, r"row 1 .* is 0.5.*For numbers take loss=mse"),
    ([[0, 1, 1], [1, 0, 0]] * 15, None, r"row 0 .* is neither.*loss=bce"),
    ([0, 1, 2] * 10, "T1", "classes have no direction"),
    ([0] * 30, None, "are of 1 classes, 0. Classes need at least two"),
    (["cat", "dog", "emu"] * 10, None, "3T0"),
    ([["no"], ["yes"]] * 15, "2T0", "2T0"),
    (["cat", "dog", "emu"] * 10, "2T0", "of 3 classes, cat, dog, emu, but .* says 2"),
    ([["a", "b"], ["b", "a"]] * 15, None, "classes are one column of names"),
    (["cat", "", "dog"] * 10, None, "row 1, column 0 of the targets is empty, and 10"),
    ([True, False] * 15, None, "2T0"),
]


@pytest.mark.parametrize(("labels", "rep_out", "expected"), LABELS)
def test_labels_are_read_or_refused(labels, rep_out, expected, tmp_path):
    file = saved(tmp_path, "a.npz", X=np.random.default_rng(0).random((30, 3)), Y=np.array(labels))
    if expected.endswith("T0"):
        data = ArraysDataModule(file, "T1", rep_out, target_kind="classes")
        data.setup()
        assert str(data.rep_out) == expected
        assert data.splits["train"][1].dtype == torch.int64
        assert data.target_scale is None
        return
    with pytest.raises(ValueError, match=expected):
        ArraysDataModule(file, "T1", rep_out, target_kind="classes")


def test_names_have_the_same_number_in_all_files(tmp_path):
    x = np.random.default_rng(0).random((30, 3))
    one = saved(tmp_path, "a.npz", X=x, Y=np.array(["dog", "emu"] * 15))
    two = saved(tmp_path, "b.npz", X=x, Y=np.array(["cat", "emu"] * 15))
    data = ArraysDataModule(one, "T1", target_kind="classes", test_file=two)
    data.setup()
    assert data.class_names == ("cat", "dog", "emu")
    assert data.splits["train"][1].unique().tolist() == [1, 2]
    assert data.splits["test"][1].tolist() == [0, 2] * 15
    assert "Classes: 0 cat, 1 dog, 2 emu." in data.note


def test_samples_without_a_name_may_be_left_out(tmp_path):
    x = np.random.default_rng(0).random((30, 3))
    file = saved(tmp_path, "a.npz", X=x, Y=np.array(["cat", "", "dog"] * 10))
    data = ArraysDataModule(file, "T1", target_kind="classes", missing="mask")
    data.setup()
    assert sum(len(y) for _, y in data.splits.values()) == 20
    assert not data.partial_targets  # none of the labels that are left is missing


def test_shares_are_from_0_to_1_and_keep_their_units(tmp_path):
    x = np.random.default_rng(0).random((30, 3))
    file = saved(tmp_path, "a.npz", X=x, Y=x[:, :1])
    data = ArraysDataModule(file, "T1", "T0", target_kind="shares")
    data.setup()
    assert data.splits["train"][1].max() <= 1
    assert set(data.state_dict()["scales"]) == {"inputs"}
    bad = saved(tmp_path, "b.npz", X=x, Y=x[:, :1] + 0.5)
    with pytest.raises(ValueError, match=r"b.npz: row .* but this loss takes targets from 0 to 1"):
        ArraysDataModule(bad, "T1", "T0", target_kind="shares")


def test_shares_need_no_type(tmp_path):
    x = np.random.default_rng(0).random((30, 3))
    file = saved(tmp_path, "a.npz", X=x, Y=x > 0.5)
    data = ArraysDataModule(file, "T1", target_kind="shares")
    assert str(data.rep_out) == "3T0"
    with pytest.raises(ValueError, match="shares have no direction"):
        ArraysDataModule(file, "T1", "T1", target_kind="shares")
