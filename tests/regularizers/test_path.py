"""||v||^2 and ||w||^2 of residual pathway priors."""

import pytest
import torch
from compliance.regularizers import Holder
from torch import nn

from softsym.networks import RPP, SoftEMLP
from softsym.regularizers import PathRegularizer


def network():
    return RPP("T0 + T1", "T1", "O(3)", channels=6, hidden_layers=1)


def value(path, of):
    regularizer = PathRegularizer(path, 1.0)
    regularizer.bind(of)
    return regularizer.penalty(Holder(of), None, None)


@pytest.mark.parametrize("path", ["residual", "equivariant"])
def test_sum_of_squares_of_its_path_alone(path):
    rpp = network()
    parameters = {n: p for n, p in rpp.named_parameters() if f".{path}." in n}
    assert len(parameters) == 4
    expected = sum(p.square().sum() for p in parameters.values())
    penalty = value(path, rpp)
    torch.testing.assert_close(penalty, expected)
    penalty.backward()
    for name, parameter in rpp.named_parameters():
        if name in parameters:
            torch.testing.assert_close(parameter.grad, 2 * parameter)
        else:
            assert parameter.grad is None


def test_zero_without_the_path():
    rpp = network()
    with torch.no_grad():
        for name, parameter in rpp.named_parameters():
            if ".residual." in name:
                parameter.zero_()
    assert value("residual", rpp) == 0


def test_errors():
    with pytest.raises(ValueError, match="path must be one of equivariant, residual; got 'soft'"):
        PathRegularizer("soft", 1.0)
    regularizer = PathRegularizer("residual", 1.0, name="residual")
    for plain in (SoftEMLP("T1", "T1", "O(3)", channels=6), nn.Linear(2, 2)):
        with pytest.raises(ValueError, match=r"finds no residual path in .*choose network=rpp"):
            regularizer.bind(plain)
