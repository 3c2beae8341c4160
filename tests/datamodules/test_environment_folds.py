"""Environments that are dealt out to folds, and held out."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from softsym.datamodules.base import TensorDataModule
from softsym.datamodules.environment_folds import EnvironmentFold, environment_folds

labels = st.lists(st.integers(0, 9), min_size=1, max_size=40).map(np.array)


@given(labels, labels, st.integers(2, 6))
def test_each_environment_is_held_out_once(train, val, most):
    known = set(train.tolist()) | set(val.tolist())
    environments = {"train": train, "val": val, "test": np.array([100])}
    if len(known) < 3:
        with pytest.raises(ValueError, match=rf"have {len(known)} environments.*at least 3"):
            environment_folds(environments, most)
        return
    folds = environment_folds(environments, most)
    assert len(folds) == min(most, len(known))
    assert sorted(label for fold in folds for label in fold) == sorted(known)
    rows = {name: (np.arange(len(each)) + 1000 * k,) for k, (name, each) in
            enumerate(environments.items())}  # fmt: skip
    pooled = dict(zip(np.concatenate([rows["train"][0], rows["val"][0]]).tolist(),
                      np.concatenate([train, val]).tolist(), strict=True))  # fmt: skip
    for number, held in enumerate(folds):
        parts = EnvironmentFold(number, folds).regroup(rows, environments)
        inside, outside = ({pooled[row] for row in parts[s][0].tolist()} for s in ("val", "train"))
        assert inside == set(held)
        assert outside == known - inside
        np.testing.assert_array_equal(parts["test"][0], parts["val"][0])
    final = EnvironmentFold(None, folds).regroup(rows, environments)
    assert set(final) == {"train", "test"}
    assert final["train"][0].tolist() == list(pooled)
    assert final["test"][0].tolist() == [2000]


def test_folds_have_about_as_many_samples():
    train = np.repeat([0, 1, 2, 3], [50, 30, 20, 10])
    assert environment_folds({"train": train, "val": train[:0]}, 2) == [[0, 3], [1, 2]]


def test_text_names_environments_too():
    names = np.array(["b", "a", "c"])
    assert environment_folds({"train": names[:2], "val": names[2:]}, 5) == [["a"], ["b"], ["c"]]


def test_environments_of_the_test_that_are_known_are_told(caplog):
    known = np.arange(4)
    with caplog.at_level(logging.WARNING):
        environment_folds({"train": known, "val": known, "test": np.array([9])}, 3)
        assert not caplog.text
        environment_folds({"train": known, "val": known, "test": np.array([3])}, 3)
    assert "1 environments are in the test as well" in caplog.text


class Own(TensorDataModule):
    """A user's datamodule: 8 samples of each of 5 subjects, the last in the test."""

    def load(self):
        parts = {"train": [0, 1, 2], "val": [3], "test": [4]}
        self.clusters = {name: np.repeat(each, 8) for name, each in parts.items()}
        values = {name: torch.tensor(each)[:, None] for name, each in self.clusters.items()}
        return {name: (each.float(), 10.0 * each) for name, each in values.items()}


def test_own_data_have_the_environments_of_their_clusters():
    fold = Own("T0", "T0", 3, 4)
    fold.leave_out(1, 5)
    fold.setup()
    assert fold.splits["train"][0].unique().tolist() == [0, 2, 3]
    assert fold.clusters["val"].unique().tolist() == [1]
    assert fold.held_out == ("val",)
    torch.testing.assert_close(fold.splits["val"][1], 10 * fold.splits["val"][0])
    final = Own("T0", "T0", 3, 4)
    final.leave_out(None, 5)
    final.setup()
    assert final.splits["train"][0].unique().tolist() == [0, 1, 2, 3]
    assert final.splits["test"][0].unique().tolist() == [4]
    assert final.val_dataloader() == []
    assert final.held_out == ("test",)


def test_a_fold_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="select_fold=4: the environments make 4 folds, from 0 to"):
        Own("T0", "T0", 3, 4).leave_out(4, 5)
