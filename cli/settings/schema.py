"""The type of every setting in ``conf/``: of fixed sections by key, of objects by their class.

A section has no other keys, and if it is total all of them. An object may have others: its
constructor decides, and :mod:`softsym.cli.settings.constructors` checks their types.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal, TypeVar

from annotated_types import Ge, Le
from typing_extensions import TypedDict

from softsym.cli.settings.kinds import (
    Above0,
    AtLeast0,
    Class,
    Count,
    CountOrAll,
    Devices,
    Finite,
    Group,
    Name,
    Natural,
    Part,
    Parts,
    Seed,
    Share,
    Text,
    Types,
    Word,
)

OBJECTS: dict[str, type] = {}
"""Class that a ``_target_`` names, without "softsym." -> types of its settings."""
Samples = Annotated[int, Ge(1), Le(10**7)]
"""More samples would not fit into memory, where synthetic data are made."""
Dimension = Annotated[int, Ge(1), Le(64)]
Processes = Annotated[int, Ge(0), Le(1024)]
Threads = Annotated[int, Ge(1), Le(1024)]
"""More threads than any machine has keep each other waiting for ever."""
Spatial = Literal[2, 3]
Precision = (
    Literal["32-true", "64-true", "16-mixed", "bf16-mixed", "16-true", "bf16-true"]
    | Literal["transformer-engine", "transformer-engine-float16"]
    | Literal["16", "32", "64", "bf16", 16, 32, 64]
)
C = TypeVar("C", bound=type)


def settings_of(*targets: str) -> Callable[[C], C]:
    """Registers the types of a class's settings."""

    def register(schema: C) -> C:
        OBJECTS.update(dict.fromkeys((t.removeprefix("softsym.") for t in targets), schema))
        return schema

    return register


class Directives(TypedDict, total=False):
    """What Hydra's ``instantiate`` reads beside the arguments."""

    _target_: Class
    _partial_: bool
    _recursive_: bool
    _convert_: Literal["none", "partial", "object", "all"]


class Unknown(TypedDict, total=False):
    """Settings of a class that is not listed here."""


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
    dim: Dimension
    largest_group: Group
    constraint: Group
    residual_group: Group
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


class Network(TypedDict, total=False):
    """Settings that networks share."""

    rep_in: Types
    rep_out: Types
    dim: Dimension
    channels: Count
    hidden_layers: Count
    seed: Seed


@settings_of(
    "softsym.networks.SoftEMLP",
    "softsym.networks.EMLP",
    "softsym.networks.RPP",
    "softsym.networks.MixedRPP",
    "softsym.networks.MLP",
)
class TypedNetwork(Network, total=False):
    """Networks with typed layers."""

    group: Group
    largest_group: Group | None
    residual_group: Group
    init: Literal["orthogonal", "half_equivariant", "residual"]
    init_group: Group | None


@settings_of("softsym.networks.FrameAveraging")
class FrameAveraging(TypedDict, total=False):
    """``conf/network/frame_averaging.yaml``."""

    group: Group
    network: Part


@settings_of("softsym.networks.AgentTransformer")
class AgentTransformer(Network, total=False):
    """``conf/network/agent_transformer.yaml``."""

    neighbours: Natural
    velocities: bool
    history: Count | None
    width: Count
    heads: Count
    layers: Count
    dropout: Share


@settings_of("softsym.networks.ConstantVelocity", "softsym.networks.FittedVelocity")
class Velocity(TypedDict, total=False):
    """Baselines of motion."""

    history: Count
    future: Count
    dim: Spatial
    extra: Natural


@settings_of(
    "softsym.regularizers.ProjectionRegularizer",
    "softsym.regularizers.PathRegularizer",
    "softsym.regularizers.GateRegularizer",
    "softsym.regularizers.WeightDecay",
)
class Regularizer(TypedDict, total=False):
    """``conf/regularizer/``."""

    group: Group
    path: Literal["residual", "equivariant"]
    strength: AtLeast0
    dim: Dimension | None


@settings_of(
    "softsym.regularizers.Fixed",
    "softsym.regularizers.AdjustOnce",
    "softsym.regularizers.AdjustRepeatedly",
    "softsym.regularizers.GrowThenAdjust",
)
class Policy(TypedDict, total=False):
    """``conf/policy/``."""

    epoch: Count
    exponent: AtLeast0
    window: Count
    times: Count
    growth: Above0
    relative: bool


@settings_of("torch.optim.Adam", "torch.optim.AdamW", "torch.optim.SGD")
class Optimizer(TypedDict, total=False):
    """``conf/optimizer/``, and the usual alternatives."""

    lr: Above0
    fused: bool | None
    weight_decay: AtLeast0


