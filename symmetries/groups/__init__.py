"""The named families of groups, one file each; every file in this folder is imported."""

import importlib
import pkgutil

from softsym.symmetries.group import Generated, Group

__all__ = ["Generated", "Group"]

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
