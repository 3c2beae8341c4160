"""What runs around the training: checkpoints, progress, records, stopping."""

from lightning_modules.callbacks.checkpoints import (
    BestCheckpoint,
    LastCheckpoint,
    SettledEarlyStopping,
)
from lightning_modules.callbacks.garbage import FrozenGarbage
from lightning_modules.callbacks.graceful_stop import GracefulStop
from lightning_modules.callbacks.progress import EpochProgress
from lightning_modules.callbacks.strength_log import StrengthLog

__all__ = [
    "BestCheckpoint",
    "EpochProgress",
    "FrozenGarbage",
    "GracefulStop",
    "LastCheckpoint",
    "SettledEarlyStopping",
    "StrengthLog",
]