@settings_of("torch.optim.lr_scheduler.ConstantLR", "torch.optim.lr_scheduler.CosineAnnealingLR")
class Scheduler(TypedDict, total=False):
    """``conf/scheduler/``."""

    factor: Share
    total_iters: Natural
    T_max: Count


@settings_of("softsym.lightning_modules.SymmetryModule")
class Module(TypedDict, total=False):
    """``conf/module/default.yaml``."""

    network: Part
    loss: Part
    optimizer: Part
    scheduler: Part | None
    regularizers: Parts
    policy: Part
    metrics: Parts
    baselines: Parts
    candidates: dict[Name, Group] | None
    dim: Dimension
    augmentation: Group | None
    augmentation_seed: Seed
    compile: bool | Literal["auto"]
    compile_mode: Word
    log_every_n_epochs: Count


@settings_of(
    "softsym.metrics.AverageDisplacementError",
    "softsym.metrics.FinalDisplacementError",
    "softsym.metrics.MissRate",
)
class Displacement(TypedDict, total=False):
    """``conf/metrics/displacement.yaml``."""

    dim: Dimension
    threshold: AtLeast0


@settings_of(
    "softsym.lightning_modules.callbacks.EpochProgress",
    "softsym.lightning_modules.callbacks.StrengthLog",
    "softsym.lightning_modules.callbacks.StepSeed",
    "softsym.lightning_modules.callbacks.BestCheckpoint",
    "softsym.lightning_modules.callbacks.LastCheckpoint",
    "softsym.lightning_modules.callbacks.SettledEarlyStopping",
    "softsym.lightning_modules.callbacks.OptunaPruning",
)
class Callback(TypedDict, total=False):
    """``conf/callbacks/`` and ``conf/pruning/``."""

    monitor: Word
    path: Text
    every_n_epochs: Count
    every_n_minutes: Above0 | None
    seed: Seed
    dirpath: Text
    filename: Word
    mode: Literal["min", "max"]
    enable_version_counter: bool
    save_on_train_epoch_end: bool
    patience: Natural
    journal: Text
    study: Text
    trial: Natural
    min_epochs: Count
    reduction_factor: Annotated[int, Ge(2), Le(1000)]
    spared: Natural


class NeededTrainer(TypedDict):
    """Settings of the trainer that train.py itself reads."""

    accelerator: Literal["cpu", "gpu", "cuda", "mps", "tpu", "auto"]
    devices: Count | Literal[-1, "auto"] | list[Natural] | Devices
    num_nodes: Count
    max_epochs: CountOrAll
    max_steps: CountOrAll


@settings_of("lightning.Trainer")
class Trainer(NeededTrainer, total=False):
    """``conf/trainer/``."""

    default_root_dir: Text
    max_time: Word | dict[Word, Natural] | None
    precision: Precision
    accumulate_grad_batches: Count
    gradient_clip_val: AtLeast0 | None
    check_val_every_n_epoch: Count
    deterministic: bool | Literal["warn"] | None
    profiler: Literal["simple", "advanced", "pytorch", "xla"] | Part | None
    fast_dev_run: bool | Natural
    num_sanity_val_steps: CountOrAll
    enable_model_summary: bool
    use_distributed_sampler: bool
    log_every_n_steps: Natural
    plugins: list[Part] | None
    strategy: Word | Part


@settings_of("lightning.pytorch.strategies.DDPStrategy")
class Strategy(TypedDict, total=False):
    """Several processes."""

    process_group_backend: Literal["nccl", "gloo", "mpi"] | None
    forward_sync_buffers: bool


@settings_of(
    "lightning.pytorch.loggers.CSVLogger",
    "lightning.pytorch.loggers.TensorBoardLogger",
    "softsym.dashboards.continued.ContinuedWandbLogger",
)
class Logger(TypedDict, total=False):
    """``conf/logger/``."""

    save_dir: Text
    name: Text
    project: Text
    group: Text | None
    tags: list[Text]
    job_type: Text | None
    offline: bool
    id: Text | None
    resume: Literal["allow", "must", "never", "auto"] | None
    settings: Part


@settings_of("wandb.Settings")
class WandbSettings(TypedDict, total=False):
    """Settings of Weights & Biases itself."""

    silent: bool


@settings_of("hydra_plugins.softsym_launchers.JobLauncher")
class Executor(TypedDict, total=False):
    """``conf/executor/`` and ``conf/hydra/launcher/``."""

    kind: Literal["local", "slurm"]
    slots: Count
    devices: list[Natural] | None
    poll_seconds: AtLeast0
    partition: Word | None
    qos: Word | None
    account: Text | None
    timeout_min: Count | None
    nodes: Count
    tasks_per_node: Count
    cpus_per_task: Count
    gpus_per_node: Natural | Word | None
    mem_gb: Above0 | None
    signal_delay_s: Natural
    setup: list[Word]
    additional_parameters: dict[Word, bool | Finite | Word | None]


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
