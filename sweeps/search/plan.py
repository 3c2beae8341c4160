"""The plan of a search: what is fixed, what is searched, and how trials are pruned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from softsym.cli.quoting import override
from softsym.runs.errors import UserError
from softsym.runs.files import write_atomically
from softsym.runs.flatten import flatten
from softsym.runs.layout import CONFIG
from softsym.runs.untrusted import UnreadableError, read_yaml
from softsym.sweeps.overrides import key_of, merged
from softsym.sweeps.search.space import Choice, Parameter, parse_space

KEYS = ("name", "experiment", "overrides", "monitor", "space", "pruning")
OURS = ("run_dir", "ckpt_path", "sweep", "hydra.run.dir", "monitor")
"""Keys that a search sets for its trials by itself."""


@dataclass(frozen=True)
class Plan:
    """What stays the same however often a search is continued."""

    experiment: str  # the recipe that trials vary
    overrides: tuple[str, ...]  # of train.py, which all trials share
    space: tuple[Parameter, ...]
    monitor: str | None = None  # the validation metric to minimize; None for the experiment's
    pruning: Mapping[str, Any] | None = None  # settings of successive halving

    @property
    def fixed(self) -> list[str]:
        """All overrides that trials share."""
        monitor = [] if self.monitor is None else [override("monitor", self.monitor)]
        return [override("experiment", self.experiment), *self.overrides, *monitor]

    def drawn(self, params: Mapping[str, Choice]) -> list[str]:
        """Overrides of one trial."""
        return [override(p.key, params[p.key]) for p in self.space]


def make_plan(search: Mapping[str, Any], overrides: Sequence[str]) -> Plan:
    """The plan of a file of ``conf/search/`` and of the user's overrides, which win."""
    strange = sorted(set(search) - set(KEYS))
    if strange:
        raise UserError(
            f"A search has no {', '.join(strange)}; it takes {', '.join(KEYS)}. More overrides of "
            "train.py's config go into overrides=[...]."
        )
    space = parse_space(search.get("space"))
    if not isinstance(search.get("experiment"), str):
        raise UserError("A search needs an experiment to vary, such as experiment: inertia.")
    fixed = merged(_override_texts(search.get("overrides") or []), _override_texts(overrides))
    _check_keys(fixed, space)
    monitor = search.get("monitor")
    if monitor is not None and not str(monitor).startswith("val/"):
        raise UserError(
            f"monitor={monitor}: a search minimizes a validation metric, such as val/mse; the test "
            "must play no part."
        )
    pruning = search.get("pruning")
    if not (pruning is None or isinstance(pruning, Mapping)):
        raise UserError(
            f"pruning must be null or settings such as {{min_epochs: 100}}; got {pruning}."
        )
    return Plan(search["experiment"], tuple(fixed), space, monitor, pruning)


def require_same_plan(plan: Plan, folder: Path) -> None:
    """Raises a UserError if a search in the folder has another plan."""
    path = folder / CONFIG
    if not path.exists():
        return
    try:
        then = read_yaml(path)
    except (OSError, UnreadableError) as error:
        raise UserError(
            f"The plan {str(path)!r} cannot be read: {error}. Put it back, or start a new search "
            "with name=<name>."
        ) from None
    # not with dots, which the keys of the space contain themselves
    before, after = flatten(then, separator="/"), flatten(_as_dict(plan), separator="/")
    changed = [
        f"{key}: {before.get(key)!r} then, {after.get(key)!r} now"
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    ]
    if changed:
        raise UserError(
            f"The folder {str(folder)!r} holds another search: {'; '.join(changed[:5])}. Give the "
            "same values to continue it, or start a new one with name=<name>."
        )


def keep_plan(plan: Plan, folder: Path) -> None:
    """Writes the plan into a folder that has none."""
    if not (folder / CONFIG).exists():
        text = yaml.safe_dump(_as_dict(plan), sort_keys=False, allow_unicode=True)
        write_atomically(folder / CONFIG, text)


def _as_dict(plan: Plan) -> dict[str, Any]:
    """The content of the plan's file."""
    space = {}
    for p in plan.space:
        numbers = {"low": p.low, "high": p.high, "log": p.log, "step": p.step}
        values = {"choices": list(p.choices)} if p.type == "categorical" else numbers
        space[p.key] = {"type": p.type, **values}
    return {
        "experiment": plan.experiment,
        "overrides": {key_of(text): text for text in plan.overrides},
        "monitor": plan.monitor,
        "space": space,
        "pruning": None if plan.pruning is None else dict(plan.pruning),
    }


def _override_texts(given: object) -> list[str]:
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise UserError(f"overrides must be a list, such as [trainer.max_epochs=100]; got {given}.")
    for text in given:
        if not isinstance(text, str) or not ("=" in text or text.startswith("~")):
            raise UserError(
                f"overrides: {text!r} is no override of train.py; write key=value, such as "
                "overrides=[trainer.max_epochs=100]."
            )
    return [str(text) for text in given]


def _check_keys(fixed: Sequence[str], space: Sequence[Parameter]) -> None:
    keys = {key_of(text) for text in fixed}
    searched = {p.key for p in space}
    for key in sorted(keys & searched):
        raise UserError(f"{key} is searched, so it cannot be fixed: take it out of overrides.")
    for key in sorted((keys | searched) & {*OURS, "experiment"}):
        way = f"search.{key}=..." if key in ("monitor", "experiment") else "folder=<folder>"
        raise UserError(f"{key} is set by the search; give it as {way}.")
