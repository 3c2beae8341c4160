"""What the yaml files may compute: ``${child_seed:...}``, ``${run_dir:...}``, ..."""

from __future__ import annotations

import hashlib
import inspect
import netrc
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from datamodules.motion.environments import environment
from datamodules.motion.layout import window_layout

LAST_CHECKPOINT = Path("checkpoints") / "last.ckpt"
CONFIG = "config.yaml"
RECORD = "run.json"
"""How a run ended; written when all else that it leaves is there."""
USUAL = ("dt", "history_sec", "future_sec")


def child_seed(seed: int, purpose: str) -> int:
    """A seed for one purpose, drawn from the one seed of the run."""
    digest = hashlib.sha256(f"{seed}/{purpose}".encode()).digest()
    return int.from_bytes(digest[:4], "big") // 2


def run_dir(parent: str, ckpt_path: str | None) -> str:
    """The folder of a run: a new one named by the time, or the newest one when resuming.

    Args:
        parent: Folder of all runs of this name.
        ckpt_path: ``last`` resumes in the run that was started last, if there is one.
    """
    if ckpt_path == "last":
        started = sorted(Path(parent).glob(f"*/{CONFIG}"), key=lambda path: path.parent.name)
        if started:
            return str(started[-1].parent)
    return str(Path(parent) / datetime.now().strftime("%Y-%m-%d_%H-%M-%S"))


def wandb_offline() -> bool:
    """True unless a Weights & Biases key is configured, so that nothing ever asks for a login."""
    if os.environ.get("WANDB_API_KEY"):
        return os.environ.get("WANDB_MODE", "online") != "online"
    host = os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai").split("://")[-1].split("/")[0]
    try:
        return netrc.netrc(os.environ.get("NETRC")).authenticators(host) is None
    except (OSError, netrc.NetrcParseError):
        return True


def usual(env: str, what: str) -> float:
    """What people use for an environment of trajectories.

    Args:
        env: Its name.
        what: ``dt``, ``history_sec`` or ``future_sec``.
    """
    return dict(zip(USUAL, environment(env).usual, strict=True))[what]


def window(attribute: str, *, _root_: Any) -> Any:
    """An attribute of the layout of the datamodule's windows, such as ``rep_in``.

    Args:
        attribute: Name of the attribute.
        _root_: The whole config, with the settings of
            :func:`~datamodules.motion.layout.window_layout` under ``datamodule``.
    """
    names = inspect.signature(window_layout).parameters
    return getattr(window_layout(**{name: _root_.datamodule[name] for name in names}), attribute)


def register() -> None:
    """Makes the resolvers known to OmegaConf; may be called again."""
    OmegaConf.register_new_resolver("child_seed", child_seed, replace=True)
    OmegaConf.register_new_resolver("usual", usual, replace=True)
    OmegaConf.register_new_resolver("window", window, replace=True)
    OmegaConf.register_new_resolver("run_dir", run_dir, replace=True, use_cache=True)
    OmegaConf.register_new_resolver("wandb_offline", wandb_offline, replace=True)
