"""What installed packages add, found through a fake one on the path."""

from __future__ import annotations

import importlib
import re
import shlex
import sys
from pathlib import Path

import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

from softsym import Symmetries
from softsym.cli import resolvers
from softsym.cli.choices import choices
from softsym.cli.named_symmetries import add_named_symmetries
from softsym.cli.overrides import CONF, check_overrides
from softsym.plugins import PluginError, load_plugin, plugins
from softsym.regularizers.kinds import of_kind
from softsym.runs.errors import UserError
from softsym.symmetries import Group, group
from softsym.symmetries.__main__ import main as groups_command

CODE = '''
import torch
from softsym import FunctionRegularizer, Group, StrengthPolicy
from softsym.datamodules.inertia import Inertia


class SwapOf(Group):
    """Exchanges the first two axes."""

    def __init__(self, n):
        swap = torch.eye(n)[[1, 0, *range(2, n)]]
        super().__init__(n, discrete_generators=[swap.tolist()])


class Gentle(FunctionRegularizer):
    """A function regularizer with a setting of its own."""

    def __init__(self, group, strength, rep_in=None, rep_out=None, dim=None, softness=0.5):
        super().__init__(group, strength, rep_in, rep_out, dim)
        self.softness = softness


class Patient(StrengthPolicy):
    """Changes nothing."""

    def __init__(self, epoch, patience=3):
        self.epoch, self.patience = epoch, patience

    def update(self, epoch, penalties, strengths):
        return {}


class Bodies(Inertia):
    """Ours, with two bodies."""

    def __init__(self, rep_in="2T0 + 2T1", rep_out="T2", samples=24, seed=0):
        super().__init__(2, -1.0, 2, samples, batch_size=8, rep_in=rep_in, seed=seed)


def function():
    """No class."""
'''
ENTRY_POINTS = """
[softsym.groups]
SwapOf = mine_parts:SwapOf
Absent = mine_parts:Absent
Renamed = mine_parts:SwapOf

[softsym.regularizers]
gentle = mine_parts:Gentle
broken = no_such_package.parts:Broken

[softsym.policies]
patient = mine_parts:Patient
function = mine_parts:function
odd-name = mine_parts:Patient

[softsym.datamodules]
bodies = mine_parts:Bodies
"""


@pytest.fixture(autouse=True)
def _installed(tmp_path, monkeypatch):
    """A package of a user, as pip leaves one."""
    info = tmp_path / "mine-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (tmp_path / "mine_parts.py").write_text(CODE)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    resolvers.register()
    yield
    sys.modules.pop("mine_parts", None)
    Group.families.pop("SwapOf", None)


def test_names_are_known_and_nothing_is_imported():
    assert plugins("policies").keys() == {"patient", "function"}
    assert "patient" in choices("policy", [CONF])
    assert "bodies" in choices("datamodule", [CONF])
    assert group("SO(3)").dim == 3
    check_overrides(["policy=fixed"])
    assert "mine_parts" not in sys.modules


def test_a_group_is_read_by_its_name():
    G = group("SwapOf(3)")
    assert torch.equal(G.discrete_generators[0][0], torch.tensor([0.0, 1.0, 0.0]).double())
    assert group("SwapOf(2)@xz", dim=3).dim == 3


def test_what_a_broken_group_says():
    with pytest.raises(PluginError) as caught:
        group("Absent(3)")
    assert str(caught.value) == (
        "The entry point Absent = mine_parts:Absent (softsym.groups) of the package mine cannot be "
        "used: AttributeError: module 'mine_parts' has no attribute 'Absent'"
    )
    with pytest.raises(
        PluginError, match=r"'Renamed' \(softsym.groups\) must have the name of its"
    ):
        group("Renamed(3)")
    with pytest.raises(ValueError, match=r"Did you mean SwapOf\?.* SwapOf, Time"):
        group("Swapof(3)")


def test_the_list_of_groups_leaves_out_what_is_broken(capsys):
    assert groups_command(["--list"]) == 0
    said = capsys.readouterr()
    assert "SwapOf(n)" in said.out
    assert "warning: The entry point Absent = mine_parts:Absent" in said.err


def test_a_regularizer_is_a_kind():
    made = of_kind("gentle", "SO(3)", 2.0, ("T1", "T0"), 3)
    assert (made.strength, made.softness) == (2.0, 0.5)
    added = Symmetries({"xy": "O(2)@xy"}, kind="gentle", rep_in="T1", rep_out="T0", dim=3)
    assert type(added.regularizers["xy"]).__name__ == "Gentle"
    with pytest.raises(PluginError, match="ModuleNotFoundError: No module named 'no_such_package'"):
        of_kind("broken", "SO(3)", 2.0, ("T1", "T0"), 3)
    with pytest.raises(ValueError, match="function, lie, projection, gentle, broken; got 'x'"):
        of_kind("x", "SO(3)", 2.0, ("T1", "T0"), 3)


def test_the_command_line_finds_policies_and_data_by_name():
    config = check_overrides(["policy=patient", "datamodule=bodies", "policy.patience=7"])
    assert config.policy.epoch == config.adjust_epoch
    made = instantiate(config.policy)
    assert (type(made).__name__, made.patience) == ("Patient", 7)
    assert str(config.network.rep_in) == "2T0 + 2T1"
    assert instantiate(config.datamodule).samples == 24


def test_the_command_line_finds_regularizers_by_name():
    given = ["regularizers=none", "symmetries=[SwapOf(3)]", "symmetry_kind=gentle"]
    config = check_overrides(given)
    add_named_symmetries(config)
    made = instantiate(config.regularizers["SwapOf(3)"])
    assert (made.softness, made.strength) == (0.5, config.initial_strength)
    assert made.group == group("SwapOf(3)")
    named = check_overrides(["+regularizer@regularizers.own=gentle", "regularizers.own.group=O(3)"])
    assert OmegaConf.to_container(named.regularizers.own)["softness"] == 0.5


def test_what_is_broken_is_named_in_one_line_and_only_if_asked_for():
    with pytest.raises(PluginError, match=r"function = mine_parts:function .* it is no class but"):
        check_overrides(["policy=function"])
    with pytest.raises(UserError, match=r"no policy called 'patiant'\. Did you mean 'patient'\?"):
        check_overrides(["policy=patiant"])
    with pytest.raises(UserError, match=r"one of function, projection, lie, gentle, broken; got x"):
        check_overrides(["symmetry_kind=x"])
    broken = check_overrides(["symmetries=[SO(3)]", "symmetry_kind=broken"])
    with pytest.raises(PluginError, match="No module named 'no_such_package'"):
        add_named_symmetries(broken)


def test_a_missing_name_is_a_key_error():
    with pytest.raises(KeyError):
        load_plugin("groups", "Nobody")


def test_the_commands_of_the_documentation():
    text = (Path(__file__).parents[1] / "docs" / "your_package.md").read_text()
    lines = [shlex.split(line) for line in re.findall("^(?:python|softsym) .*", text, re.MULTILINE)]
    assert len(lines) == 3
    for program, first, *words in lines:
        if program == "python":
            assert first == "train.py"
            check_overrides(words)
        else:
            assert groups_command(words) == 0
