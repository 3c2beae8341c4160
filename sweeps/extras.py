"""What searches need beside the core."""

from __future__ import annotations

import importlib

from softsym.runs.errors import UserError

NEEDED = ("optuna",)


def require_extra() -> None:
    """Checks that the extra ``search`` is installed.

    Raises:
        UserError: If it is not; the message says how to install it.
    """
    for name in NEEDED:
        try:
            importlib.import_module(name)
        except ImportError:
            raise UserError(f'Searches need {name}: pip install -e ".[search]"') from None
