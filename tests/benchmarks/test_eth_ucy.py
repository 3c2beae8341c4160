"""The standard protocol of ETH/UCY: what runs, and what is made of it."""

import json

import pytest

from benchmarks import eth_ucy
from benchmarks.grid.plan import Run, planned
from benchmarks.pedestrians.plan import MODELS, SAID, recipes
from benchmarks.pedestrians.tables import cells, errors_table, strengths_table, symmetries_table
from softsym.datamodules.eth_ucy import SCENES

CANDIDATES = {"so2": "SO(2)", "reflect_x": "Reflect(2)"}
WALKERS = {
    ("eth", "constant_velocity"): {"test/ade": 0.45, "test/fde": 1.0, "run/parameters": 0.0},
    ("hotel", "constant_velocity"): {"test/ade": 0.3, "test/fde": 0.6, "run/parameters": 0.0},
}


def test_the_protocol_by_default(tmp_path):
    given = eth_ucy.arguments(["--data-dir", str(tmp_path)])
    assert given.scenes == list(SCENES)
    assert given.models == list(MODELS)
    assert given.seeds == [0, 1, 2]
    assert given.epochs is None
    assert set(SAID) > set(MODELS)


def test_quick_is_short_and_elsewhere(tmp_path):
    given = eth_ucy.arguments(["--data-dir", str(tmp_path), "--quick"])
    assert (given.seeds, given.epochs) == ([0], eth_ucy.QUICK_EPOCHS)
    assert given.out != eth_ucy.arguments(["--data-dir", str(tmp_path)]).out


def test_what_is_asked_for_twice_runs_once(tmp_path):
    twice = ["--scenes", "eth", "eth", "--models", "mlp", "mlp", "--seeds", "1", "1"]
    given = eth_ucy.arguments(["--data-dir", str(tmp_path), *twice])
    assert (given.scenes, given.models, given.seeds) == (["eth"], ["mlp"], [1])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "--data-dir"),
        (["--data-dir", ".", "--scenes", "zurich"], "invalid choice: 'zurich'"),
        (["--data-dir", ".", "--models", "cnn"], "invalid choice: 'cnn'"),
        (["--data-dir", ".", "--epochs", "0"], "--epochs must be at least 1; got 0"),
        (["--data-dir", ".", "--jobs", "0"], "--jobs must be at least 1; got 0"),
        (["--data-dir", ".", "--seeds", "-1"], "--seeds must be at least 0; got -1"),
    ],
)
def test_bad_arguments(given, message, capsys):
    with pytest.raises(SystemExit):
        eth_ucy.arguments(given)
    assert message in capsys.readouterr().err


def test_every_model_is_measured_by_the_same_candidates(tmp_path):
    found = recipes(["hotel"], list(MODELS), tmp_path, tmp_path / "cache", 6)
    groups = ["SO(2)", "Reflect(2)", "Reflect(2, 1)", "Scaling(2)"]
    for recipe in found:
        assert sorted(recipe.candidates.values()) == sorted(groups)
        assert recipe.epochs == 6
        assert "datamodule.scene=hotel" in recipe.overrides
    assert len({recipe.candidates.keys() == found[0].candidates.keys() for recipe in found}) == 1


def done(run: Run, **metrics: float) -> None:
    run.folder.mkdir(parents=True)
    (run.folder / "metrics.json").write_text(json.dumps(metrics))
    (run.folder / "cost.json").write_text(json.dumps({"run/seconds": 9.0, "run/parameters": 7}))


@pytest.fixture
def runs(tmp_path):
    """Two scenes, one model, two seeds; the last run is missing."""
    found = recipes(["eth", "hotel"], ["per"], tmp_path, tmp_path / "cache", 6)
    all_runs = planned(found, [0, 1], tmp_path / "out")
    for number, run in enumerate(all_runs[:3]):
        values = {"test/ade": 0.4 + 0.1 * number, "test/fde": 0.8}
        strengths = {"strength/so2": 0.01, "strength/reflect_x": 0.1 * (1 + number)}
        strengths |= {"strength/reflect_y": 0.001, "strength/scaling": 0.001}
        done(run, **values, **strengths, **{"test/equivariance_error/so2": 0.2})
    return all_runs


def test_report_and_figures(runs, tmp_path):
    path = eth_ucy.write_report(runs, WALKERS, tmp_path / "out", "python benchmarks/eth_ucy.py")
    text = path.read_text()
    assert "python benchmarks/eth_ucy.py" in text
    assert (tmp_path / "out" / "figures" / "errors.png").stat().st_size > 1000
    assert (tmp_path / "out" / "figures" / "strengths.png").stat().st_size > 1000
    assert len((tmp_path / "out" / "results.csv").read_text().splitlines()) == 5


def test_without_strengths_there_is_no_word_of_them(tmp_path):
    found = recipes(["eth"], ["mlp"], tmp_path, tmp_path / "cache", 6)
    runs = planned(found, [0], tmp_path / "out")
    done(runs[0], **{"test/ade": 0.4, "test/fde": 0.8})
    path = eth_ucy.write_report(runs, WALKERS, tmp_path / "out", "python benchmarks/eth_ucy.py")
    assert "strengths" not in path.read_text()
    assert not (tmp_path / "out" / "figures" / "strengths.png").exists()


def test_tables(runs):
    from benchmarks.grid.results import read, summed_up

    found = cells(summed_up(read(runs)), WALKERS)
    errors = errors_table(found).splitlines()
    assert errors[0] == "| model | eth | hotel | mean of the scenes |"
    assert "**0.450 / 1.000**" in errors[2]
    assert "0.500 (0.141) / 0.800 (0.000)" in errors[3]
    assert "**0.300 / 0.600**" in errors[2]
    assert errors[3].endswith("| 0.500 / 0.800 |")
    assert "| 0.200 | - | 9 | 7 |" in symmetries_table(found, CANDIDATES)
    strengths = strengths_table(found, CANDIDATES).splitlines()
    assert strengths[2] == "| eth | 0.0333 to 0.1 | 1 |"
    assert strengths[3] == "| hotel | 0.05 | 1 |"


def test_a_scene_that_is_missing_leaves_no_mean(tmp_path):
    found = cells([], {**WALKERS, ("eth", "fitted_velocity"): {"test/ade": 1.0, "test/fde": 2.0}})
    line = next(line for line in errors_table(found).splitlines() if "fitted" in line)
    assert "- / -" in line
    assert line.endswith("| - / - |")
