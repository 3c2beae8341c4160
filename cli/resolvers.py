"""What the yaml files may compute: ``${child_seed:...}``, ``${run_dir:...}``, ..."""

from __future__ import annotations

import hashlib
import netrc
import os
from datetime import datetime
from pathlib import Path

from omegaconf import OmegaConf

LAST_CHECKPOINT = Path("checkpoints") / "last.ckpt"
CONFIG = "config.yaml"


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


def register() -> None:
    """Makes the resolvers known to OmegaConf; may be called again."""
    OmegaConf.register_new_resolver("child_seed", child_seed, replace=True)
    OmegaConf.register_new_resolver("run_dir", run_dir, replace=True, use_cache=True)
    OmegaConf.register_new_resolver("wandb_offline", wandb_offline, replace=True)
