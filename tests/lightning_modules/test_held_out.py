"""The symmetry test on batches as loaders give them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from softsym import symmetry_test
from softsym.lightning_modules.held_out import held_out, verdicts_on
from softsym.symmetries import group
from softsym.symmetries.batches import read_types

GROUPS = {"xy": group("O(2)@xy", dim=3), "yz": group("O(2)@yz", dim=3)}


class Pairs(nn.Module):
    """Sums q (x . y without z) over particles (n, 2, 3), given flat, as a set, or as a mapping."""

    def forward(self, batch):
        x = batch["pos"] if isinstance(batch, dict) else batch
        q = batch["charge"][..., 0] if isinstance(batch, dict) else 1.0
        return (q * x[..., :2].square().sum(-1)).sum(1, keepdim=True)


def particles(count=120, seed=0):
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(count, 2, 3, generator=draw), torch.randn(count, 2, 1, generator=draw)


def types(*pair):
    return tuple(map(read_types, pair))


def test_sets_are_tested_as_long_vectors():
    x, _ = particles()
    y = Pairs()(x)
    found = verdicts_on(Pairs(), x, y, GROUPS, types("T1", "T0"))
    flat = symmetry_test(
        *(x.flatten(1), y, GROUPS, "2T1", "T0"), model=lambda v: Pairs()(v.unflatten(1, (2, 3)))
    )
    assert found.to_dict() == flat.to_dict()
    assert found["xy"].verdict.startswith("holds")
    assert found["yz"].verdict.startswith("broken")


def test_mappings_are_tested_whole_and_arrays_are_taken():
    x, q = particles()
    batch = {"pos": x.numpy(), "charge": q.numpy()}
    y = Pairs()({"pos": x, "charge": q}).numpy()
    kinds = types({"pos": "T1", "charge": "T0"}, "T0")
    found = verdicts_on(Pairs(), batch, y, GROUPS, kinds, seed=1)
    assert found["xy"].verdict.startswith("holds")
    assert found["yz"].verdict.startswith("broken")


def test_what_has_no_type_cannot_be_tested():
    batch = {"pos": particles()[0], "mask": torch.ones(120, 2, dtype=torch.bool)}
    with pytest.raises(ValueError, match="such as masks"):
        verdicts_on(Pairs(), batch, torch.ones(120, 1), GROUPS, types({"pos": "T1"}, "T0"))


def test_labels_are_tested_as_probabilities():
    x = torch.randn(600, 3, generator=torch.Generator().manual_seed(0))
    labels = (x[:, :2].square().sum(1) > 1.4).long()

    class Logits(nn.Module):
        def forward(self, x):
            score = 20 * (x[:, :2].square().sum(1, keepdim=True) - 1.4)
            return torch.cat([-score, score], 1)

    found = verdicts_on(Logits(), x, labels, GROUPS, types("T1", "2T0"))
    assert found.explained["all"][0] > 0.9
    assert found["xy"].estimate == 0.0
    assert found["yz"].verdict.startswith("broken")


def trainer_with(*loaders):
    return SimpleNamespace(val_dataloaders=list(loaders) if len(loaders) != 1 else loaders[0])


def test_held_out_samples_are_the_first_of_all_loaders():
    x = torch.arange(20.0)[:, None]
    parts = [DataLoader(TensorDataset(part, -part), 4) for part in (x[:10], x[10:])]
    for most, count in ((100, 20), (13, 13), (7, 7)):
        inputs, targets = held_out(trainer_with(*parts), most)
        np.testing.assert_array_equal(inputs, x[:count])
        np.testing.assert_array_equal(targets, -x[:count])


def test_nested_batches_are_joined():
    data = [({"a": torch.ones(2), "b": (torch.zeros(1),)}, torch.tensor(3)) for _ in range(5)]
    inputs, targets = held_out(trainer_with(DataLoader(data, 2)))
    assert inputs["a"].shape == (5, 2)
    assert inputs["b"][0].shape == (5, 1)
    assert targets.tolist() == [3] * 5


def test_why_nothing_is_held_out():
    for loaders, why in (
        ([], "no validation data"),
        ([DataLoader(torch.ones(4, 2), 2)], "no pairs"),
        ([DataLoader(TensorDataset(torch.ones(0, 2), torch.ones(0, 1)), 2)], "no samples"),
    ):
        with pytest.raises(ValueError, match=why):
            held_out(SimpleNamespace(val_dataloaders=loaders))
