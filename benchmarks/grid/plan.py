"""What to run: tasks x models x seeds, each a recipe of conf/experiment/paper with overrides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from omegaconf import DictConfig

from benchmarks.grid.expressive import is_constant
from softsym.cli import resolvers
from softsym.cli.overrides import CONF

MODELS = ("per", "best", "oracle", "emlp", "rpp", "mixed_rpp", "mlp", "frame_averaging")
MISSPECIFIED = ("per_sl3", "per_gl3", "per_twice_o3", "per_s3", "per_s5")
"""Inertia with candidates that nothing keeps, that come twice, or that permute."""

VARIANTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "best_exponent_2": ("best", ("adjust_exponent=2.0",)),
    "best_exponent_6": ("best", ("adjust_exponent=6.0",)),
    "best_adjusted_at_60": ("best", ("adjust_epoch=60",)),
    "best_adjusted_at_240": ("best", ("adjust_epoch=240",)),
    "best_never_adjusted": ("best", ("policy=fixed",)),
    "best_grown": ("best", ("policy=grow_then_adjust", "initial_strength=0.01")),
    "best_adjusted_3_times": ("best", ("policy=adjust_repeatedly",)),
    "best_averaged": (
        "best",
        (
            "+callbacks.averaging="
            "{_target_: lightning.pytorch.callbacks.EMAWeightAveraging, decay: 0.99}",
        ),
    ),
    "best_strength_1": ("best", ("initial_strength=1.0",)),
    "best_strength_100": ("best", ("initial_strength=100.0",)),
    "best_lr_0.001": ("best", ("optimizer.lr=1e-3",)),
    "rpp_c128": ("rpp", ("channels=128",)),
    "mixed_rpp_c128": ("mixed_rpp", ("channels=128",)),
}
"""A recipe of inertia, and what is changed in it: models that run where they are asked for."""

ABLATION = ("best", *(name for name, (base, _) in VARIANTS.items() if base == "best"))
"""What each setting of the best recipe brings."""

VARIED_FAMILY = "inertia"

OWN_SETTINGS = {"seed": "--seeds", "run_dir": "--out"}
"""Settings that differ from run to run, and the option that they come from."""

LEVELS = (0.0, 0.25, 0.5, 0.75, 1.0)
DIALS = ("rotation", "scale", "reflection")


@dataclass(frozen=True)
class Task:
    """One task: a folder of recipes, and the settings of its data.

    Attributes:
        name: As in tables and on the command line.
        family: Folder under conf/experiment/paper.
        data: Settings of the datamodule.
    """

    name: str
    family: str
    data: tuple[tuple[str, str | float], ...]

    @property
    def overrides(self) -> list[str]:
        """The settings as overrides of the config."""
        return [f"datamodule.{key}={value}" for key, value in self.data]


def _inertia(name: str, axis: int, eps: float) -> Task:
    return Task(f"inertia_{name}", "inertia", (("axis", axis), ("eps", eps)))


def _dial(**levels: float) -> Task:
    """A setting of the known-answer task, named by its dials that are not at 0."""
    turned = [f"{key}{100 * level:.0f}" for key, level in levels.items() if level]
    data = tuple((key, levels.get(key, 0.0)) for key in DIALS)
    return Task("_".join(["dial", *(turned or ["0"])]), "known_answer", data)


def _all_tasks() -> list[Task]:
    inertia = [_inertia("z", 2, -1.0), _inertia("exact", 2, 0.0), _inertia("mixed", -1, -1.0)]
    inertia += [_inertia("x", 0, -1.0), _inertia("y", 1, -1.0)]
    cosine = [
        Task(f"cosine_{kind.replace('-', '_')}", "cosine_similarity", (("symmetry", kind),))
        for kind in ("so3-scale", "so3", "scale", "none")
    ]
    se3 = [
        Task(f"se3_{kind}", "se3_distance", (("symmetry", kind),))
        for kind in ("se3", "t3", "r3", "ball", "l1distance", "r3t3soft", "rxy2", "txy2")
    ]
    dials = [_dial()] + [_dial(**{dial: level}) for dial in DIALS for level in LEVELS if level]
    return inertia + cosine + se3 + dials


TASKS = {task.name: task for task in _all_tasks()}
DEFAULT_TASKS = tuple(n for n, t in TASKS.items() if t.family in ("inertia", "cosine_similarity"))


@dataclass(frozen=True)
class Recipe:
    """A task with a model, composed and checked.

    Attributes:
        task: Its name.
        model: Its name.
        overrides: Of the config, all but seed and run folder.
        epochs: Length of the training.
        candidates: Name in logs -> group, of every candidate symmetry.
        truth: Group -> exact, approximate or broken.
        constant: Groups with a strength that a typed network can keep exactly only by being
            constant, so that strengths of weights say nothing of whether data keep them.
    """

    task: str
    model: str
    overrides: tuple[str, ...]
    epochs: int
    candidates: Mapping[str, str] = field(default_factory=dict)
    truth: Mapping[str, str] = field(default_factory=dict)
    constant: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """One training."""

    recipe: Recipe
    seed: int
    folder: Path

    @property
    def label(self) -> str:
        """Task, model and seed."""
        return f"{self.recipe.task} {self.recipe.model} seed {self.seed}"

    @property
    def overrides(self) -> list[str]:
        """All that train.py is told, but where to run."""
        folder = str(self.folder).replace("\\", "\\\\").replace("'", "\\'")
        return [*self.recipe.overrides, f"seed={self.seed}", f"run_dir='{folder}'"]


def recipes(
    tasks: Sequence[str], models: Sequence[str], scale: float, extra: Sequence[str] = ()
) -> list[Recipe]:
    """Composes every recipe, so that whatever is wrong shows before anything runs.

    Args:
        tasks: Names from :data:`TASKS`.
        models: Names of recipes of each task's folder, or of :data:`VARIANTS` for inertia; tasks
            that have no such recipe are left out of it.
        scale: Factor of the number of epochs; the strengths are adjusted at the recipe's epoch,
            or after a quarter of a training that is too short for it.
        extra: Further overrides for all.

    Raises:
        ValueError: If an override is of what the grid sets for each run, or a variant comes to the
            same as another model.
    """
    for override in extra:
        key = override.split("=")[0].lstrip("+~")
        if key in OWN_SETTINGS:
            raise ValueError(f"The grid sets {key} itself: use {OWN_SETTINGS[key]} instead.")
    resolvers.register()
    found = []
    with initialize_config_dir(str(CONF), version_base="1.3"):
        for task in (TASKS[name] for name in tasks):
            for model in models:
                if _has(task, model):
                    found.append(_recipe(task, model, scale, extra))
    _require_distinct(found, scale)
    return found


def _has(task: Task, model: str) -> bool:
    if model in VARIANTS:
        return task.family == VARIED_FAMILY
    return (CONF / "experiment" / "paper" / task.family / f"{model}.yaml").exists()


def _require_distinct(found: Sequence[Recipe], scale: float) -> None:
    """Short trainings adjust no later than they can, which may undo what a variant changes."""
    seen: dict[tuple[str, frozenset[tuple[str, str]]], str] = {}
    for recipe in found:
        settings = frozenset({o.partition("=")[0]: o for o in recipe.overrides}.items())
        other = seen.setdefault((recipe.task, settings), recipe.model)
        if other != recipe.model:
            raise ValueError(
                f"In {recipe.epochs} epochs (--scale {scale:g}) {recipe.model} trains as {other} "
                "does: strengths are adjusted after a quarter of them at the latest. Choose a "
                "larger --scale, or other --models."
            )


def _recipe(task: Task, model: str, scale: float, extra: Sequence[str]) -> Recipe:
    name, changes = VARIANTS.get(model, (model, ()))
    overrides = [f"experiment=paper/{task.family}/{name}", *task.overrides, *changes]
    config = _composed(overrides, extra)
    if name == "oracle":
        overrides.append(f"constraint='{instantiate(config.datamodule).true_group()}'")
    epochs = max(round(scale * config.trainer.max_epochs), 4)
    overrides += [
        f"trainer.max_epochs={epochs}",
        f"adjust_epoch={_adjust_epoch(config.adjust_epoch, epochs)}",
        f"trainer.check_val_every_n_epoch={max(min(10, epochs // 40), 1)}",
        "threads=1",
        "logger=none",
        "module.paper_errors=true",
        *extra,
    ]
    config = _composed(overrides)
    candidates = _candidates(config)
    truth = instantiate(config.datamodule).true_symmetries(list(candidates.values()))
    constant = tuple(G for G in truth if _takes_part(config, G) and is_constant(G, config))
    epochs = config.trainer.max_epochs
    return Recipe(task.name, model, tuple(overrides), epochs, candidates, dict(truth), constant)


def _takes_part(config: DictConfig, group: str) -> bool:
    """Whether a run gives the group a strength above 0."""
    found = (r for r in config.regularizers.values() if "group" in r)
    return any(str(r.group) == group and r.strength > 0 for r in found)


def _composed(overrides: Sequence[str], extra: Sequence[str] = ()) -> DictConfig:
    return compose("train", [*overrides, *extra, "paths.output=none"])


def _adjust_epoch(wanted: int, epochs: int) -> int:
    """The epoch of the adjustment in a training of a given length.

    The paper does after a quarter. Recipes that adjust earlier keep their own epoch: it is set by
    how long a network takes to leave its initial values, not by how long it trains afterwards.
    """
    return max(min(wanted, epochs // 4), 1)


def _candidates(config: DictConfig) -> dict[str, str]:
    regularized = {n: r.group for n, r in config.regularizers.items() if "group" in r}
    return {str(n): str(G) for n, G in {**config.candidates, **regularized}.items()}


def planned(found: Sequence[Recipe], seeds: Sequence[int], out: Path) -> list[Run]:
    """All runs, seed by seed, so that every cell has a first result early."""
    folder = out.absolute()
    return [
        Run(recipe, seed, folder / recipe.task / recipe.model / f"seed{seed}")
        for seed in dict.fromkeys(seeds)
        for recipe in found
    ]
