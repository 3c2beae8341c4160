"""Strength policies: how strengths change while training runs."""

from softsym.regularizers.policies.adjust_once import AdjustOnce
from softsym.regularizers.policies.adjust_repeatedly import AdjustRepeatedly
from softsym.regularizers.policies.base import HeldOut, Question, StrengthPolicy
from softsym.regularizers.policies.constrain import Constrain
from softsym.regularizers.policies.fixed import Fixed
from softsym.regularizers.policies.held_out_share import HeldOutShare

__all__ = [
    "AdjustOnce",
    "AdjustRepeatedly",
    "Constrain",
    "Fixed",
    "HeldOut",
    "HeldOutShare",
    "Question",
    "StrengthPolicy",
]
