"""The mean distance between vectors: value, gradient, and vectors that nobody observed."""

import pytest
import torch

from softsym.metrics import DistanceLoss, ade


def test_it_is_the_average_displacement():
    y, z = torch.randn(2, 10, 8)
    assert DistanceLoss(2)(y, z) == pytest.approx(ade(y.view(10, 4, 2), z.view(10, 4, 2)).mean())


def test_missing_vectors_count_nothing_and_the_gradient_stays_finite():
    prediction = torch.tensor([[3.0, 4.0, 1.0, 1.0]], requires_grad=True)
    loss = DistanceLoss(2)(prediction, torch.tensor([[0.0, 0.0, torch.nan, 1.0]]))
    loss.backward()
    assert loss == 5
    assert torch.allclose(prediction.grad, torch.tensor([[0.6, 0.8, 0.0, 0.0]]))


def test_samples_are_whole_vectors():
    with pytest.raises(ValueError, match=r"vectors of 3 numbers, but the targets have 4.*loss.dim"):
        DistanceLoss(3)(torch.zeros(1, 4), torch.zeros(1, 4))
    with pytest.raises(ValueError, match="at least 1"):
        DistanceLoss(0)
