"""How strengths change while training runs."""

from regularizers.policies.adjust_once import AdjustOnce
from regularizers.policies.adjust_repeatedly import AdjustRepeatedly
from regularizers.policies.base import StrengthPolicy
from regularizers.policies.fixed import Fixed

__all__ = ["AdjustOnce", "AdjustRepeatedly", "Fixed", "StrengthPolicy"]
