"""Callbacks around the training: checkpoints, progress, records, stopping."""

from softsym.lightning_modules.callbacks.checkpoints import (
    BestCheckpoint,
    LastCheckpoint,
    SettledEarlyStopping,
)
from softsym.lightning_modules.callbacks.garbage import FrozenGarbage
from softsym.lightning_modules.callbacks.graceful_stop import GracefulStop, Preempted
from softsym.lightning_modules.callbacks.progress import EpochProgress
from softsym.lightning_modules.callbacks.pruning import OptunaPruning
from softsym.lightning_modules.callbacks.rank_agreement import DisagreementError, RankAgreement
from softsym.lightning_modules.callbacks.step_seed import StepSeed
from softsym.lightning_modules.callbacks.strength_log import StrengthLog
from softsym.lightning_modules.callbacks.symmetries import Symmetries

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
    "Symmetries",
]
