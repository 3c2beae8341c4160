"""Strengths that stay."""

from __future__ import annotations

from collections.abc import Mapping

from softsym.regularizers.policies.base import StrengthPolicy


class Fixed(StrengthPolicy):
    """Leaves every strength as it was given."""

    def update(  # noqa: D102
        self, epochs: int, penalties: Mapping[str, float], strengths: Mapping[str, float]
    ) -> dict[str, float]:
        return dict(strengths)
