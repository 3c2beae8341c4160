"""The symmetry test as users call it: what must never be claimed, and what must be found."""

import numpy as np
import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from softsym.datamodules.known_answer import dialled
from softsym.metrics import symmetry_test
from softsym.metrics.symmetry_tests import evidence
from softsym.metrics.symmetry_tests.moved_samples import fit_moved

PLANES = ("O(2)@xy", "O(2)@yz", "O(2)@xz", "O(3)")
DIALS = ("SO(3)", "Scaling(3)", "Reflect(3)")


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).double()


def offset_task(n=400):
    """y = 300 + 5 z + x, which breaks every candidate, under an offset that hides it."""
    x = normal(n, 3)
    return x, 300 + 5 * x[:, 2] + x[:, 0] + 0.1 * normal(n, seed=1)


def words(tested):
    return {name: verdict.verdict.split()[0] for name, verdict in tested.items()}


def test_an_offset_hides_nothing():
    tested = symmetry_test(*offset_task(), PLANES, "T1", "T0")
    assert set(words(tested).values()) == {"broken"}
    # the part along x, 1 / sqrt(26) of the spread, is all that a turn about z changes
    assert tested["O(2)@xy"].lower < 1 / np.sqrt(26) < tested["O(2)@xy"].upper


def test_without_tight_upper_bounds_fewer_fits_tell_the_same(monkeypatch):
    x, fits = normal(400, 3), []

    def counted(*arguments):
        fits.append(1)
        return fit_moved(*arguments)

    monkeypatch.setattr(evidence, "fit_moved", counted)
    y = x.square().sum(1) + 0.3 * x[:, 0]
    tight = symmetry_test(x, y, PLANES, "T1", "T0")
    fits_tight = len(fits)
    loose = symmetry_test(x, y, PLANES, "T1", "T0", tight=False)
    assert len(fits) - fits_tight < fits_tight == 2 * len(PLANES)
    for name in PLANES:
        assert loose[name].estimate == pytest.approx(tight[name].estimate, abs=0.03)


def test_noise_gets_no_verdict():
    x = normal(400, 3)
    tested = symmetry_test(x, normal(400, seed=1), PLANES, "T1", "T0")
    assert all(v.verdict.startswith("no verdict") for v in tested.values())
    assert all("explains nothing" in v.verdict for v in tested.values())


def test_shuffled_targets_get_no_verdict():
    x, y = offset_task()
    shuffled = y[torch.randperm(len(y), generator=torch.Generator().manual_seed(0))]
    assert set(words(symmetry_test(x, shuffled, PLANES, "T1", "T0")).values()) == {"no"}


def test_a_large_component_hides_no_small_one():
    x = normal(500, 3)
    y = torch.cat([1000 * x.square().sum(1, keepdim=True), x[:, 2:]], 1)
    tested = symmetry_test(x, y, ["O(3)"], "T1", "2T0")
    assert tested["O(3)"].verdict.startswith("broken")


@settings(max_examples=3, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3), st.floats(-1e3, 1e3))
def test_units_and_offsets_change_nothing(unit_x, unit_y, offset):
    x, y = offset_task(200)
    plain = symmetry_test(x, y, ("O(2)@xy", "Scaling(3)"), "T1", "T0")
    moved = symmetry_test(unit_x * x, unit_y * y + offset, ("O(2)@xy", "Scaling(3)"), "T1", "T0")
    assert words(plain) == words(moved)
    for name in plain:
        # rounding may choose another kernel of the same error
        assert moved[name].lower == pytest.approx(plain[name].lower, abs=5e-3)
        assert moved[name].upper == pytest.approx(plain[name].upper, abs=5e-3)


def test_the_order_of_rows_changes_nothing():
    x, y = offset_task(200)
    order = torch.randperm(200, generator=torch.Generator().manual_seed(3))
    clusters = torch.arange(200) // 4
    plain = symmetry_test(x, y, PLANES, "T1", "T0", clusters=clusters)
    shuffled = symmetry_test(x[order], y[order], PLANES, "T1", "T0", clusters=clusters[order])
    assert plain.to_dict() == shuffled.to_dict()


