"""Figures of a study, however few its trials."""

import math

import pytest

from softsym.runs.outcome import End, Outcome
from softsym.sweeps.figures import CUT, FIGURES, TooFewError

NEED = {"history": 1, "intermediate": 1, "importances": 2, "parallel": 2, "slices": 2}


def add(study, plan, value, end=End.COMPLETE, reports=()):
    trial = study.ask(plan.space, 0, 10)
    for step, reported in reports:
        study.optuna._storage.set_trial_intermediate_value(trial._trial_id, step, reported)
    study.tell(trial, Outcome(end, value))


@pytest.mark.parametrize("key", FIGURES)
def test_too_few_trials_are_said(key, study, plan):
    draw = FIGURES[key][2]
    for _ in range(NEED[key]):
        with pytest.raises(TooFewError, match=r"Needs \d complete trials; so far|No trial has rep"):
            draw(study, "val/mse")
        add(study, plan, 0.5, reports=[(1, 1.0)])
    assert draw(study, "val/mse").to_dict()["data"]


@pytest.mark.parametrize("values", [(0.5, 0.5, 0.5), (0.0, 1.0, 2.0), (-1.0, 3.0, 1e9)])
@pytest.mark.parametrize("key", FIGURES)
def test_any_values_can_be_drawn(key, values, study, plan):
    for value in values:
        add(study, plan, value, reports=[(1, value)])
    assert FIGURES[key][2](study, "val/mse").to_dict()["data"]


def test_the_best_so_far_goes_down_only(study, plan):
    for value in (0.5, 0.7, 0.2, 0.9):
        add(study, plan, value)
    best = FIGURES["history"][2](study, "val/mse").data[-1]
    assert list(best.y) == [0.5, 0.5, 0.2, 0.2]


def test_a_wide_range_is_drawn_on_a_logarithmic_scale(study, plan):
    for value in (1e-3, 1.0):
        add(study, plan, value)
    figure = FIGURES["history"][2](study, "val/mse")
    assert figure.layout.yaxis.type == "log"
    assert "0.01" in figure.layout.yaxis.ticktext
    lines = FIGURES["parallel"][2](study, "val/mse").data[0]
    assert len(lines.line.color) == 2
    assert all(math.isfinite(color) for color in lines.line.color)


def test_pruned_trials_are_grey(study, plan):
    add(study, plan, None, End.PRUNED, [(1, 0.5), (2, 0.4)])
    (line,) = FIGURES["intermediate"][2](study, "val/mse").data
    assert (line.line.color, list(line.y)) == (CUT, [0.5, 0.4])
