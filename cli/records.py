"""The run folder: whose it is, its config and its log."""

from __future__ import annotations

import logging
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from cli.errors import UserError
from cli.resolvers import CONFIG
from reporting.files import write_atomically

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
    "threads",
    "track_dim",
    "trainer",
)
"""Keys that a resumed run may change; all others decide what it computes."""


def require_same_run(config: DictConfig, folder: Path) -> None:
    """Keeps one run from writing over another.

    Args:
        config: The composed config.
        folder: The run folder.

    Raises:
        UserError: If the folder holds a run and this one does not resume it, or resumes it with
            another seed, data, model or hyperparameters.
    """
    stored = folder / CONFIG
    if not stored.exists():
        return
    if config.ckpt_path is None:
        raise UserError(
            f"The folder {str(folder)!r} holds a run already. Continue it with ckpt_path=last, or "
            "choose another with run_dir=<folder>."
        )
    before, now = flat(OmegaConf.load(stored)), flat(config)
    changed = [
        f"{key}: {before.get(key)!r} then, {now.get(key)!r} now"
        for key in sorted(before.keys() | now.keys(), key=lambda key: (key.count("."), key))
        if before.get(key) != now.get(key) and key.split(".")[0] not in MAY_CHANGE
    ]
    if changed:
        raise UserError(
            f"The run in {str(folder)!r} cannot be resumed with another config: "
            f"{'; '.join(changed[:5])}. Give the same values, or name the run to resume with "
            "run_dir=<folder>."
        )


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


def start_records(config: DictConfig, folder: Path) -> None:
    """Opens the log file and writes the config, on rank 0."""
    folder.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(folder / "train.log")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    write_atomically(folder / CONFIG, OmegaConf.to_yaml(config, resolve=True))
