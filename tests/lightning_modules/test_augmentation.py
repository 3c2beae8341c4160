"""Training on moved copies of the data."""

import pytest
import torch
from small_runs import data, fit, module, weights

from softsym.lightning_modules.augmentation import GroupAugmentation
from softsym.metrics import equivariance_error
from softsym.symmetries import group, rep

TYPES = rep("2T0 + 2T1"), rep("T2")


def moved(step=0, rank=0, seed=0, count=50):
    draw = torch.Generator().manual_seed(1)
    batch = torch.randn(count, 8, generator=draw), torch.randn(count, 9, generator=draw)
    return batch, GroupAugmentation(group("SO(3)"), seed)(batch, TYPES, step, rank)


def test_inputs_and_targets_move_by_the_same_element_of_the_group():
    (x, y), (gx, gy) = moved()
    torch.testing.assert_close(gx[:, :2], x[:, :2])
    first, second = x[:, 2:5], x[:, 5:]
    torch.testing.assert_close(
        (gx[:, 2:5] * gx[:, 5:]).sum(1), (first * second).sum(1), atol=1e-5, rtol=0
    )
    matrix, target = gy.view(-1, 3, 3), y.view(-1, 3, 3)
    value = torch.einsum("ni,nij,nj->n", gx[:, 2:5], matrix, gx[:, 5:])
    expected = torch.einsum("ni,nij,nj->n", first, target, second)
    torch.testing.assert_close(value, expected, atol=1e-4, rtol=1e-4)
    assert (gx[:, 2:] - x[:, 2:]).norm(dim=1).min() > 1e-3
    assert gx.dtype == gy.dtype == torch.float32


def test_elements_depend_on_step_rank_and_seed_alone():
    _, (once, _) = moved(3)
    _, (again, _) = moved(3)
    assert torch.equal(once, again)
    for other in (moved(4), moved(3, rank=1), moved(3, seed=1)):
        assert not torch.equal(once, other[1][0])


def test_an_augmented_training_sees_moved_data(tmp_path):
    plain, _ = fit(tmp_path / "plain", 1)
    augmented, _ = fit(tmp_path / "moved", 1, augmentation="SO(3)")
    assert not torch.equal(weights(plain), weights(augmented))
    still, _ = fit(tmp_path / "still", 1, augmentation="Trivial(3)")
    torch.testing.assert_close(weights(still), weights(plain))


def test_a_long_augmented_training_comes_nearer_to_equivariance(tmp_path):
    source = data()
    source.setup()
    x = source.splits["test"][0]

    def error(**settings):
        model, _ = fit(tmp_path, 150, **settings)
        # so early, most of what is learned is the mean, which is not in the spread
        return equivariance_error(model.network, *TYPES, group("SO(3)"), x, relative_to="sizes")

    assert error(augmentation="SO(3)") < 0.8 * error()


def test_the_group_lives_over_the_base_space():
    assert module(augmentation="SO(n)".replace("n", "3")).augmentation.group.dim == 3
    with pytest.raises(ValueError, match=r"augmentation: .*SU\(x\)"):
        module(augmentation="SU(x)")
