"""What runs around the training: checkpoints, progress, records, stopping."""

from lightning_modules.callbacks.checkpoints import (
    BestCheckpoint,
    LastCheckpoint,
    SettledEarlyStopping,
)
from lightning_modules.callbacks.garbage import FrozenGarbage
from lightning_modules.callbacks.graceful_stop import GracefulStop, Preempted
from lightning_modules.callbacks.progress import EpochProgress
from lightning_modules.callbacks.pruning import OptunaPruning
from lightning_modules.callbacks.rank_agreement import DisagreementError, RankAgreement
from lightning_modules.callbacks.step_seed import StepSeed
from lightning_modules.callbacks.strength_log import StrengthLog

__all__ = [
    "BestCheckpoint",
    "DisagreementError",
    "EpochProgress",
    "FrozenGarbage",
    "GracefulStop",
    "LastCheckpoint",
    "OptunaPruning",
    "Preempted",
    "RankAgreement",
    "SettledEarlyStopping",
    "StepSeed",
    "StrengthLog",
]
