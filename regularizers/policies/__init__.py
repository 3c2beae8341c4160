"""How strengths change while training runs."""

from regularizers.policies.adjust_once import AdjustOnce
from regularizers.policies.adjust_repeatedly import AdjustRepeatedly
from regularizers.policies.base import StrengthPolicy
from regularizers.policies.fixed import Fixed
from regularizers.policies.grow_then_adjust import GrowThenAdjust

__all__ = ["AdjustOnce", "AdjustRepeatedly", "Fixed", "GrowThenAdjust", "StrengthPolicy"]
