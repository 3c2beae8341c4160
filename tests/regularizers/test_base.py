"""The contract of a regularizer, on the smallest one."""

import math
from typing import ClassVar

import pytest
import torch
from compliance.regularizers import Holder, RegularizerSuite
from torch import nn

from softsym.regularizers import Regularizer
from softsym.regularizers.base import all_penalties


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
    with pytest.raises(
        ValueError,
        match=r"'mine': strength must be a number of at least 0; got nan\. Use 0 to watch",
    ):
        regularizer.strength = math.nan
    assert regularizer.strength == 0.0


class Maximum(Total):
    """Largest square, to tell another class apart."""

    together: ClassVar = []

    def penalty(self, module, batch, prediction):
        return max(p.abs().max() for p in self.parameters) * self.strength

    @classmethod
    def penalties(cls, regularizers, module, batch, prediction):
        cls.together.append([r.name for r in regularizers])
        return super().penalties(regularizers, module, batch, prediction)


def test_those_of_one_class_are_asked_together_and_the_order_stays():
    network = nn.Linear(2, 2)
    regularizers = {"a": Maximum(2.0, "a"), "b": Total(1.0, "b"), "c": Maximum(3.0, "c")}
    for regularizer in regularizers.values():
        regularizer.bind(network)
    penalties = all_penalties(regularizers, Holder(network), None, None)
    assert Maximum.together == [["a", "c"]]
    assert penalties == {n: r.penalty(None, None, None) for n, r in regularizers.items()}
    assert list(penalties) == ["a", "b", "c"]


def test_bind_and_penalty_must_be_given():
    with pytest.raises(TypeError, match="abstract"):
        Regularizer(1.0)
