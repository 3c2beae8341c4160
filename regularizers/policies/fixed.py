"""Constant strengths."""

from __future__ import annotations

from collections.abc import Mapping

from typing_extensions import override

from softsym.regularizers.policies.base import StrengthPolicy


class Fixed(StrengthPolicy):
    """Leaves every strength as the config gives it."""

    @override
    def update(
        self, epochs: int, penalties: Mapping[str, float], strengths: Mapping[str, float]
    ) -> dict[str, float]:
        return dict(strengths)
