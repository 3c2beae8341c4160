"""What to run: scenes x models x seeds, each a recipe of conf/experiment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hydra import compose, initialize_config_dir

from benchmarks.grid.plan import Recipe
from softsym.cli import resolvers
from softsym.cli.overrides import CONF
from softsym.datamodules.eth_ucy import SCENES

MODELS = {
    "mlp": "pedestrians/mlp",
    "mlp_rotated": "pedestrians/mlp_rotated",
    "emlp": "pedestrians/emlp",
    "rpp": "pedestrians/rpp",
    "per": "eth_ucy",
}
"""Name in tables -> experiment."""

SAID = {
    "constant_velocity": "constant velocity, last step",
    "fitted_velocity": "constant velocity, fitted to the history",
    "mlp": "MLP",
    "mlp_rotated": "MLP, rotated training windows",
    "emlp": "hard-constrained, SO(2)",
    "rpp": "residual pathway prior, SO(2)",
    "per": "projection regularizers, mixed",
}
"""What tables call the models."""


def recipes(
    scenes: Sequence[str], models: Sequence[str], data_dir: Path, cache: Path, epochs: int | None
) -> list[Recipe]:
    """Composes every recipe, so that whatever is wrong shows before anything runs.

    Args:
        scenes: Scenes held out for the test.
        models: Names from :data:`MODELS`.
        data_dir: Folder of the raw files.
        cache: Folder that keeps the windows.
        epochs: Length of the training; that of the recipe by default.
    """
    resolvers.register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return [_recipe(s, m, data_dir, cache, epochs) for s in scenes for m in models]


def _recipe(scene: str, model: str, data_dir: Path, cache: Path, epochs: int | None) -> Recipe:
    if scene not in SCENES:
        raise ValueError(f"There is no scene {scene!r}; choose of {', '.join(SCENES)}.")
    overrides = [
        f"experiment={MODELS[model]}",
        f"datamodule.scene={scene}",
        f"datamodule.data_dir='{data_dir.absolute()}'",
        f"paths.cache='{cache.absolute()}'",
        "threads=1",
        "logger=none",
    ]
    if epochs is not None:
        overrides.append(f"trainer.max_epochs={epochs}")
        overrides.append(f"adjust_epoch={max(epochs // 6, 1)}")
    config = compose("train", [*overrides, "paths.output=none"])
    regularized = {n: r.group for n, r in config.regularizers.items() if "group" in r}
    groups = {str(n): str(g) for n, g in {**config.candidates, **regularized}.items()}
    return Recipe(scene, model, tuple(overrides), config.trainer.max_epochs, groups)
