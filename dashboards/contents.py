"""What a dashboard shows: by the command line of a run or sweep, or by its folder."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override
from hydra.errors import HydraException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from softsym.cli.choices import CONF
from softsym.cli.overrides import check_command_line
from softsym.cli.quoting import override as written
from softsym.cli.quoting import readable
from softsym.cli.trust import require_trusted
from softsym.reporting.figures import FIGURES
from softsym.reporting.swept import swept_keys
from softsym.runs.errors import UserError
from softsym.runs.layout import CONFIG
from softsym.runs.reading import Run, find_runs, read_run
from softsym.runs.untrusted import literal, read_yaml

log = logging.getLogger(__name__)

USUAL_SWEEP = ("initial_strength", "seed")
"""Config keys against which strengths are drawn if no sweep names others."""
TRACK_FIGURES = ("tracks", "moved_scenes")


@dataclass(frozen=True)
class Contents:
    """Names that panels are made of."""

    name: str  # of the run
    project: str
    entity: str | None  # team or user; None for the key's own
    symmetries: tuple[str, ...]  # those with an equivariance error
    tuned: tuple[str, ...]  # those of them that have a strength and a penalty
    monitor: str  # the metric that chooses the best model
    val: tuple[str, ...]  # validation metrics
    test: tuple[str, ...]  # test metrics, and those of other distributions if there are such data
    swept: tuple[str, ...]  # config keys
    figures: tuple[str, ...]  # of the report
    constrained: tuple[str, ...] = ()  # symmetries whose strengths are prices of constraints

    @property
    def moved(self) -> tuple[str, ...]:
        """The deciding metric on the test set as it is, and moved under each symmetry."""
        metric = self.monitor.partition("/")[2]
        return (f"test/{metric}", *(f"test/moved/{name}/{metric}" for name in self.symmetries))


def from_command_line(overrides: Sequence[str], swept: Sequence[str] = ()) -> Contents:
    """Contents for ``python train.py -m <overrides>``; keys with several values are swept."""
    overrides = [readable(argument, sweep=True) for argument in overrides]
    try:
        parsed = OverridesParser.create().parse_overrides(overrides)
    except HydraException as error:
        raise UserError(" ".join(str(error).split())) from error
    first = [_first_value(text, item) for text, item in zip(overrides, parsed, strict=True)]
    # a folder that is never created, so that the check claims no run folder
    check_command_line([*first, written("run_dir", Path(tempfile.gettempdir(), "workspace"))])
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", first)
    several = [override.key_or_group for override in parsed if override.is_sweep_override()]
    return from_config(config, [*several, *swept])


def from_folder(folder: Path, swept: Sequence[str] = (), trusted: Sequence[str] = ()) -> Contents:
    """Contents for the runs in the folder of a run or of a sweep.

    Args:
        folder: The folder.
        swept: Further swept config keys.
        trusted: Further packages whose classes the stored config may build, besides
            `softsym.cli.trust.PACKAGES`.

    Raises:
        UserError: If it holds no run, or its config would build or call something else.
    """
    results = (read_run(path) for path in find_runs([folder]))
    runs = [result for result in results if isinstance(result, Run)]
    if not runs:
        raise UserError(
            f"There is no run in {str(folder)!r}. Give the folder of a run, which holds "
            "config.yaml, or of a sweep, which holds folders of runs."
        )
    path = runs[0].folder / CONFIG
    config = OmegaConf.create(literal(read_yaml(path)))
    remedy = "name its package with --trust, or give the overrides of the run instead"
    require_trusted(OmegaConf.to_container(config.module), trusted, path, remedy=remedy)
    differing = [key.key for key in swept_keys(runs)]
    differing += ["seed"] if len({run.seed for run in runs}) > 1 else []
    return from_config(config, [*(k for k in differing if _contains(config, k)), *swept])


def from_config(config: Any, swept: Sequence[str]) -> Contents:
    """Contents for a composed config; the module that it builds knows the names."""
    module = instantiate(config.module)
    tuned = tuple(name for name, r in module.regularizers.items() if r.group is not None)
    val = tuple(str(name) for name in module.val_metrics)
    splits = ["test"] if config.datamodule.get("ood") is None else ["test", "ood"]
    logger = config.logger.get("wandb") or {}
    keys = dict.fromkeys(_single_value_key(config, key) for key in swept or USUAL_SWEEP)
    empty = () if config.track_dim else TRACK_FIGURES
    empty = empty if tuned else (*empty, "strengths", "penalties")
    empty = empty if module.symmetries else (*empty, "breaks", "moved_test")
    policy, strong = module.tuning.policy, [n for n in tuned if module.regularizers[n].strength]
    constrained = tuple(strong) if policy.constrains else ()
    empty = empty if constrained else (*empty, "constraints")
    empty = empty if config.get("select") else (*empty, "environments")
    return Contents(
        name=config.name,
        project=logger.get("project") or "softsym",
        entity=logger.get("entity"),
        symmetries=tuple(module.symmetries),
        tuned=tuned,
        monitor=config.monitor,
        val=val,
        test=tuple(f"{split}/{name.removeprefix('val/')}" for split in splits for name in val),
        swept=tuple(key for key in keys if key is not None),
        figures=tuple(name for name in FIGURES if name not in empty),
        constrained=constrained,
    )


def _first_value(text: str, override: Override) -> str:
    """An override with the first of its values."""
    if not override.is_sweep_override():
        return text
    value = override.value()
    if isinstance(value, IntervalSweep):
        return f"{override.get_key_element()}={value.start}"
    return f"{override.get_key_element()}={next(override.sweep_string_iterator())}"


def _single_value_key(config: DictConfig, key: str) -> str | None:
    """The key of a number or word that tells the values of a swept key or group apart."""
    key = key.partition("@")[0].lstrip("/").replace("/", ".")
    if key == "experiment":
        return "name"
    node = OmegaConf.select(config, key)
    if node is None and not _contains(config, key):
        raise UserError(
            f"The swept key {key!r} is not in the config. Name one as python train.py --cfg job "
            f"shows it, such as {', '.join(USUAL_SWEEP)} or regularizers.<name>.strength."
        )
    if not isinstance(node, DictConfig):
        return key
    if "_target_" in node:
        return f"{key}._target_"
    log.warning("There are no panels over %s, which is a mapping and not a single value.", key)
    return None


def _contains(config: Any, key: str) -> bool:
    parent, _, last = key.rpartition(".")
    node = OmegaConf.select(config, parent) if parent else config
    return isinstance(node, DictConfig) and last in node
