"""The type of every setting in ``conf/``: of sections by key, of objects by their class.

A section has no other keys, and if it is total all of them. An object may have others: its
constructor decides, and :mod:`softsym.cli.settings.constructors` checks their types.
"""

from __future__ import annotations

import os
from typing import Annotated, Literal

from annotated_types import Ge, Le
from typing_extensions import TypedDict

from softsym.cli.settings import data
from softsym.cli.settings.kinds import (
    Above0,
    AtLeast0,
    Count,
    Dimension,
    Finite,
    Group,
    Name,
    Natural,
    Part,
    Parts,
    Seed,
    Spatial,
    Text,
    Word,
)
from softsym.cli.settings.objects import Executor
from softsym.cli.settings.registry import OBJECTS, Unknown

__all__ = ["OBJECTS", "Executor", "Sweep", "Train", "Unknown", "data"]

Threads = Annotated[int, Ge(1), Le(16 * (os.cpu_count() or 1))]
"""More threads for each CPU are a slip of the pen; a billion are started one by one, for hours."""


class Paths(TypedDict):
    """Folders of a run."""

    output: Text
    cache: Text


class Checkpoint(TypedDict):
    """When checkpoints are saved."""

    every_n_epochs: Count
    every_n_minutes: Above0 | None


class Train(TypedDict):
    """``conf/train.yaml``: keys at the top first, so that messages name these."""

    name: Text
    sweep: Text | None
    seed: Seed
    seeds: Count
    select: Literal["leave_one_environment_out"] | None
    select_folds: Annotated[int, Ge(2), Le(1000)]
    select_fold: Natural | Literal["final"] | None
    dim: Dimension
    largest_group: Group
    constraint: Group
    residual_group: Group
    symmetries: list[Group] | dict[Name, Group] | None
    symmetry_kind: Word
    candidates: dict[Name, Group] | None
    augmentation: Group | None
    initial_strength: AtLeast0
    adjust_epoch: Count
    adjust_exponent: AtLeast0
    weight_decay: AtLeast0
    channels: Count
    hidden_layers: Count
    init: Literal["orthogonal", "half_equivariant", "residual"]
    init_group: Group | None
    monitor: Word
    monitor_mode: Literal["min", "max"]
    ckpt_path: Text | None
    init_from: Text | None
    test_model: Literal["best", "last"]
    compile: bool | Literal["auto"]
    compile_mode: Literal[
        "default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs"
    ]
    threads: Threads | None
    basis_cache: Text | None
    debug: bool
    track_dim: Spatial | None
    run_dir: Text
    paths: Paths
    checkpoint: Checkpoint
    datamodule: Part
    network: Part
    loss: Part
    optimizer: Part
    scheduler: Part
    regularizers: Parts
    policy: Part
    metrics: Parts
    module: Part
    callbacks: Parts
    trainer: Part
    logger: Parts


class Pruning(TypedDict, total=False):
    """When the trials of a search are pruned."""

    min_epochs: Count
    reduction_factor: Annotated[int, Ge(2), Le(1000)]
    every_n_epochs: Count
    spared: Natural


class Parameter(TypedDict, total=False):
    """Values that a search may draw; :mod:`softsym.sweeps.search.space` says which go together."""

    type: Literal["float", "int", "categorical"]
    low: Finite
    high: Finite
    log: bool
    step: Above0 | None
    choices: list[bool | Finite | Word | None]


class Search(TypedDict, total=False):
    """``conf/search/``."""

    name: Text
    experiment: Word
    overrides: list[Word] | None
    monitor: Word | None
    space: dict[Word, Parameter]
    pruning: Pruning | None


class Sweep(TypedDict):
    """``conf/sweep.yaml``."""

    action: Literal["run", "status"]
    name: Text
    folder: Text
    n_trials: Count
    slots: Count
    overrides: list[Word]
    retries: Natural
    seed: Seed
    startup_trials: Count
    report_every: Natural
    stop_seconds: AtLeast0
    repair: bool
    command: list[Word]
    debug: bool
    search: Search
    executor: Executor