@pytest.mark.parametrize(
    ("dials", "broken"),
    [
        ((0, 0, 0), ()),
        ((1, 0, 0), ("SO(3)",)),
        ((0, 1, 0), ("Scaling(3)",)),
        ((0, 0, 1), ("Reflect(3)",)),
    ],
)
def test_each_dial_breaks_its_own_symmetry(dials, broken):
    x = normal(1200, 9)
    tested = symmetry_test(x, dialled(x, *dials), DIALS, "3T1", "T0")
    found = [name for name, verdict in tested.items() if verdict.verdict.startswith("broken")]
    assert tuple(found) == broken
    for name, dial in zip(DIALS, dials, strict=True):
        truth = dial / np.sqrt(1 + sum(d**2 for d in dials))
        assert tested[name].lower <= truth <= tested[name].upper


def test_a_model_that_knows_the_truth_shows_that_a_symmetry_holds():
    x = normal(500, 9)
    truth = lambda x: dialled(x, 0.0, 0.5, 0.0)  # noqa: E731
    tested = symmetry_test(x, truth(x), DIALS, "3T1", "T0", model=truth)
    assert tested["SO(3)"].verdict == "holds within 0.01%"
    of_scale, size = tested["Scaling(3)"], 0.5 / np.sqrt(1.25)
    assert 0.9 * size < of_scale.lower < size < of_scale.upper
    assert of_scale.estimate == pytest.approx(size, rel=0.15)


def test_a_poor_model_does_not_hide_that_a_symmetry_holds():
    """The model leaves half of the variance, an equivariant regression next to nothing."""
    x = normal(600, 6).numpy()
    y = (x[:, :3] * x[:, 3:]).sum(1)
    tested = symmetry_test(x, y, ["SO(3)"], "2T1", "T0", model=lambda x: x[:, 0] * x[:, 3])
    assert tested["SO(3)"].verdict.startswith("holds")
    assert tested.explained["all"][0] < 0.5


def test_known_noise_tightens_the_upper_bound():
    x = normal(600, 3)
    y = x.square().sum(1) + normal(600, seed=2)
    truth = lambda x: x.square().sum(1, keepdim=True)  # noqa: E731
    plain = symmetry_test(x, y, ["O(3)"], "T1", "T0", model=truth)["O(3)"]
    known = symmetry_test(x, y, ["O(3)"], "T1", "T0", model=truth, noise=1.0)["O(3)"]
    assert known.upper < 0.6 * plain.upper


def test_clusters_widen_the_intervals():
    x, y = offset_task(100)
    # nearly the same sample five times: wholly alike ones would count as one anyway
    x, y = x.repeat_interleave(5, 0), y.repeat_interleave(5) + 1e-6 * normal(500, seed=7)
    clusters = torch.arange(100).repeat_interleave(5)
    given = {"groups": ["O(2)@xy"], "rep_in": "T1", "rep_out": "T0"}
    given["model"] = lambda x: 300 + 5 * x[:, 2] + x[:, 0]
    clustered = symmetry_test(x, y, clusters=clusters, **given)["O(2)@xy"]
    assert clustered.clusters == 100
    assert clustered.lower < symmetry_test(x, y, **given)["O(2)@xy"].lower


def test_samples_given_twice_count_once():
    x = normal(150, 3)
    y = x.square().sum(1) + 1.5 * normal(150, seed=1)
    twice = symmetry_test(x.repeat(2, 1), y.repeat(2), ["O(3)"], "T1", "T0")["O(3)"]
    assert twice.clusters == 150


def test_integers_and_numpy_are_taken():
    x = np.random.default_rng(0).integers(-9, 10, (300, 2))
    tested = symmetry_test(x, (x**2).sum(1), {"turns": "C(4)"}, "T1", "T0")
    assert tested["turns"].upper < 0.2
    assert "(p = " not in tested["turns"].verdict


def test_blocks_are_judged_by_their_own_spread():
    x = normal(500, 3)
    y = torch.cat([x.square().sum(1, keepdim=True), x[:, [2, 1, 0]]], 1)
    blocks = symmetry_test(x, y, ["O(3)"], "T1", "T0 + T1")["O(3)"].blocks
    assert blocks["T0"][2] < 0.1
    assert blocks["T1"][0] > 0.5


def test_a_group_without_a_frame_or_subgroups_of_one_parameter_gets_no_verdict():
    x, y = normal(200, 6), normal(200)
    test = symmetry_test(x, y, ["SL(3) x S(2)"], "T1", "T0")
    assert test["SL(3) x S(2)"].verdict.startswith("no verdict")


