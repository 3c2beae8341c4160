"""The study of the symmetry test: true breaks, shares, and results that outlive a kill."""

import math
from dataclasses import replace

import pytest
import torch

from benchmarks import symmetry_calibration
from benchmarks.symmetry_study.cells import BROKEN, NULL, Cell, draw, truth
from benchmarks.symmetry_study.shares import Share
from benchmarks.symmetry_study.store import in_turns, results, run
from softsym.datamodules.known_answer import breaking_terms


def squared(cell, seed):
    return {"value": seed**2}


def refused(cell, seed):
    raise AssertionError(f"{cell}, seed {seed} was done before")


def test_a_study_goes_on_where_it_was_stopped(tmp_path):
    file = tmp_path / "study.jsonl"
    run(squared, in_turns(["a", "b"], 2), file)
    file.write_text(file.read_text() + '{"cell": "a", "seed": 2, "re')
    found = run(squared, [("a", 2)], file)
    assert [record["result"]["value"] for record in found["a"]] == [0, 1, 4]
    assert run(refused, in_turns(["a", "b"], 2), file) == results(file) == found


def test_cells_take_turns():
    assert in_turns(["a", "b"], 2) == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]


def test_shares_that_are_not_as_asked_are_marked():
    assert Share(10, 200).text((0.02, 0.07)) == "0.050 (0.016)"
    assert Share(20, 200).text((0.02, 0.07)).startswith("0.100* ")
    assert Share(0, 20).error > 0


def test_null_cells_break_nothing():
    assert len(NULL) == 12
    assert all(set(truth(cell).values()) == {0.0} for cell in NULL.values())


@pytest.mark.parametrize(
    ("cell", "group"),
    [("reflection 0.5, mostly right-handed x", 2), ("scale 0.5, x longer on one side", 1)],
)
def test_the_truth_is_what_the_best_kept_function_leaves(cell, group):
    """The part of the broken term that its conditional mean leaves, by regression in each orbit."""
    cell = replace(BROKEN[cell], n=200_000)
    x, y, _ = draw(cell, torch.Generator().manual_seed(1))
    term = breaking_terms(x)[group]
    # an invariant function may know |b| of a mirror's term, and the side of a direction
    known = term.abs() if group == 2 else (x[:, ::3].sum(1) > 0).double()
    design = torch.stack([torch.ones_like(known), known], 1)
    left = term - design @ torch.linalg.lstsq(design, term[:, None]).solution[:, 0]
    expected = cell.dials[group] * float(left.std() / y.std())
    found = list(truth(cell).values())
    assert found[group] == pytest.approx(expected, rel=0.02)
    assert [value for place, value in enumerate(found) if place != group] == [0.0, 0.0]


def test_inputs_and_noise_of_a_cluster_are_alike():
    cell = Cell(n=20_000, noise=1.0, cluster=5)
    x, _, clusters = draw(cell, torch.Generator().manual_seed(0))
    assert clusters.bincount().tolist() == [5] * 4000
    pairs = x.unflatten(0, (-1, 5))[:, :2, 0].T
    assert float(torch.corrcoef(pairs)[0, 1]) == pytest.approx(0.64, abs=0.05)
    assert float(x.std()) == pytest.approx(1.0, abs=0.02)


def test_tables_and_picture_come_from_the_results(tmp_path, monkeypatch, capsys):
    def repetition(name, seed):
        return dict.fromkeys(symmetry_calibration.GROUPS, (0.01 if seed else 0.5, 0.1, 0.3))

    monkeypatch.setattr(symmetry_calibration, "repetition", repetition)
    picture = tmp_path / "here.png"
    symmetry_calibration.main(
        [
            *("--cells", "0.5, n = 600", "--repetitions", "4"),
            *("--out", str(tmp_path), "--figure", str(picture)),
        ]
    )
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| noise")]
    assert rows[0].startswith("| noise 0.5, n = 600 | 4 | 0.750* ")
    assert "| 0.000* " in rows[0]  # a lower bound of 0.1 where nothing is broken
    assert picture.stat().st_size > 0
    assert math.isclose(truth(BROKEN["all 0.25"])["SO(3)"], 0.25 / math.sqrt(1.1875))
