"""Batch-last products compared with einsum, with every derivative."""

import pytest
import torch
from torch.func import jvp, vmap

from softsym.networks import sample_products as module
from softsym.networks.sample_products import sample_products

SIZES = [(3, 1, 3, 18), (2, 3, 9, 6), (1, 6, 6, 9), (2, 27, 1, 2), (1, 1, 1, 1)]


def expected(matrices, vectors):
    return torch.einsum("cijn,bjn->cbin", matrices, vectors)


def operands(c, size_i, size_j, b, batch=5):
    generator = torch.Generator().manual_seed(0)
    shapes = (c, size_i, size_j, batch), (b, size_j, batch)
    return [
        torch.randn(s, dtype=torch.float64, generator=generator).requires_grad_() for s in shapes
    ]


@pytest.fixture(params=[1, 2**22], ids=["sample by sample", "at once"], autouse=True)
def large(request, monkeypatch):
    monkeypatch.setattr(module, "LARGE", request.param)


@pytest.mark.parametrize("sizes", SIZES)
def test_values_and_gradients(sizes):
    given = operands(*sizes)
    actual, wanted = sample_products(*given), expected(*given)
    torch.testing.assert_close(actual, wanted)
    cotangent = torch.randn_like(wanted)
    for one, other in zip(
        torch.autograd.grad(actual, given, cotangent),
        torch.autograd.grad(wanted, given, cotangent),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


def test_the_traced_product_is_not_tied_to_the_size_of_its_parts():
    class Product(torch.nn.Module):
        def forward(self, matrices, vectors):
            return sample_products(matrices, vectors)

    last = torch.export.Dim("batch")
    shapes = ({3: last}, {2: last})
    given = tuple(t.detach() for t in operands(2, 3, 3, 2))
    traced = torch.export.export(Product(), given, dynamic_shapes=shapes).module()
    for batch in (1, 40):
        other = tuple(t.detach() for t in operands(2, 3, 3, 2, batch))
        torch.testing.assert_close(traced(*other), expected(*other))


def test_second_derivatives_and_forward_mode():
    given = operands(2, 2, 3, 2, batch=2)
    assert torch.autograd.gradcheck(sample_products, given, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(sample_products, given)


@pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning")
def test_under_jvp_and_vmap():
    matrices, vectors = (t.detach() for t in operands(2, 2, 3, 2))
    tangents = torch.randn_like(matrices), torch.randn_like(vectors)
    _, actual = jvp(sample_products, (matrices, vectors), tangents)
    wanted = expected(tangents[0], vectors) + expected(matrices, tangents[1])
    torch.testing.assert_close(actual, wanted)
    many = torch.randn(4, *vectors.shape, dtype=torch.float64)
    actual = vmap(lambda v: sample_products(matrices, v))(many)
    torch.testing.assert_close(actual, torch.stack([expected(matrices, v) for v in many]))
