"""Checks the names under which logs, metrics and the report list what a run consists of."""

from __future__ import annotations

import re
from collections.abc import Iterable

from torch import nn

ALLOWED = re.compile(r"[\w@*()+-]+")
"""Letters and digits of any script, _ and what names of groups consist of."""


def require_names(what: str, names: Iterable[object], taken: Iterable[str] = ()) -> None:
    """Checks names that become parts of metrics such as ``test/equivariance_error/xy``.

    Args:
        what: The key in the config that lists them.
        names: The names.
        taken: Names that mean something else already.

    Raises:
        ValueError: If one is no text, holds other signs, or is taken.
    """
    container = nn.ModuleDict()
    for name in names:
        if not isinstance(name, str) or not ALLOWED.fullmatch(name):
            raise ValueError(
                f"{what}: a name is text of letters, digits and _ @ * ( ) + -, as in xy or "
                f"so3; got {name!r}."
            )
        if name in set(taken) or hasattr(container, name):
            raise ValueError(
                f"{what}: the name {name!r} is taken, by another entry of the module or by "
                "PyTorch. Choose another one."
            )
