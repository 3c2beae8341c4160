"""The gate for a policy: pairs, verdicts and its table; nothing is trained."""

import math

import pytest

from benchmarks.policy_gate import TUNED, main, named, paired, right_pairs, table, verdict
from benchmarks.symmetry_study import store


def cell(*scores):
    run = {"ood": 9.0, "right": [1, 2], "seconds": 30.0, "epochs": 1000}
    return [{"seed": i, "result": {"score": s, **run}} for i, s in enumerate(scores)]


RESULTS = {"inertia_z tuned 0.25": cell(1.0, 2.0, 4.0), "inertia_z constrain 0.25": cell(0.5, 1.0)}


def test_differences_are_paired_by_seed():
    assert paired(RESULTS, "inertia_z tuned 0.25", "inertia_z constrain 0.25") == [-1.0, -1.0]
    assert paired(RESULTS, "inertia_z tuned 0.25", "inertia_z other 0.25") == []


@pytest.mark.parametrize(
    ("differences", "expected"),
    [([-1.0, -1.1], "better"), ([1.0, 1.1], "worse"), ([-1.0, 1.1], "alike"), ([1.0], "too few")],
)
def test_verdicts_need_differences_beyond_their_spread(differences, expected):
    assert verdict(differences) == expected


def test_pairs_in_the_right_order():
    truth = {"xy": "exact", "yz": "broken", "xz": "approximate", "o3": "broken"}
    assert right_pairs({"xy": 3.0, "yz": 1.0, "xz": 0.5, "o3": 0.0}, truth) == [2, 3]
    assert right_pairs({"xy": 1.0, "zz": 2.0}, truth) == [0, 0]


def test_the_table_has_a_row_for_each_policy_that_ran():
    lines = table(RESULTS, ["inertia_z", "inertia_x"], [TUNED, "constrain", "other"], 0.25).split(
        "\n"
    )
    assert len(lines) == 4
    assert "| 2.33 (1.5) |" in lines[2]
    assert "| 0.75 (0.35) | 9 (0) | -1 (0) | better | 2 of 4 | 1000 | 30 | 2 |" in lines[3]


def test_finished_trainings_are_only_read(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(
        "benchmarks.policy_gate.train", lambda extra, cell, seed: cell_result(cell, seed)
    )
    out = tmp_path / "gate.jsonl"
    asked = ["--tasks", "inertia_z", "--seeds", "0", "1", "--out", str(out)]
    main(asked)
    first = store.results(out)
    assert list(first) == [named("inertia_z", p, 0.25) for p in (TUNED, "constrain")]
    main(asked)
    assert store.results(out) == first
    assert "alike" in capsys.readouterr().out


def cell_result(cell, seed):
    score = 1.0 if "tuned" in cell else 2.0 ** (1 - 2 * seed)
    return {"score": score, "ood": math.pi, "right": [0, 0], "seconds": 1.0, "epochs": 4}
