"""The run folder: whose it is, its config and its log."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from omegaconf import DictConfig, OmegaConf

from softsym.cli.errors import UserError
from softsym.cli.resolvers import CONFIG, RECORD, STARTED
from softsym.reporting.files import write_atomically

log = logging.getLogger(__name__)

LOCK = ".lock"

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
"""Keys that a resumed run may change; all others decide what it computes."""


@contextmanager
def held(folder: Path, wait: bool) -> Iterator[bool]:
    """Keeps the folder for this process, until the body or the process ends in whatever way.

    Args:
        folder: The run folder.
        wait: For another process that trains in it; or fail at once.

    Yields:
        Whether there was one to wait for.

    Raises:
        UserError: If another process trains in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock, waited = FileLock(folder / LOCK), False
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if not wait:
            raise UserError(
                f"Another process trains in {str(folder)!r}. Wait for it, or choose another folder "
                "with run_dir=<folder>."
            ) from None
        log.info("Another process trains in %s: waiting for it to end.", folder)
        lock.acquire()
        waited = True
    try:
        yield waited
    finally:
        lock.release()


def is_finished(folder: Path, config: Any = None) -> bool:
    """Whether a run in the folder came to its end and left all it leaves.

    Args:
        folder: The run folder.
        config: The config of a run that would go on there; one that is to train longer is not
            finished by what is there.
    """
    try:
        ended = bool(json.loads((folder / RECORD).read_text())["status"] == "finished")
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return ended and (config is None or _length(OmegaConf.load(folder / CONFIG)) == _length(config))


def _length(config: Any) -> list[Any]:
    return [config.trainer.max_epochs, config.trainer.max_steps]


def require_same_run(config: DictConfig, folder: Path, ckpt_path: str | None) -> None:
    """Keeps one run from writing over another.

    Args:
        config: The composed config.
        folder: The run folder.
        ckpt_path: The checkpoint that is resumed, None if none is.

    Raises:
        UserError: If the folder holds a run and this one does not resume it, or resumes it with
            another seed, data, model or hyperparameters.
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
    """The leaves that decide what a run computes; without resolving the others."""
    kept = [key for key in config if key not in (*MAY_CHANGE, "hydra")]
    return {
        f"{key}.{rest}".rstrip("."): leaf
        for key in kept
        for rest, leaf in flat(config[key]).items()
    }


def flat(config: object) -> dict[str, object]:
    """The leaves of a config by their dotted keys, resolved."""
    node = OmegaConf.to_container(config, resolve=True) if OmegaConf.is_config(config) else config
    if isinstance(node, dict) and node:
        leaves = ((key, flat(value)) for key, value in node.items())
        return {
            f"{key}.{rest}".rstrip("."): leaf
            for key, found in leaves
            for rest, leaf in found.items()
        }
    return {"": node}


def start_records(config: DictConfig, folder: Path, start: Mapping[str, Any]) -> None:
    """Opens the log file and writes the config, on rank 0.

    Args:
        config: The composed config.
        folder: The run folder.
        start: What the run was started with.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RECORD).unlink(missing_ok=True)  # until this run has ended as well
    handler = logging.FileHandler(folder / "train.log")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    write_atomically(folder / STARTED, json.dumps(dict(start), indent=2) + "\n")
    write_atomically(folder / CONFIG, OmegaConf.to_yaml(config, resolve=True))
