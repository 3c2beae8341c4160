"""The tensors that a vector holds, and their positions."""

import pytest
import torch
from brute_force import projector

from softsym.symmetries import T, V, equivariant_blocks, equivariant_projector, group, rep
from softsym.symmetries.blocks import factors_first, tensor_blocks


def normal(*shape):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


def kron(*vectors):
    product, *others = vectors
    for other in others:
        product = torch.kron(product, other)
    return product


def copies(text, space):
    blocks = tensor_blocks(rep(text), space)
    return {str(tensor): len(index) for tensor, index in blocks.items()}


@pytest.mark.parametrize("space", [(2, 3), (3, 1, 2)])
@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_indices_of_one_space_come_side_by_side(space, rank):
    vectors = [[normal(d) * (k + 1) for d in space] for k in range(rank)]
    whole = kron(torch.ones(1).double(), *(kron(*parts) for parts in vectors))
    by_factor = [parts[i] for i in range(len(space)) for parts in vectors]
    sorted_ = whole[factors_first(rank, space)]
    torch.testing.assert_close(sorted_, kron(torch.ones(1).double(), *by_factor))


@pytest.mark.parametrize(
    ("text", "space", "expected"),
    [
        ("0T0", 3, {}),
        ("2T0 + T1 + T0", 3, {"T0": 3, "T1": 1}),
        ("(T0 + 2T1)*(T1 + T(0,1))", 3, {"T1": 1, "T(0,1)": 1, "T2": 2, "T(1,1)": 2}),
        ("T(1,2).T + T(2,1)", 2, {"T(2,1)": 2}),
        ("(T0 + T1) x T1", (2, 3), {"T0 x T1": 1, "T1 x T1": 1}),
        ("(T1 x T1)*T1 + 2(T2 x T2)", (2, 3), {"T2 x T2": 3}),
        ("T1 + (T1 x T1)", (2, 3), {"T1": 1, "T1 x T1": 1}),
        ("(T1 x T0)*T0*(T0 x T(0,1))", (2, 3), {"T1 x T(0,1)": 1}),
        ("(T1 x T0)*T(1,1)", (2, 3), {"T(2,1) x T(1,1)": 1}),
    ],
)
def test_types_and_their_copies(text, space, expected):
    assert copies(text, space) == expected


def test_all_copies_of_a_type_are_solved_once():
    G, R = group("S(3)xO(2)"), rep("2(V(S(3)) x V(O(2))) + T0 + (T1 x T1) >> V(S(3)) x V(O(2))")
    tensors = [block.tensor for block in equivariant_blocks(G, R)]
    assert len(tensors) == len(set(tensors)) == 2


def test_blocks_together_are_the_projector_of_outer_types():
    G, R = group("GL(2)xS(2)"), rep("2(T1 x T1) + T1 + (T(0,1) x T0) >> T1 + 2(T1 x T0)")
    whole = torch.zeros(R.size((2, 2)), R.size((2, 2)), dtype=torch.float64)
    for block in equivariant_blocks(G, R):
        for copy in block.index:
            whole[copy[:, None], copy] = block.basis @ block.basis.T
    torch.testing.assert_close(whole, equivariant_projector(G, R))
    torch.testing.assert_close(whole, projector(G, R))


def test_the_order_of_factors_is_that_of_the_vector():
    G = group("S(3)xO(2)")
    for R in (V(G.factors[0]) * V(G.factors[1]), V(G.factors[1]) * V(G.factors[0])):
        maps = R.over(G) >> (T(1) @ T(1))
        torch.testing.assert_close(equivariant_projector(G, maps), projector(G, maps))


def test_a_space_of_another_number_of_factors_is_refused():
    with pytest.raises(ValueError, match="needs the dimension of each of its 2 spaces"):
        tensor_blocks(T(1) @ T(1), (2, 3, 4))
