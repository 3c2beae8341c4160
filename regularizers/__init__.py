"""Regularizers, one for each candidate symmetry, and the policies that tune their strengths."""

from regularizers.base import Regularizer
from regularizers.gate import GateRegularizer
from regularizers.path import PathRegularizer
from regularizers.policies import (
    AdjustOnce,
    AdjustRepeatedly,
    Fixed,
    GrowThenAdjust,
    StrengthPolicy,
)
from regularizers.projection import ProjectionRegularizer
from regularizers.tuning import StrengthTuning
from regularizers.weight_decay import WeightDecay

__all__ = [
    "AdjustOnce",
    "AdjustRepeatedly",
    "Fixed",
    "GateRegularizer",
    "GrowThenAdjust",
    "PathRegularizer",
    "ProjectionRegularizer",
    "Regularizer",
    "StrengthPolicy",
    "StrengthTuning",
    "WeightDecay",
]
