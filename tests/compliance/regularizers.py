"""Tests that every regularizer has to pass; a new one inherits them and gives two factories."""

from __future__ import annotations

import math
import pickle

import pytest
import torch
from torch import nn

from softsym.networks import SoftEMLP
from softsym.regularizers import Regularizer

INPUTS = torch.randn(4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def small_network(seed: int = 0) -> nn.Module:
    return SoftEMLP("T0 + T1", "T1", "O(3)", channels=6, hidden_layers=1, seed=seed).double()


class Holder(nn.Module):
    """Replaces the LightningModule, of which a regularizer needs only the network."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network


class RegularizerSuite:
    """Inherit and implement ``make`` and ``satisfy``."""

    def make(self, strength: float = 1.0) -> Regularizer:
        raise NotImplementedError

    def satisfy(self, network: nn.Module) -> None:
        """Changes the network's weights so that there is nothing left to penalise."""
        raise NotImplementedError

    def bound(self, network: nn.Module) -> Regularizer:
        regularizer = self.make()
        regularizer.setup(None, Holder(network), "fit")
        return regularizer

    def value(self, regularizer: Regularizer, network: nn.Module) -> torch.Tensor:
        inputs = INPUTS.to(next(network.parameters()).dtype)
        prediction = network(inputs)
        return regularizer.penalty(Holder(network), (inputs, prediction.detach()), prediction)

    def test_scalar_positive_and_repeatable(self):
        network = small_network()
        regularizer = self.bound(network)
        value = self.value(regularizer, network)
        assert value.shape == ()
        assert value > 0
        assert torch.equal(value, self.value(regularizer, network))

    def test_together_equals_one_by_one(self):
        network = small_network()
        alike = [self.bound(network), self.bound(network)]
        prediction = network(INPUTS)
        batch = INPUTS, prediction.detach()
        values = type(alike[0]).penalties(alike, Holder(network), batch, prediction)
        assert values == [self.value(regularizer, network) for regularizer in alike]

    def test_zero_where_nothing_is_left_to_penalise(self):
        network = small_network()
        self.satisfy(network)
        value = self.value(self.bound(network), network).item()
        assert value == pytest.approx(0.0, abs=1e-20)

    def test_follows_the_weights(self):
        network = small_network()
        regularizer = self.bound(network)
        before = self.value(regularizer, network).item()
        self.satisfy(network)
        assert self.value(regularizer, network).item() < 1e-3 * before

    def test_gradient_equals_finite_differences(self):
        network = small_network()
        regularizer = self.bound(network)
        parameters = list(network.parameters())
        gradients = torch.autograd.grad(
            self.value(regularizer, network), parameters, materialize_grads=True
        )
        generator = torch.Generator().manual_seed(1)
        for _ in range(3):
            step = [torch.randn(p.shape, generator=generator).double() for p in parameters]
            sides = []
            for sign in (1, -2, 1):
                with torch.no_grad():
                    for p, s in zip(parameters, step, strict=True):
                        p.add_(sign * 1e-5 * s)
                sides.append(self.value(regularizer, network).item())
            slope = (sides[0] - sides[1]) / 2e-5
            expected = sum(float((g * s).sum()) for g, s in zip(gradients, step, strict=True))
            assert slope == pytest.approx(expected, rel=1e-6, abs=1e-9)

    def test_changes_neither_weights_nor_gradients(self):
        network = small_network()
        before = {k: v.clone() for k, v in network.state_dict().items()}
        self.value(self.bound(network), network)
        assert all(torch.equal(v, before[k]) for k, v in network.state_dict().items())
        assert all(p.grad is None for p in network.parameters())

    def test_same_in_float32(self):
        network = small_network()
        exact = self.value(self.bound(network), network)
        single = self.value(self.bound(network.float()), network)
        assert (exact.dtype, single.dtype) == (torch.float64, torch.float32)
        assert single.item() == pytest.approx(exact.item(), rel=1e-5)

    def test_pickles_and_binds_again(self):
        network = small_network()
        regularizer = self.bound(network)
        copy = pickle.loads(pickle.dumps(regularizer))
        assert (copy.name, copy.strength) == (regularizer.name, regularizer.strength)
        copy.setup(None, Holder(network), "fit")
        assert torch.equal(self.value(copy, network), self.value(regularizer, network))

    def test_state_is_saved_and_restored(self, tmp_path):
        torch.save(self.make(3.5).state_dict(), tmp_path / "state.pt")
        restored = self.make(1.0)
        restored.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
        assert restored.strength == 3.5

    def test_state_key_tells_names_apart(self):
        one, other = self.make(), self.make()
        one.name, other.name = "one", "other"
        assert one.state_key != other.state_key

    @pytest.mark.parametrize("strength", [-1.0, math.nan, math.inf, "10"])
    def test_bad_strength(self, strength):
        with pytest.raises(ValueError, match="must be a number of at least 0; got"):
            self.make(strength)

    def test_says_which_network_it_cannot_bind_to(self):
        regularizer = self.make()
        regularizer.name = "mine"
        with pytest.raises(ValueError, match=r"'mine' finds no .* in Identity"):
            regularizer.setup(None, Holder(nn.Identity()), "fit")
