"""What users type for groups, types, names and numbers: understood, or answered at once."""

import math
import time

import pytest
import torch
from torch import nn
from torchmetrics import MeanSquaredError

from softsym.lightning_modules import SymmetryModule
from softsym.networks import EMLP, MLP, RPP, AgentTransformer, SoftEMLP
from softsym.regularizers import (
    AdjustOnce,
    AdjustRepeatedly,
    ProjectionRegularizer,
    WeightDecay,
)
from softsym.symmetries import Group, T, equivariant_basis, group, rep

GROUPS = [
    ("SO", r"'SO\(\)' has 0 arguments.* Write SO\(n\)\."),
    ("SO3", r"Did you mean SO\(3\)\?"),
    ("so3", r"Did you mean SO\(3\)\?"),
    ("SO_3", r"Did you mean SO\(3\)\?"),
    ("o2", r"Did you mean O\(2\)\?"),
    ("SO3@xy", r"Did you mean SO\(3\)\?"),
    ("c4*SO(2)", r"Did you mean C\(4\)\?"),
    ("lorentz", r"Did you mean Lorentz\?"),
    ("SO14", r"Did you mean SO\(14\)\?"),
    ("Lorentz(3)", r"'Lorentz\(3\)' has 1 arguments.* Write Lorentz\."),
    ("Reflect", r"Write Reflect\(n\)"),
]


@pytest.mark.parametrize(("text", "message"), GROUPS)
def test_a_mistaken_group_is_answered_with_the_right_spelling(text, message):
    with pytest.raises(ValueError, match=message):
        group(text)


@pytest.mark.parametrize("fault", [TypeError("a tensor is no list"), RuntimeError("shapes differ")])
def test_an_error_in_a_family_of_one_s_own_is_told_as_such(fault):
    class Faulty(Group):
        def __init__(self, n: int) -> None:
            raise fault

    try:
        with pytest.raises(ValueError, match=rf"Faulty\(3\) failed with \w+Error: {fault}") as told:
            group("Faulty(3)")
        assert told.value.__cause__ is fault
    finally:
        del Group.families["Faulty"]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("T1 @ T0", "T1 x T0"),
        ("T1@T0", "T1 x T0"),
        ("V(S(5)) @ V(O(2)@xy)", "V(S(5)) x V(O(2)@xy)"),
        ("(T1 @ T0) + T0", "(T1 x T0) + T0"),
    ],
)
def test_the_operator_of_python_works_in_text(text, same):
    assert rep(text) == rep(same)


def largest(text):
    return lambda: equivariant_basis("O(3)", text)


TOO_MUCH = [
    (largest("*".join(["T1"] * 2000)), "has too many terms or factors|at most 1000 indices"),
    (largest(" + ".join(["T1", "T0"] * 1000)), "has too many terms or factors"),
    (largest("T2000"), "at most 1000 indices; got 2000"),
    (largest("T1000000000"), "at most 1000 indices"),
    (largest("T900"), r"needs 10\^\d+ GiB"),
    (largest("1000000000000T1"), "GiB, more than half"),
    (largest("1000000000(T0 + T1)"), "lists at most 1000000 terms"),
    (lambda: math.prod([T(1)] * 2000, start=T(0)), "at most 1000 indices"),
    (lambda: group("S(100000000000)"), "Permutations of 100000000000 coordinates needs"),
    (lambda: group("Scaling(1000000)"), "GiB, more than half"),
    (lambda: group("Reflect(1000000)"), "GiB, more than half"),
    (lambda: group("GL(10000)"), "GiB, more than half"),
    (lambda: group("SE(10000)"), "GiB, more than half"),
    (lambda: MLP("T1", "T0", dim=3, channels=10**8), "Training MLP .* GiB, more than half"),
    (lambda: MLP("T1", "T0", dim=3, channels=1, hidden_layers=10**9), "1,000,000,000 hidden"),
    (lambda: MLP("T500", "T0", dim=3), r"Training MLP .* needs 10\^\d+ GiB"),
    (lambda: SoftEMLP("T1", "T0", "O(3)", channels=10**8), "Training SoftEMLP .* GiB"),
    (lambda: EMLP("T1", "T0", "O(3)", channels=10**8), "Training EMLP .* GiB"),
    (lambda: RPP("T1", "T0", "O(2)*Scaling(2)", channels=10**8), "Training RPP .* GiB"),
    (lambda: SoftEMLP("T1", "T0", "O(3)", hidden_layers=10**9), "1,000,000,000 hidden layers"),
    (lambda: AgentTransformer("8T1", "12T1", 2, width=10**8), "Training AgentTransformer .* GiB"),
]


@pytest.mark.parametrize(("make", "message"), TOO_MUCH)
def test_what_does_not_fit_is_refused_with_the_estimate_in_two_seconds(make, message):
    start = time.process_time()
    with pytest.raises(ValueError, match=message) as told:
        make()
    assert len(str(told.value)) < 500
    assert time.process_time() - start < 2


