"""Batches that are mappings, tuples and tensors of many axes, moved leaf by leaf."""

from collections import namedtuple

import pytest
import torch

from softsym.symmetries import group, rep
from softsym.symmetries.batches import (
    flattened,
    leaves,
    over,
    read_types,
    sample_count,
    transform,
    transform_derivative,
    with_vectors,
)

TYPES = read_types(
    {"pos": "T1", "stress": "T2", "charge": "T0", "mask": "none", "pair": ["T1", None]}
)


def batch(n=4, atoms=5):
    draw = torch.Generator().manual_seed(0)

    def numbers(*shape):
        return torch.randn(n, *shape, generator=draw)

    return {
        "pos": numbers(atoms, 3),
        "stress": numbers(3, 3),
        "charge": numbers(atoms, 1),
        "mask": numbers(atoms) > 0,
        "edges": torch.tensor([[0, 1], [1, 2]]),
        "pair": (numbers(3).double(), numbers(7)),
    }


def elements(n=4, name="O(3)"):
    return group(name).sample(n, torch.Generator().manual_seed(1))


def test_every_typed_tensor_moves_by_the_element_of_its_sample():
    given, g = batch(), elements()
    moved = transform(TYPES, given, g)
    expected = torch.einsum("nij,naj->nai", g, given["pos"].double())
    torch.testing.assert_close(moved["pos"], expected.float())
    stress = g @ given["stress"].double() @ g.mT
    torch.testing.assert_close(moved["stress"], stress.float())
    first = torch.einsum("nij,nj->ni", g, given["pair"][0])
    torch.testing.assert_close(moved["pair"][0], first)
    for key in ("charge", "mask", "edges"):
        assert torch.equal(moved[key], given[key])
    assert moved["pair"][1] is given["pair"][1]
    assert (moved["pos"].dtype, moved["pair"][0].dtype) == (torch.float32, torch.float64)


def test_some_rows_move_and_the_given_batch_stays():
    given, rows = batch(), torch.tensor([2, 0])
    kept = given["pos"].clone()
    moved = transform(TYPES, given, elements(2), rows)
    whole = transform(
        TYPES, {k: v for k, v in given.items()}, elements(2).flip(0)[[0, 1, 1, 1]] * 1
    )
    torch.testing.assert_close(moved["pos"][0], whole["pos"][0])
    assert torch.equal(moved["pos"][[1, 3]], kept[[1, 3]])
    assert torch.equal(given["pos"], kept)


def test_one_element_moves_all_samples():
    one = elements(1)[0]
    alike = transform(TYPES, batch(), one.expand(4, 3, 3))
    torch.testing.assert_close(transform(TYPES, batch(), one)["stress"], alike["stress"])


def test_the_derivative_is_that_of_the_action():
    given, A = batch(), group("SO(3)").lie_algebra[1]
    small = 1e-3
    turned = transform(TYPES, given, torch.linalg.matrix_exp(small * A))
    along = transform_derivative(TYPES, given, A)
    for key in ("pos", "stress"):
        slope = (turned[key] - given[key]) / small
        torch.testing.assert_close(along[key], slope, atol=1e-2, rtol=1e-2)
    assert not along["charge"].any()


def test_a_batch_as_vectors_and_back():
    given = batch()
    R, vectors = flattened(TYPES, given, 3)
    assert rep("5T1 + T2 + 5T0 + T1") == R
    assert vectors.shape == (4, R.size(3))
    doubled = with_vectors(TYPES, given, 2 * vectors)
    torch.testing.assert_close(doubled["stress"], 2 * given["stress"])
    assert doubled["edges"] is given["edges"]
    paths = [leaf.path for leaf in leaves(TYPES, given, 3)]
    assert paths == ["inputs.pos", "inputs.stress", "inputs.charge", "inputs.pair.0"]


def test_named_tuples_stay_what_they_are():
    Graph = namedtuple("Graph", "x index")
    given = Graph(torch.ones(2, 3), torch.arange(2))
    moved = transform(read_types(["T1", None]), given, -torch.eye(3).double())
    assert isinstance(moved, Graph)
    assert torch.equal(moved.x, -given.x)


def test_samples_are_counted_along_typed_tensors():
    given = {"edges": torch.zeros(2, 9).long(), "pos": torch.zeros(4, 3)}
    assert sample_count(given, read_types({"pos": "T1"})) == 4
    assert sample_count(torch.zeros(3, 1)) == 3
    assert sample_count({}) == 0


@pytest.mark.parametrize(
    ("types", "given", "message"),
    [
        ({"vel": "T1"}, {"pos": torch.ones(2, 3)}, "inputs has no 'vel'; its keys are pos"),
        ({"pos": "T1"}, {"pos": torch.ones(2, 4)}, r"inputs.pos has the type 'T1', 3 numbers over"),
        ({"q": "T0"}, {"q": torch.ones(2, 4)}, r"Add the last axis: inputs.q\[..., None\]"),
        ({"pos": "T1"}, {"pos": torch.ones(2, 3), "w": torch.ones(2)}, "do not name 'w'"),
        ({"pos": "T1"}, torch.ones(2, 3), r"must be a mapping with pos.*Tensor of shape \(2, 3\)"),
        ("T1", {"pos": torch.ones(2, 3)}, "has the one type T1, but is a mapping with pos"),
        (["T1"], (torch.ones(2, 3),) * 2, "must be a tuple of 1.*got 2 of them"),
        ("T1", torch.ones(2, 3).long(), r"holds torch.int64, which no group element moves"),
    ],
)
def test_batches_that_do_not_fit_are_refused(types, given, message):
    with pytest.raises(ValueError, match=message):
        transform(read_types(types), given, torch.eye(3).double())


def test_a_type_that_cannot_be_read_is_named():
    with pytest.raises(ValueError, match=r"atoms: pos: Cannot read the representation 'U1'"):
        read_types({"atoms": {"pos": "U1"}})


def test_types_of_other_groups_are_refused():
    with pytest.raises(ValueError, match=r"is a representation of O\(3\)"):
        over(read_types({"pos": "V(O(3))"}), group("S(3)"))
