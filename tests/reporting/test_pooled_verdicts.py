"""One verdict from trainings with several seeds."""

from __future__ import annotations

import json

from run_folders import write_run

from softsym.metrics import Verdict
from softsym.reporting.configurations import gather
from softsym.reporting.pooled_verdicts import pooled_verdicts, verdict_lines, verdict_table
from softsym.runs.reading import find_runs, read_run


def swept(folder, *of_seeds):
    for seed, fields in enumerate(of_seeds):
        write_run(folder / str(seed), seed=seed)
        content = {"xy": Verdict("O(2)@xy", **fields, how="", n=9, clusters=9).to_dict()}
        (folder / str(seed) / "verdicts.json").write_text(json.dumps(content))
    return gather([read_run(path) for path in find_runs([folder])])


def broken(p, lower, estimate, upper):
    return {
        **{"p": p, "p_holm": p, "lower": lower, "estimate": estimate, "upper": upper},
        "verdict": "broken by some",
    }


UNTESTED = broken(None, None, None, None) | {"verdict": "no verdict: it explains nothing"}


def test_medians_decide_and_the_note_counts_the_seeds(tmp_path):
    sweep = swept(
        tmp_path,
        broken(1e-9, 0.2, 0.3, 0.5),
        broken(1e-8, 0.1, 0.2, 0.4),
        broken(0.2, 0.0, 0.1, 0.3) | {"verdict": "undecided, at most 30%"},
    )
    (found,) = pooled_verdicts(sweep.configurations[0]).values()
    assert (found.p, found.lower, found.upper) == (2e-8, 0.1, 0.4)
    assert found.verdict.startswith("broken by 10% to 40%")
    assert found.note == "broken in 2 of 3 seeds, with estimates from 10% to 30%"
    (row,) = verdict_table(sweep).rows
    assert [cell.text for cell in row[1:3]] == ["xy", found.verdict]
    assert verdict_lines(sweep) == [f"xy: {found.verdict} ({found.note})"]


def test_a_run_without_a_verdict_counts_against_one(tmp_path):
    sweep = swept(tmp_path, broken(1e-9, 0.2, 0.3, 0.5), UNTESTED)
    (found,) = pooled_verdicts(sweep.configurations[0]).values()
    assert found.verdict.startswith("undecided")
    assert found.lower == 0.0
    most = swept(tmp_path / "most", UNTESTED, UNTESTED, broken(1e-9, 0.2, 0.3, 0.5))
    (found,) = pooled_verdicts(most.configurations[0]).values()
    assert found.verdict.startswith("no verdict")


def test_damaged_verdicts_are_left_out(tmp_path):
    write_run(tmp_path / "0", seed=0)
    (tmp_path / "0" / "verdicts.json").write_text('{"xy": [1, 2], "yz": {"p": "no"}}')
    sweep = gather([read_run(tmp_path / "0")])
    assert verdict_table(sweep) is None
    assert not verdict_lines(sweep)
