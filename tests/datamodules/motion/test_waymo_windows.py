"""The paper's Waymo recipe: reference windows, filters, and constants."""

from pathlib import Path

import numpy as np
import pytest

from softsym.datamodules.motion.waymo_records import WaymoRecord, read_waymo
from softsym.datamodules.motion.waymo_windows import (
    NORMALISATIONS,
    Normalisation,
    computed_normalisation,
    cut_windows,
    normalise,
)

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "waymo"
EXAMPLE = REAL / "motion_data_one_example.tfrecord"
needs_real = pytest.mark.skipif(
    not REAL.is_dir(), reason="needs the real Waymo files in ../shared/data/waymo"
)


def moving(*velocities):
    """A record of agents with constant velocities (vx, vy, vz) in metres a second."""
    times = 0.1 * np.arange(91)[:, None]
    positions = np.stack([times * np.array(velocity) for velocity in velocities])
    return WaymoRecord(positions, np.ones(positions.shape[:2], bool))


@pytest.fixture
def windows():
    """Windows of 400 agents, whose heights differ by much more than they change."""
    rng = np.random.default_rng(0)
    moves = rng.normal(size=(400, 12, 3)).cumsum(axis=1) * [0.5, 0.6, 0.02]
    return moves + rng.normal(size=(400, 1, 3)) * [500, 500, 80] + [0, 0, -30]


@needs_real
def test_cut_windows_the_real_record(reference):
    (record,) = read_waymo(EXAMPLE)
    np.testing.assert_array_equal(cut_windows(record), reference("waymo_one_example.npz")["w"])


@needs_real
@pytest.mark.parametrize("name", NORMALISATIONS)
def test_normalisations_of_the_real_record(name, reference):
    (record,) = read_waymo(EXAMPLE)
    actual = normalise(cut_windows(record), NORMALISATIONS[name], "paper")
    assert actual.dtype == np.float32
    np.testing.assert_allclose(actual, reference("waymo_one_example.npz")[name], rtol=0, atol=1e-5)


def test_points_are_every_second_step():
    windows = cut_windows(moving((1.0, -2.0, 0.5)))
    assert windows.dtype == np.float32
    times = 0.2 * np.arange(12)[:, None]
    np.testing.assert_allclose(windows[0], times * [1.0, -2.0, 0.5], atol=1e-6)


def test_filters_look_at_the_observed_second():
    velocities = [
        *((1.0, 1.0, 0.04), (1.0, 1.0, 0.06), (0.0, 0.0, -0.06), (4.9, -4.9, 1.0)),
        *((5.1, 0.0, 1.0), (0.0, -5.1, 1.0), (1.0, 1.0, 0.0)),
    ]
    kept = cut_windows(moving(*velocities))
    last = kept[:, 5] - kept[:, 0]
    np.testing.assert_allclose(last, np.array(velocities)[1:4], atol=1e-5)
    assert len(cut_windows(moving(*velocities), min_dz=0.01, max_dxy=6.0)) == 6


@pytest.mark.parametrize(("step", "kept"), [(0, 0), (1, 0), (23, 0), (24, 1), (90, 1)])
def test_agents_must_be_seen_over_the_first_24_steps(step, kept):
    record = moving((1.0, 1.0, 1.0))
    record.valid[0, step] = False
    assert len(cut_windows(record)) == kept


def test_record_without_agents():
    assert cut_windows(WaymoRecord(np.empty((0, 91, 3)), np.empty((0, 91), bool))).shape == (
        0,
        12,
        3,
    )


@pytest.mark.parametrize("centring", ["paper", "history"])
def test_formula(windows, centring):
    constants = Normalisation((0.1, 0.2, 0.3), (1.0, 2.0, 0.5), (1.0, 0.9, 0.5))
    points = windows if centring == "paper" else windows[:, :6]
    centre = points.mean(1, keepdims=True) * [1.0, 0.9, 0.5]
    wanted = (windows - centre - [0.1, 0.2, 0.3]) / [1.0, 2.0, 0.5]
    np.testing.assert_allclose(normalise(windows, constants, centring), wanted, atol=2e-3)


def test_centring_on_the_history_tells_nothing_of_the_future(windows):
    other = windows.copy()
    other[:, 6:] += 100
    for constants in NORMALISATIONS.values():
        before, after = (normalise(w, constants, "history")[:, :6] for w in (windows, other))
        np.testing.assert_array_equal(before, after)
        assert np.abs(normalise(other, constants, "paper")[:, :6] - before).max() > 1


def test_constants_of_the_paper_agree_with_the_rule_for_one_scale():
    x, y, z = NORMALISATIONS["scale_aware"].std
    rule = np.sqrt((x**2 + y**2 + z**2) / 3)
    assert NORMALISATIONS["symm_aware"].std[0] == pytest.approx(rule, abs=5e-3)


@pytest.mark.parametrize("centring", ["paper", "history"])
def test_computed_constants_normalise_what_they_are_from(windows, centring):
    for name in NORMALISATIONS:
        constants = computed_normalisation(name, windows, centring)
        values = normalise(windows, constants, centring).astype(float)
        squares = (values**2).mean(axis=(0, 1))
        assert squares.mean() == pytest.approx(1, abs=2e-3)
        if name == "scale_aware":
            np.testing.assert_allclose(squares, 1, atol=5e-3)
        if name == "symm_scale_aware":
            assert values[..., 2].mean() == pytest.approx(0, abs=1e-3)
            assert squares[2] == pytest.approx(squares[:2].mean(), rel=0.01)


def test_computed_constants_have_the_form_of_the_paper(windows):
    symm = computed_normalisation("symm_aware", windows, "paper")
    scale = computed_normalisation("scale_aware", windows, "paper")
    both = computed_normalisation("symm_scale_aware", windows, "paper")
    assert len(set(symm.std)) == len(set(both.std)) == 1
    assert len(set(scale.std)) == 3
    assert symm.mean == scale.mean == (0, 0, 0)
    assert symm.mean_scale == scale.mean_scale == (1, 1, 1)
    assert both.mean[:2] == (0, 0)
    assert both.mean_scale[:2] == (1, 1)
    # by the rule, mu = (1 - s) * mean height
    share = 1 - both.mean_scale[2]
    assert both.mean[2] == pytest.approx(share * windows[..., 2].mean(), rel=1e-3)
    assert 0 < share < 0.1


def test_heights_that_differ_too_little(windows, caplog):
    windows[..., 2] -= windows[..., 2].mean(axis=1, keepdims=True)
    constants = computed_normalisation("symm_scale_aware", windows, "paper")
    assert constants.mean_scale == (1, 1, 0)
    assert "z cannot be made as wide as x and y" in caplog.text


def test_constants_need_windows_that_move(windows):
    with pytest.raises(ValueError, match="there are no training windows"):
        computed_normalisation("symm_aware", windows[:0], "paper")
    windows[..., 2] = 3.0
    with pytest.raises(ValueError, match=r"do not move along z\. Name one of the paper's"):
        computed_normalisation("symm_aware", windows, "paper")
