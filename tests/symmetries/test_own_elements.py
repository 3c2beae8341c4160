"""Elements that samples choose by their own numbers."""

import pytest
import torch

from softsym.symmetries import group, rep
from softsym.symmetries.elements import matrix
from softsym.symmetries.own_elements import POOL, OwnElements, content_keys, shares


def points(n=500, size=4, seed=0):
    return torch.randn(n, size, generator=torch.Generator().manual_seed(seed))


def elements(name, x, R="2T1", seed=0):
    G = group(name)
    return OwnElements(G, (rep(R).over(G), x), seed)


@pytest.mark.parametrize("name", ["SO(2)", "D(4)", "Scaling(2)", "S(2)xC(4)"])
def test_samples_keep_their_elements_in_any_order_and_batches(name):
    x = points(size=8 if "x" in name else 4)
    R = "T1 x 2T1" if "x" in name else "2T1"
    own = elements(name, x, R)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(1))
    parts = [matrix(own(part)) for part in x[order].split(7)]
    torch.testing.assert_close(torch.cat(parts), matrix(own(x))[order])
    # and the reference may be in any order, too
    again = matrix(elements(name, x[order], R)(x))
    assert torch.equal(again, matrix(own(x)))
    assert not torch.equal(again, matrix(elements(name, x, R, seed=1)(x)))


@pytest.mark.parametrize("name", ["SO(2)", "C(4)", "Reflect(2)", "S(2)xC(4)"])
def test_no_sample_stays_where_it_is(name):
    x = points(size=8 if "x" in name else 4)
    g = matrix(OwnElements(group(name))(x))
    assert (g - torch.eye(g.shape[-1])).abs().amax((1, 2)).min() > 1e-6


def test_elements_of_a_finite_group_are_used_alike():
    g = OwnElements(group("C(4)"))(points(3000))
    turns = torch.atan2(g[:, 1, 0], g[:, 0, 0]).div(torch.pi / 2).round().long().remainder(4)
    assert torch.bincount(turns, minlength=4).tolist()[0] == 0
    assert min(torch.bincount(turns).tolist()[1:]) > 900


def test_elements_of_a_compact_group_are_uniform():
    g = OwnElements(group("SO(3)"))(points(3000))
    assert (g.mT @ g - torch.eye(3)).abs().max() < 1e-9
    assert g.mean(0).abs().max() < 0.05


def test_a_group_that_is_not_compact_moves_samples_within_the_reach_of_the_data():
    x = points() * torch.logspace(-1, 1, 500)[:, None]
    g = elements("Scaling(2)", x)(x)
    size, moved = x.norm(dim=1), (g[:, :1, 0] * x).norm(dim=1)
    assert moved.max() <= size.max() * 1.001
    assert moved.min() >= size.min() * 0.999
    # moved sizes are those of others, not of the samples themselves
    assert torch.corrcoef(torch.stack([size.log(), moved.log().float()]))[0, 1] < 0.2


def test_a_sample_without_a_normal_position_stays():
    x = points(1000)
    x[3] = 0
    g = elements("Scaling(2)", x)(x)
    assert torch.equal(g[3], torch.eye(2).double())
    assert (g[4] - torch.eye(2)).abs().max() > 1e-6


def test_without_a_reference_elements_are_near_the_identity():
    g = OwnElements(group("Scaling(2)"))(points())
    assert 0.3 < float(g[:, 0, 0].log().std()) < 0.8


def test_a_group_that_moves_nothing():
    with pytest.raises(ValueError, match=r"Trivial\(2\) has no element that moves anything"):
        OwnElements(group("Trivial(2)"))


def test_keys_are_mixed_and_depend_on_the_content_alone():
    x = torch.cartesian_prod(torch.arange(60.0), torch.arange(60.0))  # alike in most of their bits
    keys = content_keys(x)
    assert len(keys.unique()) == len(x)
    counts = torch.bincount(keys.remainder(POOL), minlength=POOL).float()
    assert float(counts.var()) == pytest.approx(len(x) / POOL, rel=0.15)  # as of random ones
    in_fractions = torch.histc(shares(keys), 10, 0, 1)
    assert (in_fractions - len(x) / 10).abs().max() < 80
    assert torch.equal(content_keys(x.double()), keys)
    assert content_keys(torch.tensor([[-0.0]])) == content_keys(torch.tensor([[0.0]]))
