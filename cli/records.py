"""What a run writes into its folder at the start, and the checks before it resumes there."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from softsym.cli.places import require_run
from softsym.runs.errors import UserError
from softsym.runs.files import clear_leftovers, write_atomically, write_json
from softsym.runs.flatten import flatten
from softsym.runs.layout import CHECKPOINTS, CONFIG, LAST_CHECKPOINT, LOCK, LOG, RECORD, STARTED
from softsym.runs.locks import locked
from softsym.runs.outcome import is_finished
from softsym.runs.untrusted import UnreadableError, read_yaml

MAY_CHANGE = (
    "basis_cache",
    "callbacks",
    "checkpoint",
    "ckpt_path",
    "debug",
    "logger",
    "module.scheduler.T_max",
    "paths",
    "run_dir",
    "scheduler",
    "sweep",
    "test_model",
    "threads",
    "track_dim",
    "trainer",
)
"""Keys that may change when a run resumes; all others decide what it computes."""
PLACES_NOTE = "# Paths that begin with ./ are in this folder, wherever it is.\n"


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


def is_complete(folder: Path, config: DictConfig) -> bool:
    """Whether the run in a folder has finished, and trained as long as the config asks."""
    if not is_finished(folder):
        return False
    before = stored_config(folder).get("trainer")
    lengths = {key: config.trainer[key] for key in ("max_epochs", "max_steps")}
    return isinstance(before, dict) and lengths.items() <= before.items()


def require_same_run(config: DictConfig, folder: Path, ckpt_path: str | None) -> None:
    """Keeps one run from overwriting another.

    Args:
        config: The composed config.
        folder: The run folder.
        ckpt_path: The checkpoint to resume from; None for a new run.

    Raises:
        UserError: If the folder holds a run and this one does not resume it, or resumes it with
            another seed, other data, another model or other hyperparameters; if its config cannot
            be read, or there is no run to resume.
    """
    if not (folder / CONFIG).exists() and not (folder / LAST_CHECKPOINT).exists():
        if ckpt_path == "last":
            require_run(folder)
        return
    if ckpt_path is None:
        raise UserError(
            f"The folder {str(folder)!r} holds a run already. Continue it with ckpt_path=last, or "
            "choose another with run_dir=<folder>."
        )
    before, now = _decisive(stored_config(folder)), _decisive(portable_config(config, folder))
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


def stored_config(folder: Path) -> dict[str, Any]:
    """Reads the config of a run folder as data: nothing in it is resolved or built.

    Raises:
        UserError: If it is missing or damaged, or is no config.
    """
    try:
        settings = read_yaml(folder / CONFIG)
        if isinstance(settings, dict):
            return settings
        reason = "it holds no settings"
    except OSError as error:
        reason = error.strerror or str(error)
    except UnreadableError as error:
        reason = str(error)
    raise UserError(
        f"{str(folder / CONFIG)!r} cannot be read: {reason}. Without it nobody can tell whether "
        "the run in the folder is this one. Put back a copy, or start a new run with "
        "run_dir=<folder>, which may begin with the weights there: init_from=<folder>."
    )


def _decisive(settings: Mapping[str, Any]) -> dict[str, object]:
    """Leaves of a config that decide what a run computes."""
    leaves = {
        key: leaf
        for key, leaf in flatten(settings).items()
        if key not in MAY_CHANGE and key.partition(".")[0] not in (*MAY_CHANGE, "hydra")
    }
    # runs of version 0.1.0 and before name our classes without "softsym."
    targets = {key: str(leaf) for key, leaf in leaves.items() if key.endswith("_target_")}
    return leaves | {key: target.removeprefix("softsym.") for key, target in targets.items()}


def portable_config(config: DictConfig, folder: Path) -> dict[str, Any]:
    """The resolved config with places in the run folder relative to it, so that it may move.

    Args:
        config: The composed config.
        folder: The run folder, absolute.
    """

    def portable(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: portable(value) for key, value in node.items()}
        if isinstance(node, list):
            return [portable(value) for value in node]
        inside = isinstance(node, str) and f"{node}/".startswith(f"{folder}/")
        return f".{node[len(str(folder)) :]}" if inside else node

    settings: dict[str, Any] = portable(OmegaConf.to_container(config, resolve=True))
    return settings | ({"run_dir": "."} if "run_dir" in settings else {})


@contextmanager
def removed_if_unused(folder: Path) -> Iterator[None]:
    """Removes the run folder, which Hydra has made, if the body fails before it writes there."""
    try:
        yield
    except BaseException:
        with suppress(OSError):  # it is not empty
            folder.rmdir()
        raise


def start_records(config: DictConfig, folder: Path, start: Mapping[str, Any]) -> None:
    """Opens the log file and writes the config; call it on rank 0.

    Args:
        config: The composed config.
        folder: The run folder.
        start: What the run was started with.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for place in (folder, folder / CHECKPOINTS):
        clear_leftovers(place)
    (folder / RECORD).unlink(missing_ok=True)  # it would say that this run has ended
    handler = logging.FileHandler(folder / LOG)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    write_json(folder / STARTED, dict(start))
    text = OmegaConf.to_yaml(OmegaConf.create(portable_config(config, folder)))
    write_atomically(folder / CONFIG, PLACES_NOTE + text)
