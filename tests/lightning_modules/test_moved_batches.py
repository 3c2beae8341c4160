"""Inputs and targets, moved together."""

import pytest
import torch

from softsym.lightning_modules.moved_batches import moved_batch
from softsym.symmetries import group
from softsym.symmetries.batches import read_types

TURN = torch.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=torch.float64)
C4 = group("C(4)")
X = torch.tensor([[1.0, 0.0], [0.0, 2.0]])


def moved(targets, rep_out):
    return moved_batch((X, targets), (read_types("T1"), read_types(rep_out)), C4, TURN)


def test_a_missing_step_hides_no_other():
    targets = torch.tensor([[1.0, 2.0, torch.nan, torch.nan], [5.0, 6.0, 7.0, 8.0]])
    x, y = moved(targets, "2T1")
    torch.testing.assert_close(x, torch.tensor([[0.0, 1.0], [-2.0, 0.0]]))
    wanted = torch.tensor([[-2.0, 1.0, torch.nan, torch.nan], [-6.0, 5.0, -8.0, 7.0]])
    torch.testing.assert_close(y, wanted, equal_nan=True)


def test_labels_of_classes_stay_alone_and_among_heads():
    labels = torch.tensor([2, 0])
    assert moved(labels, "3T0")[1] is labels
    heads = {"kind": labels, "place": X}
    _, y = moved(heads, {"kind": "3T0", "place": "T1"})
    assert y["kind"] is labels
    torch.testing.assert_close(y["place"], torch.tensor([[0.0, 1.0], [-2.0, 0.0]]))
    _, pair = moved((labels, X), ("3T0", "T1"))
    assert torch.equal(pair[0], labels)


def test_labels_whose_logits_move_are_refused():
    with pytest.raises(ValueError, match="labels of classes, but their logits have the type T1"):
        moved(torch.tensor([1, 0]), "T1")
