"""Functions that the yaml files call: ``${child_seed:...}``, ``${run_dir:...}`` and others.

Only this module and :mod:`softsym.cli.slurm` read the environment.
"""

from __future__ import annotations

import hashlib
import inspect
import netrc
import os
import pydoc
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from softsym.cli import plugin_configs
from softsym.cli.program import spoken
from softsym.runs.layout import CONFIG

LONGEST_NAME = 120
"""Longest name of a run or its folder; Weights & Biases allows 128 letters."""
LOWER_IS_BETTER = (
    "torchmetrics.MeanSquaredError",
    "softsym.metrics.CrossEntropy",
    "softsym.metrics.ObservedSquaredError",
    "softsym.metrics.AverageDisplacementError",
)
"""Shipped metrics; of others the class is asked, which loads torch."""
USUAL = ("dt", "history_sec", "future_sec")


def child_seed(seed: int, purpose: str) -> int:
    """Derives the seed for one purpose from the seed of the run."""
    digest = hashlib.sha256(f"{seed}/{purpose}".encode()).digest()
    return int.from_bytes(digest[:4], "big") // 2


def run_dir(parent: str, ckpt_path: str | None) -> str:
    """Names the folder of a run: by the current time, or the newest folder when resuming.

    Args:
        parent: Folder of all runs of this name.
        ckpt_path: With ``last``, the run continues in the folder that was started last, if any.
    """
    if ckpt_path == "last":
        # each start writes the config, so its time is that of the last start
        started = sorted(Path(parent).glob(f"*/{CONFIG}"), key=lambda path: path.stat().st_mtime)
        if started:
            return str(started[-1].parent)
    return str(Path(parent) / datetime.now().strftime("%Y-%m-%d_%H-%M-%S"))


def sweep_folder(overrides: Sequence[str]) -> str:
    """Names the folder of one run of a sweep: always the same for the same overrides.

    Too long a name loses the sections of keys and the middle of values, so that each override stays
    readable. Where letters are replaced or left out, a digest keeps the names of runs apart.

    Args:
        overrides: The overrides of the run.
    """
    text = ",".join(overrides)
    plain = _as_name(text)
    if plain == text and _fits(text):
        return plain or "defaults"
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{plain if _fits(plain) else _shortened(overrides)},{digest}"


def _as_name(text: str) -> str:
    return re.sub(r"[^\w.,=+~-]+", "-", text)


def _fits(name: str) -> bool:
    # file systems count bytes, of which they allow 255 with the digest
    return len(name) <= LONGEST_NAME and len(name.encode()) <= 2 * LONGEST_NAME


def _shortened(overrides: Sequence[str]) -> str:
    """All overrides, each with as many letters as fit."""
    for room in range(LONGEST_NAME, 8, -2):
        words = [_as_name(_cut(each, room)) for each in overrides]
        if _fits(name := ",".join(words)):
            return name
    while len(words) > 1 and not _fits(",".join(words)):
        words.pop(0)  # what is swept usually comes last
    return ",".join(words)


