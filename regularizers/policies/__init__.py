"""How strengths change while training runs."""

from regularizers.policies.adjust_once import AdjustOnce
from regularizers.policies.base import StrengthPolicy
from regularizers.policies.fixed import Fixed

__all__ = ["AdjustOnce", "Fixed", "StrengthPolicy"]
