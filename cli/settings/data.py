"""Types of the settings of datamodules."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Le, Len
from typing_extensions import TypedDict

from softsym.cli.settings.kinds import (
    Above0,
    AtLeast0,
    Count,
    Dimension,
    Finite,
    Natural,
    Seed,
    Share,
    Spatial,
    Text,
    Types,
    Word,
)
from softsym.cli.settings.registry import settings_of

Samples = Annotated[int, Ge(1), Le(10**7)]
"""More samples would not fit into memory, where synthetic data are made."""
Processes = Annotated[int, Ge(0), Le(1024)]


class Data(TypedDict, total=False):
    """Settings that all datamodules share."""

    batch_size: Count
    eval_batch_size: Count
    rep_in: Types
    rep_out: Types
    seed: Seed


class Synthetic(Data, total=False):
    """Settings of tasks with a known function."""

    samples: Samples
    ood: Literal["shift", "sign"] | None
    shift: Finite
    data_seed: Seed | None


@settings_of("softsym.datamodules.cosine_similarity.CosineSimilarity")
class CosineSimilarity(Synthetic, total=False):
    """``conf/datamodule/cosine_similarity.yaml``."""

    symmetry: Literal["so3-scale", "so3", "scale", "none"]
    eps: Finite


@settings_of("softsym.datamodules.inertia.Inertia")
class Inertia(Synthetic, total=False):
    """``conf/datamodule/inertia.yaml``."""

    axis: Literal[-1, 0, 1, 2]
    eps: Finite
    eps_spread: AtLeast0
    noise_masses: AtLeast0
    noise_positions: AtLeast0
    bodies: Annotated[int, Ge(1), Le(1000)]
    bodies_as_axes: bool


@settings_of("softsym.datamodules.known_answer.KnownAnswer")
class KnownAnswer(Synthetic, total=False):
    """``conf/datamodule/known_answer.yaml``."""

    rotation: Share
    scale: Share
    reflection: Share


@settings_of("softsym.datamodules.se3_distance.SE3Distance")
class SE3Distance(Synthetic, total=False):
    """``conf/datamodule/se3_distance.yaml``."""

    symmetry: Literal["se3", "t3", "r3", "ball", "l1distance", "r3t3soft", "rxy2", "txy2"]
    eps: Finite


@settings_of("softsym.datamodules.nbody.NBody")
class NBody(Data, total=False):
    """``conf/datamodule/nbody.yaml``."""

    cache_dir: Text
    train_samples: Annotated[int, Ge(1), Le(10_000)]
    val_samples: Annotated[int, Ge(1), Le(2000)]
    test_samples: Annotated[int, Ge(1), Le(2000)]
    frame_in: Annotated[int, Ge(0), Le(47)]
    frame_out: Annotated[int, Ge(1), Le(48)]
    field: Finite


@settings_of("softsym.datamodules.eth_ucy.EthUcy", "softsym.datamodules.eth_ucy_demo.EthUcyDemo")
class EthUcy(Data, total=False):
    """``conf/datamodule/eth_ucy.yaml`` and its demo."""

    scene: Literal["eth", "hotel", "univ", "zara1", "zara2"]
    data_dir: Text | None
    cache_dir: Text
    history: Count
    future: Count


@settings_of("softsym.datamodules.trajectories.TrajectoryDataModule")
class Trajectories(Data, total=False):
    """``conf/datamodule/trajdata.yaml``."""

    env: Word
    data_dir: Text | None
    cache_dir: Text
    history_sec: AtLeast0 | None
    future_sec: Above0 | None
    dt: Above0 | None
    least_future_sec: Above0 | None
    coordinates: Spatial
    velocities: bool
    neighbours: Natural
    agent_types: Word | list[Word] | None
    min_displacement: AtLeast0
    max_speed: Above0 | None
    stride: Count
    splits: dict[Literal["train", "val", "test"], Word] | None
    split_seed: Seed
    workers: Processes


@settings_of("softsym.datamodules.waymo.Waymo", "softsym.datamodules.waymo_demo.WaymoDemo")
class Waymo(Data, total=False):
    """``conf/datamodule/waymo.yaml`` and its demo."""

    data_dir: Text | None
    cache_dir: Text
    normalisation: Literal[
        "symm_aware",
        "scale_aware",
        "symm_scale_aware",
        "computed_symm_aware",
        "computed_scale_aware",
        "computed_symm_scale_aware",
    ]
    centring: Literal["history", "paper"]
    splits: Literal["own", "training_tenth"]
    split_seed: Seed
    min_dz: AtLeast0
    max_dxy: Above0
    dim: Dimension
    workers: Annotated[int, Ge(1), Le(1024)]
    simulation_seed: Seed
    records: Annotated[int, Ge(1), Le(10**5)]
    slope: AtLeast0


@settings_of("softsym.datamodules.arrays.ArraysDataModule")
class Arrays(TypedDict, total=False):
    """``conf/datamodule/arrays.yaml``."""

    file: Text
    rep_in: Types | None
    rep_out: Types | None
    inputs: Text | None
    targets: Text | None
    targets_file: Text | None
    val_file: Text | None
    test_file: Text | None
    group_key: Text | None
    split: Annotated[list[Above0], Len(3, 3)] | Word
    dim: Dimension
    batch_size: Count | None
    eval_batch_size: Count
    standardize: bool
    target_kind: Literal["numbers", "classes", "shares"]
    missing: Literal["error", "mask"]
    dtype: Literal["float32", "float64"]
    mapped: bool | None
    split_seed: Seed
    seed: Seed
