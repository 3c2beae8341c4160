"""Penalties without Lightning."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import softsym


class Radius(nn.Module):
    """Keeps every rotation exactly."""

    rep_in, rep_out = softsym.rep("T1"), softsym.rep("T0")

    def forward(self, x):
        return x.square().sum(-1, keepdim=True)


def inputs():
    return torch.randn(64, 3, generator=torch.Generator().manual_seed(0))


def test_it_is_zero_on_an_equivariant_model_and_takes_the_models_own_types():
    assert softsym.penalties(Radius(), inputs(), ["O(3)"]).item() == pytest.approx(0, abs=1e-9)


def test_a_plain_loop_learns_the_symmetry():
    torch.manual_seed(0)
    x, kept = inputs(), {}
    for strength in (0.0, 10.0):
        model = nn.Sequential(nn.Linear(3, 16), nn.SiLU(), nn.Linear(16, 1))
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
        groups, types = {"xy": "O(2)@xy"}, ("T1", "T0")
        for _ in range(100):
            y = model(x)
            target = x[:, :1] + x[:, 2:]
            loss = (y - target).square().mean()
            settings = {"strength": strength, "prediction": y, "targets": target}
            loss = loss + softsym.penalties(model, x, groups, *types, dim=3, **settings)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        kept[strength] = softsym.penalties(model, x, groups, *types, dim=3).item()
    assert kept[10.0] < 0.5 * kept[0.0]


def test_elements_follow_the_global_seed():
    model, values = nn.Linear(3, 1), []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        values.append(softsym.penalties(model, inputs(), ["SO(3)"], "T1", "T0").item())
    assert values[0] == values[1] != values[2]


def test_the_term_knows_its_parts_and_is_a_plain_tensor_in_sums():
    model, groups = nn.Linear(3, 1), {"all": "SO(3)", "xy": "O(2)@xy"}
    settings = {"strength": {"all": 2.0, "xy": 0.5}, "dim": 3, "seed": 1}
    term = softsym.penalties(model, inputs(), groups, "T1", "T0", **settings)
    assert list(term.by_name) == ["all", "xy"]
    wanted = 2.0 * term.by_name["all"] + 0.5 * term.by_name["xy"]
    assert term.item() == pytest.approx(wanted.item())
    (loss := 1.0 + term).backward(retain_graph=True)
    assert type(loss) is torch.Tensor
    mine = model.weight.grad.clone()
    model.zero_grad()
    wanted.backward()
    torch.testing.assert_close(model.weight.grad, mine)


def test_no_groups_add_nothing():
    term = softsym.penalties(Radius(), inputs(), [])
    assert (term.item(), term.by_name) == (0.0, {})


def test_elements_follow_a_seed_of_their_own():
    def value(seed):
        return softsym.penalties(model, inputs(), ["SO(3)"], "T1", "T0", seed=seed).item()

    model, state = nn.Linear(3, 1), torch.get_rng_state()
    assert value(1) == value(1) != value(2)
    assert torch.equal(torch.get_rng_state(), state)


def test_strengths_need_the_names_of_the_groups():
    with pytest.raises(ValueError, match=r"name each group: xy; got yz"):
        softsym.penalties(Radius(), inputs(), {"xy": "O(2)@xy"}, strength={"yz": 1.0}, dim=3)
