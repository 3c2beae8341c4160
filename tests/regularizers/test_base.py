"""The contract of a regularizer, on the smallest one."""

import math

import pytest
import torch
from compliance.regularizers import Holder, RegularizerSuite
from torch import nn

from softsym.regularizers import Regularizer


class Total(Regularizer):
    """Sum of squares of all parameters."""

    def bind(self, network):
        self.parameters = list(network.parameters())
        if not self.parameters:
            raise ValueError(f"Regularizer {self.name!r} finds no parameter in Identity")

    def penalty(self, module, batch, prediction):
        return sum(p.square().sum() for p in self.parameters)


class TestTotal(RegularizerSuite):
    def make(self, strength=1.0):
        return Total(strength)

    def satisfy(self, network):
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.zero_()


def test_setup_binds_to_the_network_of_the_module():
    network, regularizer = nn.Linear(2, 2), Total(1.0)
    regularizer.setup(None, Holder(network), "fit")
    assert regularizer.parameters == list(network.parameters())


def test_named_by_its_class_and_for_no_symmetry_until_told():
    assert (Total(0).name, Total(0).group) == ("Total", None)


def test_strength_can_change_but_not_to_nonsense():
    regularizer = Total(1)
    regularizer.name = "mine"
    regularizer.strength = 0
    assert regularizer.strength == 0.0
    with pytest.raises(ValueError, match=r"at least 0; got nan for 'mine'\. Use 0 to watch"):
        regularizer.strength = math.nan
    assert regularizer.strength == 0.0


def test_bind_and_penalty_must_be_given():
    with pytest.raises(TypeError, match="abstract"):
        Regularizer(1.0)
