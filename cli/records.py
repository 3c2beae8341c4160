"""What a run writes into its folder at the start, and the checks before it resumes there."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from softsym.runs.errors import UserError
from softsym.runs.files import write_atomically, write_json
from softsym.runs.flatten import flatten
from softsym.runs.layout import CONFIG, LOCK, LOG, RECORD, STARTED
from softsym.runs.locks import locked
from softsym.runs.outcome import is_finished

MAY_CHANGE = (
    "basis_cache",
    "callbacks",
    "checkpoint",
    "ckpt_path",
    "debug",
    "logger",
    "paths",
    "run_dir",
    "scheduler",
    "sweep",
    "threads",
    "track_dim",
    "trainer",
)
"""Keys that may change when a run resumes; all others decide what it computes."""


def held(folder: Path, wait: bool) -> AbstractContextManager[bool]:
    """Holds the lock of a run folder; yields whether another process trained in it before.

    Args:
        folder: The run folder.
        wait: Wait for another process that trains in it, instead of failing at once.

    Raises:
        UserError: If another process trains in it and ``wait`` is false.
    """
    refusal = (
        f"Another process trains in {str(folder)!r}. Wait for it, or choose another folder with "
        "run_dir=<folder>."
    )
    return locked(folder / LOCK, refusal, wait)


def is_complete(folder: Path, config: Any) -> bool:
    """Whether the run in a folder has finished, and trained as long as the config asks."""
    if not is_finished(folder):
        return False
    return _length(OmegaConf.load(folder / CONFIG)) == _length(config)


def _length(config: Any) -> list[Any]:
    return [config.trainer.max_epochs, config.trainer.max_steps]


def require_same_run(config: DictConfig, folder: Path, ckpt_path: str | None) -> None:
    """Keeps one run from overwriting another.

    Args:
        config: The composed config.
        folder: The run folder.
        ckpt_path: The checkpoint to resume from; None for a new run.

    Raises:
        UserError: If the folder holds a run and this one does not resume it, or resumes it with
            another seed, other data, another model or other hyperparameters.
    """
    stored = folder / CONFIG
    if not stored.exists():
        return
    if ckpt_path is None:
        raise UserError(
            f"The folder {str(folder)!r} holds a run already. Continue it with ckpt_path=last, or "
            "choose another with run_dir=<folder>."
        )
    before, now = _decisive(OmegaConf.load(stored)), _decisive(config)
    changed = [
        f"{key}: {before.get(key)!r} then, {now.get(key)!r} now"
        for key in sorted(before.keys() | now.keys(), key=lambda key: (key.count("."), key))
        if before.get(key) != now.get(key)
    ]
    if changed:
        raise UserError(
            f"The run in {str(folder)!r} cannot be resumed with another config: "
            f"{'; '.join(changed[:5])}. Give the same values, or name the run to resume with "
            "run_dir=<folder>."
        )


def _decisive(config: Any) -> dict[str, object]:
    """Leaves of the config that decide what a run computes; the others are not even resolved."""
    leaves: dict[str, object] = {}
    for key in config:
        if key not in (*MAY_CHANGE, "hydra"):
            node = config[key]
            is_node = OmegaConf.is_config(node)
            leaves |= flatten(OmegaConf.to_container(node, resolve=True) if is_node else node, key)
    # runs of version 0.1.0 and before name our classes without "softsym."
    targets = {key: str(leaf) for key, leaf in leaves.items() if key.endswith("_target_")}
    return leaves | {key: target.removeprefix("softsym.") for key, target in targets.items()}


def start_records(config: DictConfig, folder: Path, start: Mapping[str, Any]) -> None:
    """Opens the log file and writes the config; call it on rank 0.

    Args:
        config: The composed config.
        folder: The run folder.
        start: What the run was started with.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RECORD).unlink(missing_ok=True)  # it would say that this run has ended
    handler = logging.FileHandler(folder / LOG)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    write_json(folder / STARTED, dict(start))
    write_atomically(folder / CONFIG, OmegaConf.to_yaml(config, resolve=True))