@pytest.mark.parametrize(("unit_x", "unit_y"), [(1e-200, 1e-200), (1e200, 1.0), (1.0, 1e200)])
def test_numbers_whose_squares_are_none_are_tested_alike(unit_x, unit_y):
    x, y = offset_task(200)
    plain = symmetry_test(x, y, ["O(2)@xy"], "T1", "T0")["O(2)@xy"]
    tiny = symmetry_test(unit_x * x, unit_y * y, ["O(2)@xy"], "T1", "T0")["O(2)@xy"]
    assert tiny.verdict.split()[0] == plain.verdict.split()[0]
    assert tiny.lower == pytest.approx(plain.lower, abs=5e-3)


@pytest.mark.parametrize("word", ["planes", pytest.param("all", marks=pytest.mark.slow)])
def test_a_word_stands_for_many_candidates(word):
    x, y = offset_task(200)
    tested = symmetry_test(x, y, word, "T1", "T0")
    assert {"O(2)@xy", "O(2)@yz", "O(2)@xz"} <= set(tested)


BAD = {
    "lengths": ({"y": torch.zeros(5)}, "the same number of rows; got 300 and 5"),
    "few samples": ({"x": normal(20, 3), "y": normal(20)}, "at least 40 samples; got 20"),
    "few clusters": ({"clusters": np.arange(300) // 100}, "at least 10 clusters; got 3"),
    "constant": ({"y": torch.ones(300)}, "y is constant"),
    "nan": ({"x": torch.full((300, 3), torch.nan)}, "row 0, column 0 is nan"),
    "complex": ({"x": normal(300, 3) + 1j}, "complex numbers"),
    "text": ({"x": np.full((300, 3), "a")}, "plain real numbers; got an array of type <U1\\.$"),
    "objects": ({"x": np.full((300, 3), None)}, "plain real numbers"),
    "space": ({"groups": ["SO(4)"]}, "acts on R"),
    "typo": ({"groups": ["O(2)@xw"]}, "Candidate 'O\\(2\\)@xw': Axes"),
    "none": ({"groups": []}, "no candidate"),
    "twice": ({"groups": ["O(3)", "O(3)"]}, "listed twice"),
    "type": ({"rep_in": "2T1"}, "rep_in='2T1' has 6 numbers"),
    "shape of a model": ({"model": lambda x: x}, "shape \\(64, 1\\) for 64 inputs"),
    "random model": (
        {
            "model": torch.nn.Sequential(
                torch.nn.Linear(3, 1),
                type("R", (torch.nn.Module,), {"forward": lambda s, x: torch.rand_like(x)})(),
            )
        },
        "not deterministic",
    ),
    "model of batches": ({"model": lambda x: x[:, :1] - x[:, :1].mean()}, "on the other inputs"),
    "undefined model": ({"model": lambda x: x[:, 0].log()}, "NaN or infinity"),
    "tolerance in percent": ({"tolerance": 5}, "less than 1, such as 0.05 for 5%; got 5"),
    "noise": ({"noise": -1.0}, "noise is the standard deviation"),
    "too much noise": ({"noise": 5.0}, "noise is larger than what is left"),
    "labels": ({"clusters": [None] * 300}, "row 0 has none, as have 300"),
    "no function": ({"model": "m"}, "model must be a function"),
    "many folds": ({"folds": 500}, "from 2 to 10"),
    "level": ({"level": 0}, "level is a probability"),
    "folds": ({"folds": 1}, "folds must be"),
    "seed": ({"seed": -1}, "seed must be"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    changed, message = BAD[case]
    x = normal(300, 3)
    given_ = {"x": x, "y": x[:, 0], "groups": ["O(3)"], "rep_in": "T1", "rep_out": "T0"} | changed
    with pytest.raises(ValueError, match=message):
        symmetry_test(**given_)


def test_a_module_is_evaluated_and_left_in_its_mode():
    model = torch.nn.Sequential(torch.nn.Linear(3, 1), torch.nn.Dropout(0.5))
    x = normal(100, 3)
    symmetry_test(x, x[:, 0], ["O(3)"], "T1", "T0", model=model)
    assert model.training
    assert model[1].training
