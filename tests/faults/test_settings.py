"""Every key of every yaml under ``conf/`` has a type, and refuses at once what is not of it.

A new yaml is found by itself, and its defaults tell what its keys must refuse. A key that takes
more than its default tells gets a line in ``TAKES``.
"""

from __future__ import annotations

import copy
import re
import sys
import typing
from functools import cache
from typing import Literal, get_args, get_type_hints

import pytest
import yaml
from hydra import compose, initialize_config_dir
from hydra.utils import get_object
from omegaconf import OmegaConf
from torch import Tensor
from typing_extensions import TypedDict

from softsym.cli import resolvers
from softsym.cli.choices import CONF
from softsym.cli.settings import data, objects, schema
from softsym.cli.settings.check import check_settings, settings
from softsym.cli.settings.constructors import check_constructors
from softsym.runs.errors import UserError

resolvers.register()
NOT_COMPOSED = {"hydra", "wandb_sweep", "experiment"}
"""Files for Hydra itself and for other programs; recipes set keys of the other files alone."""
FILES = sorted(
    path.relative_to(CONF).with_suffix("").as_posix()
    for path in CONF.rglob("*.yaml")
    if not NOT_COMPOSED & set(path.relative_to(CONF).parts[:-1])
)
LAUNCHERS = ["hydra/launcher/local", "hydra/launcher/slurm"]

WRONG = {
    "null": None,
    "list": [[1]],
    "mapping": {"a": [1]},
    "text": "some text",
    "negative": -7,
    "zero": 0,
    "fraction": 0.37,
    "nan": float("nan"),
    "infinite": float("inf"),
    "huge": 10**30,
    "true": True,
    "empty": "",
    "two lines": "a\nb",
}
NEVER = {"list", "mapping", "nan", "infinite", "two lines", "empty"}
REFUSED = {
    bool: {*NEVER, "null", "text", "negative", "zero", "fraction", "huge"},
    int: {*NEVER, "null", "text", "negative", "zero", "fraction", "huge", "true"},
    float: {*NEVER, "null", "text", "negative", "true"},
    str: {*NEVER, "null", "true"},
    list: {*NEVER, "null", "text", "negative", "zero", "huge", "true"},
    dict: {*NEVER, "null", "text", "negative", "zero", "huge", "true"},
    type(None): NEVER,
}
"""What a key refuses, by the type of its default."""
TAKES = {
    "zero": {
        *(
            "max_epochs",
            "axis",
            "seed",
            "data_seed",
            "split_seed",
            "simulation_seed",
            "startup",
            "retries",
        ),
        *("workers", "neighbours", "num_sanity_val_steps", "log_every_n_steps", "total_iters"),
        *(
            "stop_seconds",
            "low",
            "high",
            "max_steps",
            "patience",
            "signal_delay_s",
            "spared",
            "report_every",
            "fast_dev_run",
            "frame_in",
        ),
    },
    "negative": {"eps", "shift", "low", "high", "field"},
    "fraction": {"stop_seconds", "low", "high", "step"},
    "huge": {"stop_seconds", "low", "high", "step"},
    "null": {
        *("threads", "step", "ood", "data_seed", "job_type", "tags"),
        *("candidates", "fused", "plugins", "overrides", "process_group_backend", "pruning"),
    },
    "true": {"deterministic", "compile", "fast_dev_run"},
    "text": {"strategy", "split"},
}
"""What a key takes beside: wrong value -> last words of keys."""


@cache
def part(file):
    """The content of a file and of those that it builds on, as plain values, and its schema."""
    group = file.rpartition("/")[0]
    if group == "hydra/launcher":
        return yaml.safe_load((CONF / f"{file}.yaml").read_text()), schema.Executor
    with initialize_config_dir(str(CONF), version_base="1.3"):
        plain = OmegaConf.to_container(compose(file), resolve=False)
    if group in ("regularizer", "pruning"):
        return plain[group], schema.OBJECTS[plain[group]["_target_"].removeprefix("softsym.")]
    whole = schema.Sweep if {"sweep", "search", "executor"} & {file, group} else schema.Train
    if not group:
        return plain, whole
    kinds = get_type_hints(whole, include_extras=True)
    return plain, TypedDict("OneGroup", {group: kinds[group]})


@cache
def keys():
    """File -> settings that no file before it has: each key of a class is tried once."""
    seen, found = set(), {}
    for file in FILES + LAUNCHERS:
        every = [each for each in settings(*part(file)) if not each.key.startswith("A name")]
        owners = {e.key[: -len("._target_")]: e.value for e in every if e.key.endswith("_target_")}
        found[file] = []
        for each in every:
            section, _, name = each.key.rpartition(".")
            place = (owners.get(section, section), name)
            if place not in seen and each.kind is not None:
                found[file].append(each)
            seen.add(place)
    return found


