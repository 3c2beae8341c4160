"""Regularizers, one per candidate symmetry, and the policies that tune their strengths."""

from softsym.regularizers.base import Regularizer
from softsym.regularizers.function import FunctionRegularizer
from softsym.regularizers.gate import GateRegularizer
from softsym.regularizers.lie_derivative import LieDerivativeRegularizer
from softsym.regularizers.path import PathRegularizer
from softsym.regularizers.policies import (
    AdjustOnce,
    AdjustRepeatedly,
    Constrain,
    Fixed,
    HeldOutShare,
    StrengthPolicy,
)
from softsym.regularizers.projection import ProjectionRegularizer
from softsym.regularizers.tuning import StrengthTuning
from softsym.regularizers.weight_decay import WeightDecay

__all__ = [
    "AdjustOnce",
    "AdjustRepeatedly",
    "Constrain",
    "Fixed",
    "FunctionRegularizer",
    "GateRegularizer",
    "HeldOutShare",
    "LieDerivativeRegularizer",
    "PathRegularizer",
    "ProjectionRegularizer",
    "Regularizer",
    "StrengthPolicy",
    "StrengthTuning",
    "WeightDecay",
]
