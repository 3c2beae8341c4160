from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from reporting_samples import HOSTILE, Page
from run_folders import write_run, write_sweep

from softsym.reporting.configurations import gather
from softsym.reporting.overview import (
    cautions,
    facts,
    render_overview,
    sweep_headline,
)
from softsym.runs.reading import Run, find_runs, read_run


def gathered(folder, **settings):
    return gather([read_run(path) for path in find_runs([folder])], **settings)


def run(strength, seed, loss, status="finished"):
    return Run(
        Path(f"{strength}-{seed}"),
        status=status,
        config={"strength": strength, "seed": seed, "monitor": "val/mse"},
        metrics={} if loss is None else {"val/mse": loss, "test/mse": loss},
    )


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    folder = write_sweep(tmp_path_factory.mktemp("grid"))
    return gathered(folder), folder / "overview.html"


def test_page_needs_nothing_from_outside(grid):
    text = render_overview(*grid)
    page = Page(text)
    assert not {"img", "iframe", "object", "base"} & set(page.tags)
    for tag, name, value in page.attributes:
        if name in ("src", "xlink:href", "srcset", "action") or (name, tag) == ("href", "link"):
            assert (value or "").startswith(("#", "data:")), (tag, name, value)
        elif name == "href":
            assert re.fullmatch(r"\d/symmetry_report\.html|#.*", value)
    assert "@import" not in text
    assert "http" not in text
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", text))


def test_page_holds_everything(grid):
    text = " ".join(Page(render_overview(*grid)).text)
    for expected in (
        "9 runs, 3 configurations and 3 seeds; 9 finished.",
        "Best of 3 configurations: initial_strength=10.",
        "python train.py logger=csv initial_strength=10.0 optimizer.lr=0.003 network=mlp seed=",
        "Strengths over the epochs", "Strengths at the end", "What the swept values do",
        "Strengths against the swept values", "only watched: o3",
        "equivariance error (test, of the spread)",
    ):  # fmt: skip
        assert expected in text


def test_ids_are_unique(grid):
    page = Page(render_overview(*grid))
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))


def test_hostile_text_is_only_text():
    made = Run(
        Path(HOSTILE.replace("/", "")),
        status=HOSTILE,
        config={"seed": HOSTILE, HOSTILE: HOSTILE, "monitor": HOSTILE},
        metrics={HOSTILE: 1.0, f"test/{HOSTILE}": 2.0, f"strength/{HOSTILE}": 1.0},
        problems=(HOSTILE,),
    )
    page = Page(render_overview(gather([made, replace(made, config={})]), Path("overview.html")))
    assert page.tags.count("script") == 1
    assert "b" not in page.tags


def test_runs_without_anything_have_a_page(tmp_path):
    write_run(tmp_path / "run", status="unfinished")
    (tmp_path / "run" / "strengths.csv").unlink()
    text = " ".join(Page(render_overview(gathered(tmp_path), tmp_path / "overview.html")).text)
    assert "No run has finished with the metric that decides" in text
    assert "Best run" not in text


def test_damaged_files_are_named_as_the_table_names_runs(tmp_path):
    (write_run(tmp_path / "run") / "strengths.csv").write_text("")
    text = " ".join(Page(render_overview(gathered(tmp_path), tmp_path / "overview.html")).text)
    assert "1 warning" in text
    assert " run/strengths.csv is empty" in text


def test_a_thousand_runs_make_a_page_in_seconds(grid):
    sweep, path = grid
    many = [
        replace(run, config={**run.config, "seed": 10 * i + run.config["seed"]})
        for i in range(111)
        for run in sweep.runs
    ]
    start = time.perf_counter()
    text = render_overview(gather(many), path)
    assert time.perf_counter() - start < 20
    assert len(text) < 4_000_000
    assert "300 of 999 lines are drawn" in text


def test_the_headline_of_one_configuration_is_its_value():
    sweep = gather([run(1, 0, 0.1), run(1, 1, 0.3)])
    assert sweep_headline(sweep) == (
        "One configuration: val/mse 0.20 ± 0.14 (mean ± standard deviation of 2 runs)."
    )
    assert facts(gather([run(1, 0, 0.1)])) == "1 run, 1 configuration and 1 seed; 1 finished."


@pytest.mark.parametrize(
    ("runs", "caution"),
    [
        ([run(1, 0, 0.1), run(2, 0, 0.2)], "With one seed each, the order may be due to luck."),
        ([run(1, 0, 0.1), run(2, 0, 0.2), run(2, 1, 0.2)], "tried with 1 seed, others with 2"),
        (
            [run(1, 0, 0.1), run(1, 1, 0.3), run(2, 0, 0.21), run(2, 1, 0.21)],
            "The next configuration is within one standard deviation",
        ),
        ([run(1, 0, 0.1), run(1, 0, 0.1)], "1 run repeated a configuration and its seed"),
    ],
)
def test_what_keeps_the_ranking_from_being_sure_is_said(runs, caution):
    notes = cautions(gather(runs))
    assert notes[0].startswith("Chosen by val/mse, the lowest mean over finished runs.")
    assert caution in " ".join(notes)


def test_the_highest_accuracy_is_said_to_decide():
    runs = [
        replace(run(s, s, s), config={"seed": s, "monitor": "val/mse", "monitor_mode": "max"})
        for s in (1, 2)
    ]
    assert cautions(gather(runs))[0].startswith("Chosen by val/mse, the highest mean")


def test_choosing_by_the_test_is_warned_of():
    (note,) = cautions(gather([run(1, 0, 0.1)], metric="test/mse"))
    assert "no honest estimate" in note
