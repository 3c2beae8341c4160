"""Types of the settings of networks, regularizers, and what else a training is made of."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Le
from typing_extensions import TypedDict

from softsym.cli.settings.kinds import (
    Above0,
    AtLeast0,
    BatchTypes,
    Count,
    CountOrAll,
    Devices,
    Dimension,
    Finite,
    Group,
    Name,
    Natural,
    Part,
    Parts,
    Seed,
    Share,
    Spatial,
    Text,
    Types,
    Word,
)
from softsym.cli.settings.registry import settings_of

Precision = (
    Literal["32-true", "64-true", "16-mixed", "bf16-mixed", "16-true", "bf16-true"]
    | Literal["transformer-engine", "transformer-engine-float16"]
    | Literal["16", "32", "64", "bf16", 16, 32, 64]
)


class Network(TypedDict, total=False):
    """Settings that networks share."""

    rep_in: Types | None  # null where the datamodule proposes types
    rep_out: Types | None
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
    hidden_group: Group | None
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


@settings_of("softsym.networks.EGNN", "softsym.networks.GNN")
class MessagePassing(TypedDict, total=False):
    """``conf/network/egnn.yaml`` and ``conf/network/gnn.yaml``."""

    bodies: Count
    dim: Dimension
    channels: Count
    layers: Count
    free_path: bool
    seed: Seed


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
    "softsym.regularizers.FunctionRegularizer",
    "softsym.regularizers.LieDerivativeRegularizer",
)
class Regularizer(TypedDict, total=False):
    """``conf/regularizer/``."""

    group: Group
    path: Literal["residual", "equivariant"]
    strength: AtLeast0
    dim: Dimension | None
    rep_in: BatchTypes | None
    rep_out: BatchTypes | None
    gradient: Literal["both", "stopped", "anchored"]
    distance: Literal["squared", "kl"]
    share_batch: bool
    strict: bool
    seed: Seed


@settings_of(
    "softsym.regularizers.Fixed",
    "softsym.regularizers.AdjustOnce",
    "softsym.regularizers.AdjustRepeatedly",
    "softsym.regularizers.Constrain",
    "softsym.regularizers.HeldOutShare",
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
    momentum: AtLeast0
    nesterov: bool


@settings_of(
    "torch.optim.lr_scheduler.ConstantLR",
    "torch.optim.lr_scheduler.CosineAnnealingLR",
    "torch.optim.lr_scheduler.OneCycleLR",
    "softsym.lightning_modules.schedule.warmup_cosine",
)
class Scheduler(TypedDict, total=False):
    """``conf/scheduler/``."""

    factor: Share
    total_iters: Natural
    T_max: Count
    max_lr: Above0
    pct_start: Share
    warmup: Share
    last: Share


@settings_of("softsym.lightning_modules.schedule.EachStep")
class EachStep(TypedDict, total=False):
    """Schedules that move at each step."""

    scheduler: Part


@settings_of(
    "torch.nn.HuberLoss", "softsym.metrics.CrossEntropyLoss", "softsym.metrics.DistanceLoss"
)
class Loss(TypedDict, total=False):
    """``conf/loss/``."""

    delta: Above0
    class_weights: list[AtLeast0] | None
    label_smoothing: Share
    dim: Dimension


@settings_of(
    "softsym.metrics.BinaryAccuracy",
    "torchmetrics.classification.BinaryCalibrationError",
    "torchmetrics.classification.MulticlassAccuracy",
    "softsym.metrics.CalibrationError",
)
class Classification(TypedDict, total=False):
    """``conf/metrics/binary.yaml`` and ``conf/metrics/classification.yaml``."""

    average: Literal["micro", "macro", "weighted", "none"]
    threshold: Share
    n_bins: Count
    norm: Literal["l1", "l2", "max"]
    validate_args: bool


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
    paper_errors: bool
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