def module(**settings):
    return SymmetryModule(nn.Linear(3, 1), nn.MSELoss(), torch.optim.Adam, **settings)


def of(where):
    """Entries of one kind under a name."""
    return {
        "candidates": lambda name: {"candidates": {name: "SO(3)"}},
        "regularizers": lambda name: {"regularizers": {name: WeightDecay(1.0)}},
        "baselines": lambda name: {"baselines": {name: nn.Identity()}},
        "metrics": lambda name: {"metrics": {name: MeanSquaredError()}},
    }[where]


BAD_NAMES = ["", "a.b", "a b", "a\nb", "\x1b[31m", "a/b", "..", 3, None, "a=b", "items", "training"]


@pytest.mark.parametrize("name", BAD_NAMES, ids=repr)
@pytest.mark.parametrize("where", ["candidates", "regularizers", "baselines", "metrics"])
def test_names_that_would_break_the_test_or_the_report_are_refused(where, name):
    with pytest.raises(ValueError, match=rf"^{where}: (a name is text|the name .* is taken)"):
        module(**of(where)(name))


@pytest.mark.parametrize(
    "name", ["xy", "so3", "O(2)@xy", "S(5)*O(3)", "Größe", "2d", "対称", "a-b"]
)
def test_other_names_are_fine(name):
    assert list(module(**of("candidates")(name)).symmetries) == [name]


def test_a_candidate_does_not_replace_a_regularizer():
    listed = {"xy": ProjectionRegularizer("O(2)@xy", 1.0), "decay": WeightDecay(1.0)}
    for name in listed:
        with pytest.raises(ValueError, match=rf"candidates\.{name}: a regularizer has this name"):
            module(candidates={name: "SO(3)"}, regularizers=listed)
    assert list(module(candidates={"xy": "O(2)@xy"}, regularizers=listed).symmetries) == ["xy"]
    with pytest.raises(ValueError, match="baselines: the name 'network' is taken"):
        module(baselines={"network": nn.Identity()})


def test_an_augmentation_is_named():
    with pytest.raises(ValueError, match=r"augmentation: .*Did you mean SO\(3\)\?"):
        module(augmentation="SO3")


NO_NUMBERS = [math.nan, math.inf, -math.inf, -(10**400), -1, None, "2", True, [1]]
SETTINGS = [
    (WeightDecay, {}, ["strength"]),
    (ProjectionRegularizer, {"group": "O(3)"}, ["strength"]),
    (
        AdjustRepeatedly,
        {"epoch": 5, "exponent": 2.0, "times": 2, "window": 3},
        ["epoch", "exponent", "times", "window"],
    ),
    (
        AdjustOnce,
        {"epoch": 5, "exponent": 2.0, "growth": 9.0},
        ["epoch", "exponent", "growth", "window"],
    ),
]


@pytest.mark.parametrize("value", NO_NUMBERS, ids=repr)
@pytest.mark.parametrize(
    ("make", "good", "name"), [(make, good, n) for make, good, names in SETTINGS for n in names]
)
def test_numbers_that_mean_nothing_are_refused(make, good, name, value):
    with pytest.raises(ValueError, match=rf"{name} must be a .*number .*; got"):
        make(**{**good, name: value})


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "8", math.nan, None])
@pytest.mark.parametrize("name", ["channels", "hidden_layers"])
def test_widths_and_depths_are_whole_numbers(name, value):
    for make in (lambda **s: MLP("T1", "T0", 3, **s), lambda **s: EMLP("T1", "T0", "O(3)", **s)):
        with pytest.raises(ValueError, match=f"{name} must be a whole number of at least 1; got"):
            make(**{name: value})


NARROW = [
    ("3T1", "T2", "O(3)", 64, 108),
    ("2T1", "T1", "SO(3)", 9, 27),
    ("3T1", "T2", "O(3)", 108, None),
    ("T1", "T1", "O(3)", 10, None),
    ("T0", "T2", "O(3)", 27, None),
    ("3T1", "T0", "O(3)", 5, None),
]


@pytest.mark.parametrize(("rep_in", "rep_out", "name", "channels", "enough"), NARROW)
def test_a_layout_too_narrow_for_the_output_is_said(
    rep_in, rep_out, name, channels, enough, caplog
):
    EMLP(rep_in, rep_out, name, channels=channels)
    said = [r.getMessage() for r in caplog.records if "hidden tensors up to rank" in r.getMessage()]
    assert len(said) == (enough is not None)
    assert all(f"Use channels={enough} or more." in message for message in said)


def test_the_width_that_is_said_is_enough():
    x = torch.randn(1, 9, generator=torch.Generator().manual_seed(0)).double()
    for channels, dimensions in ((64, 1), (108, 9)):
        networks = [EMLP("3T1", "T2", "O(3)", channels=channels, seed=s) for s in range(12)]
        with torch.no_grad():
            sizes = torch.linalg.svdvals(torch.cat([network.double()(x) for network in networks]))
        # far from 1 where weights are as small as at the start, and yet far from rounding
        assert int((sizes > 1e-12).sum()) == dimensions