def set_in(plain, key, value):
    """A copy of the plain config with another value; None where the key's name has dots itself."""
    changed = copy.deepcopy(plain)
    node, *names = [changed, *key.split(".")]
    for name in names[:-1]:
        node = node.get(name) if isinstance(node, dict) else None
    if not isinstance(node, dict) or names[-1] not in node:
        return None
    node[names[-1]] = value
    return changed


def complaint(plain, kinds):
    try:
        for each in settings(plain, kinds):
            if not each.computed:
                each.fit(each.value, lambda key: "")
    except UserError as error:
        return str(error)
    return ""


def wanted(setting, wrong):
    """Whether a key must refuse a wrong value."""
    takes = setting.key.rpartition(".")[2] in TAKES.get(wrong, ())
    refused = NEVER if setting.computed else REFUSED[type(setting.value)]
    return wrong in refused and not takes


@pytest.mark.parametrize("file", FILES + LAUNCHERS)
def test_every_key_has_a_type(file):
    found = list(settings(*part(file)))
    assert [each.key for each in found if each.kind is None or each.lacking or each.strange] == []


def tries(file):
    """Each wrong value at each key of a file: the setting, the name of the value, the message."""
    plain, kinds = part(file)
    for setting in keys()[file]:
        for wrong, value in WRONG.items():
            changed = set_in(plain, setting.key, value)
            if changed is not None and value != setting.value:
                yield setting, wrong, complaint(changed, kinds)


@pytest.mark.parametrize("file", FILES + LAUNCHERS)
def test_what_is_of_another_type_or_means_nothing_is_refused_by_name(file):
    silent, vague = [], []
    for setting, wrong, said in tries(file):
        if said and setting.key not in said:
            vague.append((setting.key, wrong, said))
        if wanted(setting, wrong) and not said:
            silent.append((setting.key, wrong, setting.value))
    assert (silent, vague) == ([], [])


class Own:
    """A user's class, whose constructor says what it takes."""

    def __init__(
        self,
        width: int,
        rate: float = 0.1,
        files: list[str] | None = None,
        kind: Literal["a", "b"] = "a",
        sizes: tuple[int, ...] = (),
        loose: int = None,  # noqa: RUF013 (as many people write it)
        group: str | Tensor = "O(3)",
        anything=None,
        **more: object,
    ) -> None: ...


OWN = [
    ("width", 3, ""),
    ("width", "wide", "own.width must be a whole number; got 'wide'. So says the constructor of"),
    ("width", True, "got true"),
    ("width", None, "own.width must be a whole number; got null"),
    ("rate", [0.1], "own.rate must be a number; got [0.1]"),
    ("rate", 1, ""),
    ("files", "a.npz", "own.files must be a list (each text) or null; got 'a.npz'"),
    ("files", ["a.npz"], ""),
    ("kind", "c", "own.kind must be a or b; got 'c'"),
    ("sizes", [1, 2], ""),
    ("sizes", [1, "x"], "own.sizes must be a list (each a whole number); got [1, 'x']"),
    ("loose", None, ""),
    ("group", 5, "own.group must be text; got 5"),
    ("anything", {"a": 1}, ""),
    ("unknown", 1, ""),
]


@pytest.mark.parametrize(("name", "value", "words"), OWN)
def test_constructors_of_own_classes_are_asked_too(name, value, words):
    plain = {"own": {"_target_": f"{__name__}.Own", name: value}}
    sys.modules.setdefault(__name__, sys.modules[Own.__module__])
    if not words:
        check_constructors(plain, schema.Unknown)
        return
    with pytest.raises(UserError, match=re.escape(words)):
        check_constructors(plain, schema.Unknown)


@pytest.mark.parametrize(
    ("kind", "choices"),
    [
        (schema.Train.__annotations__["init"], "networks.initialization.INITIALIZATIONS"),
        (schema.Train.__annotations__["compile_mode"], "lightning_modules.compilation.MODES"),
        (data.EthUcy.__annotations__["scene"], "datamodules.motion.environments.SCENES"),
        (data.Waymo.__annotations__["normalisation"], "datamodules.motion.waymo_windows.CHOICES"),
        (data.Waymo.__annotations__["centring"], "datamodules.motion.waymo_windows.CENTRINGS"),
        (objects.Regularizer.__annotations__["path"], "regularizers.path.ROLES"),
        (data.SE3Distance.__annotations__["symmetry"], "datamodules.se3_distance.KEPT_GROUPS"),
    ],
)
def test_choices_are_those_of_the_code(kind, choices):
    named = kind.__forward_value__ or eval(kind.__forward_arg__, vars(typing))
    assert set(get_args(named)) == set(get_object(f"softsym.{choices}"))


def test_whole_numbers_and_text_become_such():
    plain = {"name": 2024, "seed": 1e3, "adjust_epoch": "${seed}"}
    config = OmegaConf.create(plain)
    kinds = {name: schema.Train.__annotations__[name] for name in plain}
    check_settings(config, TypedDict("Some", kinds))
    assert (config.name, config.seed) == ("2024", 1000)
    assert isinstance(config.seed, int)
