"""Which classes the stored config of a run may build."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from inspect import isclass
from pathlib import Path
from typing import Any

from hydra.utils import get_object

from softsym.runs.errors import UserError

PACKAGES = (
    *("softsym.networks.", "softsym.regularizers.", "softsym.metrics."),
    *("softsym.lightning_modules.", "torch.nn.", "torch.optim.", "torchmetrics."),
)
"""Where the classes are from that a folder may build unless the user names more."""


def require_trusted(
    node: Any, trusted: Sequence[str], path: Path, place: str = "module", remedy: str = ""
) -> None:
    """Checks that building a stored config makes objects of known classes alone.

    Args:
        node: Plain values of the config.
        trusted: Packages to allow besides `PACKAGES`.
        path: The file, for messages.
        place: Key of the node in the config, for messages.
        remedy: What the message proposes.

    Raises:
        UserError: If it would build or call something else.
    """
    packages = (*PACKAGES, *(f"{name}." for name in trusted))
    for key, target in _targets(node, place):
        # a function, or a name that a module merely imports, could do anything
        made = get_object(target) if target.startswith(packages) else None
        if not (isclass(made) and f"{made.__module__}.".startswith(packages)):
            raise UserError(
                f"{path}: {key} is {target!r}, which is not built from the folder of a run, "
                f"as that may come from anybody. If you trust it, {remedy}."
            )


def _targets(node: Any, place: str) -> Iterator[tuple[str, str]]:
    """Each key that says what is built, and what it names, also in lists."""
    children = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in children:
        if key == "_target_":
            yield f"{place}.{key}", str(value)
        elif isinstance(value, dict | list):
            yield from _targets(value, f"{place}.{key}")
