"""What the yaml files may compute: ``${child_seed:...}``, ``${run_dir:...}``, ..."""

from __future__ import annotations

import hashlib
import inspect
import netrc
import os
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from softsym.runs.layout import CONFIG

LONGEST_NAME = 120
"""Of a run's folder in a sweep, and of a run of Weights & Biases, which takes 128 letters."""
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
        # each start writes its config anew
        started = sorted(Path(parent).glob(f"*/{CONFIG}"), key=lambda path: path.stat().st_mtime)
        if started:
            return str(started[-1].parent)
    return str(Path(parent) / datetime.now().strftime("%Y-%m-%d_%H-%M-%S"))


def sweep_folder(overrides: Sequence[str]) -> str:
    """Name of the folder of one job of a sweep: the same whenever the same job is asked for.

    Args:
        overrides: Those of the job.
    """
    text = ",".join(overrides)
    plain = re.sub(r"[^\w.,=+~-]+", "-", text)
    if plain == text and len(text) <= LONGEST_NAME:
        return plain or "defaults"
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    kept = plain if len(plain) <= LONGEST_NAME else plain[-LONGEST_NAME:].partition(",")[2]
    return f"{kept},{digest}" if kept else digest


def wandb_offline() -> bool:
    """True unless a Weights & Biases key is configured, so that nothing ever asks for a login."""
    if os.environ.get("WANDB_API_KEY"):
        return os.environ.get("WANDB_MODE", "online") != "online"
    host = os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai").split("://")[-1].split("/")[0]
    try:
        return netrc.netrc(os.environ.get("NETRC")).authenticators(host) is None
    except (OSError, netrc.NetrcParseError):
        return True


def sweep_group(sweep: str | None) -> str | None:
    """Name of the sweep that this run is part of, as its folder's; None outside of sweeps.

    Args:
        sweep: Its name, where it started this run as a job of its own.
    """
    settings = _sweep()
    return sweep if sweep or settings is None else folder_label(settings.sweep.dir)


def folder_label(folder: str) -> str:
    """What people call a sweep by its folder."""
    return "/".join(part for part in Path(folder).parts[-2:] if part != "multirun")


def run_label(name: str, sweep: str | None, folder: str) -> str:
    """A run's name for people: in a sweep with that of the job's folder, which says what is swept.

    Args:
        name: Name of all runs of the sweep.
        sweep: The sweep's, where it started this run as a job of its own.
        folder: The run folder.
    """
    if sweep is None and _sweep() is None:
        return name
    return f"{name} {Path(folder).name}"[:LONGEST_NAME]


def run_tags(sweep: str | None) -> list[str]:
    """What a run may be found by: its recipe, and whether a sweep started it.

    Args:
        sweep: The sweep's name, where it started this run as a job of its own.
    """
    if not HydraConfig.initialized():
        return []
    experiment = HydraConfig.get().runtime.choices.get("experiment")
    tags = [] if experiment is None else [str(experiment)]
    return tags if sweep is None and _sweep() is None else [*tags, "sweep"]


def _sweep() -> DictConfig | None:
    """Hydra's own config in a job of a sweep."""
    if not HydraConfig.initialized():
        return None
    settings = HydraConfig.get()
    return cast(DictConfig, settings) if settings.mode == RunMode.MULTIRUN else None


def usual(env: str, what: str) -> float:
    """What people use for an environment of trajectories.

    Args:
        env: Its name.
        what: ``dt``, ``history_sec`` or ``future_sec``.
    """
    # imported late, with torch behind it: most recipes have no trajectories
    from softsym.datamodules.motion.environments import environment  # noqa: PLC0415

    return dict(zip(USUAL, environment(env).usual, strict=True))[what]


def window(attribute: str, *, _root_: Any) -> Any:
    """An attribute of the layout of the datamodule's windows, such as ``rep_in``.

    Args:
        attribute: Name of the attribute.
        _root_: The whole config, with the settings of
            :func:`~softsym.datamodules.motion.layout.window_layout` under ``datamodule``.
    """
    from softsym.datamodules.motion.layout import window_layout  # noqa: PLC0415

    names = inspect.signature(window_layout).parameters
    return getattr(window_layout(**{name: _root_.datamodule[name] for name in names}), attribute)


def register() -> None:
    """Makes the resolvers known to OmegaConf; may be called again."""
    OmegaConf.register_new_resolver("child_seed", child_seed, replace=True)
    OmegaConf.register_new_resolver("sweep_group", sweep_group, replace=True)
    OmegaConf.register_new_resolver("run_label", run_label, replace=True)
    OmegaConf.register_new_resolver("run_tags", run_tags, replace=True)
    OmegaConf.register_new_resolver("usual", usual, replace=True)
    OmegaConf.register_new_resolver("window", window, replace=True)
    OmegaConf.register_new_resolver("run_dir", run_dir, replace=True, use_cache=True)
    OmegaConf.register_new_resolver("sweep_folder", sweep_folder, replace=True)
    OmegaConf.register_new_resolver("wandb_offline", wandb_offline, replace=True)
