"""The script: what it writes, what it publishes, and what it says when it cannot."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from softsym.cli import resolvers
from softsym.dashboards import wandb_workspace
from softsym.runs.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
resolvers.register()


@pytest.fixture(autouse=True)
def _without_key(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("NETRC", "/dev/null")
    if not wandb_workspace.importlib.util.find_spec("wandb_workspaces"):
        pytest.skip("the extra 'dashboard' is not installed")


def test_saves_the_same_bytes_each_time(tmp_path, capsys):
    for name in ("one.json", "two.json"):
        wandb_workspace.main(["seed=0,1", "--output", name, "--name", "mine", "initial_strength=5"])
    first = (tmp_path / "one.json").read_bytes()
    assert first == (tmp_path / "two.json").read_bytes()
    view = json.loads(first)
    assert (view["displayName"], view["project"]) == ("mine", "softsym")
    sections = view["spec"]["section"]["panelBankConfig"]["sections"]
    assert "Symmetries" in [section["name"] for section in sections]
    ids = [panel["__id__"] for section in sections for panel in section["panels"]]
    assert len(ids) == len(set(ids)) > 20
    (runs,) = view["spec"]["section"]["runSets"]
    assert runs["runFeed"]["columnPinned"]["summary:strength/xy"]
    assert "Workspace saved: one.json" in capsys.readouterr().out


class Server:
    """Stands for the workspace class's way to the server."""

    url = "https://wandb.test/me/p"
    entity, project = "me", "p"

    def __init__(self, error=None):
        self.error = error

    def save(self):
        if self.error:
            raise self.error


def test_publishes_where_a_key_is_configured(monkeypatch, capsys):
    monkeypatch.setenv("WANDB_API_KEY", "x" * 40)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    assert wandb_workspace.publish(Server()) == "https://wandb.test/me/p"
    broken = Server(ConnectionError("no route to host\nand more"))
    with pytest.raises(UserError, match="not published to me/p: no route to host Check key") as e:
        wandb_workspace.publish(broken)
    assert "\n" not in str(e.value)


def test_publishing_without_a_key_is_told():
    with pytest.raises(UserError, match="needs a key of Weights & Biases: set WANDB_API_KEY"):
        wandb_workspace.publish(Server())


def test_folder_and_overrides_are_one_too_many():
    with pytest.raises(UserError, match="leave out seed=1, or the folder"):
        wandb_workspace.main(["seed=1", "--folder", "outputs"])


def test_script_runs_from_anywhere_and_ends_in_one_line(tmp_path):
    script = [sys.executable, str(ROOT / "dashboards" / "wandb_workspace.py")]
    done = subprocess.run([*script, "sed=1"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip().startswith("error: Unknown config key 'sed'. Did you mean 'seed'?")
    assert len(done.stderr.strip().splitlines()) == 1
