from __future__ import annotations

import re

import pytest
from reporting_samples import (
    EMPTY,
    HOSTILE,
    RESULTS,
    Page,
    history,
    matrices,
    moved_tracks,
    summary,
    tracks,
)

from softsym.reporting import SymmetryResult, render_report, write_report


@pytest.mark.parametrize("predictions", [matrices(), tracks(), moved_tracks(3), None])
def test_page_needs_nothing_from_outside(predictions):
    text = render_report(summary(predictions=predictions))
    page = Page(text)
    assert not {"script", "link", "img", "iframe", "object", "base"} & set(page.tags)
    for tag, name, value in page.attributes:
        if name in ("src", "href", "xlink:href", "srcset", "action"):
            assert (value or "").startswith("#"), (tag, name, value)
    assert "@import" not in text
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", text))
    assert "http" not in text


def test_page_holds_everything():
    text = " ".join(Page(render_report(summary())).text)
    for expected in (
        "O(2)@xy holds within 1.9%", *(r.name for r in RESULTS), "broken by 41% to 54%",
        "test/mse",
        "0.0123", "seed: 0", "python train.py experiment=inertia", "torch 2.13.0", "1 min 15 s",
        "164,812", "60 epochs", "Penalties over the epochs", "Predictions against truth",
    ):  # fmt: skip
        assert expected in text


def test_moved_scenes_are_explained():
    text = render_report(summary(predictions=moved_tracks()))
    assert "The same scene, moved" in text
    assert "their mean distance from it" in text
    assert "The same scene, moved" not in render_report(summary(predictions=tracks()))


def test_penalties_are_explained():
    said = "The penalty is the relative asymmetry of the function"
    text = " ".join(Page(render_report(summary(measures=said))).text)
    assert f"begins higher. {said}" in text
    assert "The penalty is" not in render_report(summary())


def test_ids_are_unique():
    page = Page(render_report(summary(predictions=moved_tracks())))
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))


def test_hostile_text_is_only_text():
    run = summary(
        title=HOSTILE,
        symmetries=(SymmetryResult(HOSTILE, HOSTILE, 1.0, 1.0, 0.1),),
        test=None,
        untested=HOSTILE,
        metrics={HOSTILE: 1.0},
        config=HOSTILE,
        command=HOSTILE,
        versions={HOSTILE: HOSTILE},
    )
    page = Page(render_report(run))
    assert "script" not in page.tags
    assert "b" not in page.tags
    assert " ".join(page.text).count("alert('x')") >= 8


def test_run_without_anything_has_a_report(tmp_path):
    path = tmp_path / "report.html"
    write_report(EMPTY, path)
    text = " ".join(Page(path.read_text(encoding="utf-8")).text)
    assert "The run was interrupted" in text
    assert "No symmetry was measured." in text
    assert "The command was not recorded." in text


@pytest.mark.parametrize(
    "changes",
    [
        {"history": ()},
        {"metrics": {}, "predictions": None},
        {"symmetries": (), "status": "failed"},
        {"history": history(1), "adjusted_at": None},
        {"metrics": {"test/mse": float("nan")}},
    ],
)
def test_partial_runs_have_a_report(changes):
    Page(render_report(summary(**changes)))


def test_report_of_a_long_run_stays_small():
    run = summary(history=history(8000, 2000), predictions=matrices(3000), adjusted_at=2000)
    assert len(render_report(run)) < 1_500_000