def _cut(override: str, room: int) -> str:
    """The end of the key and both ends of the value, within a number of letters."""
    key, equals, value = override.partition("=")
    if len(override) <= room:
        return override
    key = key.rpartition(".")[2][-max(room // 3, room - len(value) - 1) :]
    if len(key) + 1 + len(value) > room:
        half = max((room - len(key) - 3) // 2, 1)
        value = f"{value[:half]}..{value[-half:]}"
    return f"{key}{equals}{value}"


def wandb_offline() -> bool:
    """Whether no Weights & Biases key is configured; nothing may ever ask for a login."""
    if os.environ.get("WANDB_API_KEY"):
        return os.environ.get("WANDB_MODE", "online") != "online"
    host = os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai").split("://")[-1].split("/")[0]
    try:
        return netrc.netrc(os.environ.get("NETRC")).authenticators(host) is None
    except (OSError, netrc.NetrcParseError):
        return True


def sweep_group(sweep: str | None) -> str | None:
    """Names the sweep that this run belongs to, by the sweep's folder; None without a sweep.

    Args:
        sweep: Name of the sweep, if it started this run as a job of its own.
    """
    settings = _sweep()
    return sweep if sweep or settings is None else folder_label(settings.sweep.dir)


def folder_label(folder: str) -> str:
    """Turns the folder of a sweep into a name for people."""
    return "/".join(part for part in Path(folder).parts[-2:] if part != "multirun")


def run_label(name: str, sweep: str | None, folder: str) -> str:
    """Names a run for people; in a sweep, the name of its folder says what is swept.

    Args:
        name: Name that all runs of the sweep share.
        sweep: Name of the sweep, if it started this run as a job of its own.
        folder: The run folder.
    """
    if sweep is None and _sweep() is None:
        return name
    return f"{name} {Path(folder).name}"[:LONGEST_NAME]


def run_tags(sweep: str | None) -> list[str]:
    """Tags of a run in Weights & Biases: its recipe, and ``sweep`` if a sweep started it.

    Args:
        sweep: Name of the sweep, if it started this run as a job of its own.
    """
    if not HydraConfig.initialized():
        return []
    experiment = HydraConfig.get().runtime.choices.get("experiment")
    tags = [] if experiment is None else [str(experiment)]
    return tags if sweep is None and _sweep() is None else [*tags, "sweep"]


def _sweep() -> DictConfig | None:
    """Hydra's own config if this run is one of a ``--multirun``; None otherwise."""
    if not HydraConfig.initialized():
        return None
    settings = HydraConfig.get()
    return cast(DictConfig, settings) if settings.mode == RunMode.MULTIRUN else None


def usual(env: str, what: str) -> float:
    """The usual time step, history or horizon of an environment of trajectories, in seconds.

    Args:
        env: Name of the environment.
        what: ``dt``, ``history_sec`` or ``future_sec``.
    """
    # imported late: most recipes have no trajectories
    from softsym.datamodules.motion.environments import environment  # noqa: PLC0415

    return dict(zip(USUAL, environment(env).usual, strict=True))[what]


def window(attribute: str, *, _root_: Any) -> Any:
    """Looks up an attribute of the layout of the datamodule's windows, such as ``rep_in``.

    Args:
        attribute: Name of the attribute.
        _root_: The whole config, with the settings of
            :func:`~softsym.datamodules.motion.layout.window_layout` under ``datamodule``.
    """
    from softsym.datamodules.motion.layout import window_layout  # noqa: PLC0415

    names = inspect.signature(window_layout).parameters
    return getattr(window_layout(**{name: _root_.datamodule[name] for name in names}), attribute)


def usual_monitor(*, _root_: Any) -> str:
    """Names the validation metric that decides by default: ``val/mse``, or else the first.

    Args:
        _root_: The whole config, with the metrics.
    """
    names = list(_root_.metrics or ("mse",))
    return f"val/{'mse' if 'mse' in names else names[0]}"


def better(monitor: str, *, _root_: Any) -> str:
    """Whether a metric is better when low (``min``) or high (``max``), as its class says.

    Args:
        monitor: Name of the metric among the config's, after ``val/``.
        _root_: The whole config, with the metrics.
    """
    target = (_root_.metrics.get(monitor.partition("/")[2]) or {}).get("_target_", "")
    if target in LOWER_IS_BETTER:
        return "min"
    found = pydoc.locate(target)
    return "max" if getattr(found, "higher_is_better", None) else "min"


def data_dtype(*, _root_: Any) -> str:
    """The precision of the data that fits that of the trainer.

    Args:
        _root_: The whole config, with the trainer.
    """
    return "float64" if "64" in str(_root_.trainer.get("precision")) else "float32"


def metrics_for(loss: str) -> str:
    """Names the file of ``conf/metrics/`` that fits a file of ``conf/loss/``.

    Args:
        loss: The name of the loss among the options.
    """
    return {"cross_entropy": "classification", "bce": "binary"}.get(loss, "regression")


def target_kind(loss: str) -> str:
    """What a loss takes the targets for: ``classes``, ``shares`` or ``numbers``.

    Args:
        loss: The path of its class.
    """
    kinds = {"CrossEntropyLoss": "classes", "BCEWithLogitsLoss": "shares"}
    return kinds.get(loss.rpartition(".")[2], "numbers")


def register() -> None:
    """Registers resolvers, and configs of installed packages; further calls change nothing."""
    plugin_configs.register()
    OmegaConf.register_new_resolver("program", spoken, replace=True)
    for each in (usual_monitor, better, data_dtype, metrics_for, target_kind):
        OmegaConf.register_new_resolver(each.__name__, each, replace=True)
    OmegaConf.register_new_resolver("child_seed", child_seed, replace=True)
    OmegaConf.register_new_resolver("sweep_group", sweep_group, replace=True)
    OmegaConf.register_new_resolver("run_label", run_label, replace=True)
    OmegaConf.register_new_resolver("run_tags", run_tags, replace=True)
    OmegaConf.register_new_resolver("usual", usual, replace=True)
    OmegaConf.register_new_resolver("window", window, replace=True)
    OmegaConf.register_new_resolver("run_dir", run_dir, replace=True, use_cache=True)
    OmegaConf.register_new_resolver("sweep_folder", sweep_folder, replace=True)
    OmegaConf.register_new_resolver("wandb_offline", wandb_offline, replace=True)
