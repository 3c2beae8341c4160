"""What a finished run leaves behind, and that all of it says the same."""

from __future__ import annotations

import csv
import json
from html.parser import HTMLParser

import pytest
import torch

from softsym.cli.report import main as report


def test_folder_is_complete(finished):
    names = {path.name for path in finished.folder.iterdir()}
    wanted = {"config.yaml", "metrics.json", "strengths.csv", "symmetry_report.html", "train.log"}
    wanted |= {"run.json", "started.json", "cost.json", "figures", "predictions.npz"}
    assert wanted <= names
    assert not [name for name in names if name.endswith((".partial", ".tmp"))]
    checkpoints = {path.name for path in (finished.folder / "checkpoints").iterdir()}
    assert checkpoints == {"best.ckpt", "last.ckpt"}


def test_record_says_how_it_ended_and_metrics_hold_the_validation(finished):
    record = json.loads((finished.folder / "run.json").read_text())
    assert record["status"] == "finished"
    assert "train.py" in record["command"]
    started = json.loads((finished.folder / "started.json").read_text())
    assert started["command"] == record["command"]
    assert "threads=1" in started["overrides"]
    assert started["choices"]["network"] == "soft_emlp"
    best = torch.load(finished.folder / "checkpoints" / "best.ckpt", weights_only=True)
    kept = next(v for k, v in best["callbacks"].items() if k.startswith("BestCheckpoint"))
    assert finished.metrics[record["monitor"]] == float(kept["best_model_score"])


def test_the_command_can_be_given_again(train):
    """The folder that a run finds for itself is no part of it."""
    train("name=mine", "trainer.max_epochs=2")
    (record,) = train.folder.glob("outputs/mine/*/run.json")
    command = json.loads(record.read_text())["command"]
    assert "trainer.max_epochs=2" in command
    assert "run_dir" not in command


def test_the_moved_test_set_is_measured_told_and_drawn(finished):
    row = next((finished.folder / "csv").rglob("metrics.csv")).read_text()
    for name in ("xy", "yz", "xz", "o3"):
        assert finished.metrics[f"test/moved/{name}/mse"] > 0
        assert f"test/moved/{name}/mse" in row
    page = (finished.folder / "symmetry_report.html").read_text()
    assert "How much would a user lose if the world turned?" in page
    assert 'id="moved_test"' in page
    assert "If moved: change of test/mse" in finished.output


def test_strengths_are_tidy_and_adjusted_once(finished):
    rows = finished.strengths
    assert list(rows[0]) == ["epoch", "name", "strength", "penalty"]
    assert len(rows) == 24 * 4
    seen = {}
    for row in rows:
        seen.setdefault(row["name"], []).append(float(row["strength"]))
    assert list(seen) == ["xy", "yz", "xz", "o3"]
    for name in ("xy", "yz", "xz"):
        assert set(seen[name][:6]) == {10.0}
        assert len(set(seen[name][6:])) == 1
    assert max(seen[name][-1] for name in seen) == 10.0
    assert set(seen["o3"]) == {0.0}


def test_checkpoint_csv_and_metrics_hold_the_same_strengths(finished):
    checkpoint = torch.load(finished.folder / "checkpoints" / "last.ckpt", weights_only=True)
    kept = {n: checkpoint["callbacks"][f"Regularizer[{n}]"]["strength"] for n in ("xy", "yz", "xz")}
    last = {row["name"]: float(row["strength"]) for row in finished.strengths}
    with next((finished.folder / "csv").rglob("metrics.csv")).open() as file:
        logged = [row for row in csv.DictReader(file) if row.get("strength/xy")][-1]
    for name, strength in kept.items():
        assert last[name] == strength == finished.metrics[f"strength/{name}"]
        assert float(logged[f"strength/{name}"]) == strength


def test_state_dict_is_a_plain_network(finished):
    checkpoint = torch.load(finished.folder / "checkpoints" / "last.ckpt", weights_only=True)
    assert all(key.startswith("network.") for key in checkpoint["state_dict"])


def test_terminal_ends_with_table_and_report(finished):
    for word in ("O(2)@xy", "Strength", "Penalty", "Verdict", "test/mse"):
        assert word in finished.output
    assert f"Report: {finished.folder / 'symmetry_report.html'}" in finished.output.splitlines()[-1]


def test_report_needs_nothing_from_outside(finished):
    class References(HTMLParser):
        def __init__(self):
            super().__init__()
            self.found = []

        def handle_starttag(self, tag, attrs):
            self.found += [
                v for k, v in attrs if k in ("src", "href") and not v.startswith(("#", "data:"))
            ]

    page = (finished.folder / "symmetry_report.html").read_text()
    references = References()
    references.feed(page)
    assert references.found == []
    assert "O(2)@xy" in page
    assert "train.py logger=csv" in page
    assert page.count("<svg") >= 4


def test_same_seed_same_result(finished, train):
    assert train().metrics == finished.metrics


@pytest.mark.slow
def test_other_seed_other_result(finished, train):
    assert train("seed=1").metrics["test/mse"] != finished.metrics["test/mse"]


@pytest.mark.parametrize("logger", ["none", "tensorboard"])
def test_other_loggers(train, logger):
    run = train(f"logger={logger}", "trainer.max_epochs=2")
    written = [p.name for p in run.folder.rglob("*") if "tfevents" in p.name]
    assert bool(written) == (logger == "tensorboard")
    assert (run.folder / "csv").exists() == (logger == "tensorboard")


def test_wandb_offline_never_asks_and_keeps_figures(train):
    run = train("logger=wandb", "trainer.max_epochs=14")
    (offline,) = (run.folder / "wandb").glob("offline-run-*")
    assert list(offline.glob("run-*.wandb"))
    pictures = [p.name for p in offline.rglob("*.png")]
    assert any("strengths" in name for name in pictures)
    assert next((run.folder / "csv").rglob("metrics.csv")).exists()
    binary = next(offline.glob("run-*.wandb")).read_bytes()
    for key in (b"strength/xy", b"penalty/yz", b"train/loss", b"val/mse", b"test/mse"):
        assert key in binary


def test_help_and_cfg_explain(train):
    explained = train("--help").output
    for group in ("experiment", "datamodule", "network", "regularizers", "policy", "trainer"):
        assert f"\n  {group} " in explained
    composed = train("--cfg", "job", "experiment=inertia", tiny=False).output
    assert "max_epochs: 8000" in composed
    assert "group: O(2)@xy" in composed


def test_the_page_of_one_run_is_made_again_from_its_folder(finished, tmp_path, capsys):
    page = tmp_path / "page.html"
    report([str(finished.folder), "--output", str(page)])
    assert page.read_text() == (finished.folder / "symmetry_report.html").read_text()
    assert "O(2)@xy" in capsys.readouterr().out
