"""P_G as an operator."""

import pytest
import torch
from torch.autograd import gradcheck

from softsym.symmetries import Projector, equivariant_projector, project, rep

CASES = [
    ("O(3)", "T1 + T0 >> T2"),
    ("SO(3)*Scaling(3)", "T(1,1) + T1 >> T1"),
    ("SE(2)", "T1 >> T1"),
]


@pytest.mark.parametrize(("name", "text"), CASES)
def test_equals_the_dense_projector(name, text):
    onto = Projector(name, text)
    v = torch.randn(4, 2, onto.size, dtype=torch.float64)
    torch.testing.assert_close(onto(v), v @ equivariant_projector(name, text))
    torch.testing.assert_close(onto(v), project(name, text, v))


@pytest.mark.parametrize(("name", "text"), CASES)
def test_gradient_derivative_and_batches(name, text):
    onto = Projector(name, text)
    v, t = torch.randn(2, onto.size, dtype=torch.float64)
    assert gradcheck(onto, v.clone().requires_grad_(), check_forward_ad=True)
    value, derivative = torch.func.jvp(onto, (v,), (t,))
    torch.testing.assert_close(value, onto(v))
    torch.testing.assert_close(derivative, onto(t))
    both = torch.stack([v, t])
    torch.testing.assert_close(torch.func.vmap(onto)(both), onto(both))


def test_keeps_the_dtype():
    onto = Projector("O(3)", "T2")
    assert onto(torch.zeros(9)).dtype == torch.float32
    assert onto(torch.zeros(9, dtype=torch.bfloat16)).dtype == torch.bfloat16


def test_refuses_other_sizes():
    with pytest.raises(ValueError, match=r"T2 has 9 numbers over R\^3; got 8"):
        Projector("O(3)", rep("T2"))(torch.zeros(8))
