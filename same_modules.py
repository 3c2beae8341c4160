"""Keeps one copy of every module where a checkout's root is on the path too.

In the root of a checkout ``import symmetries`` finds the folder that is ``softsym.symmetries``.
Loaded under both names, a class would exist twice, and ``isinstance`` would fail between the two.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder, SourceLoader
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, ModuleType
from typing import cast

ROOT = Path(__file__).resolve().parent
ROOMS = frozenset(path.parent.name for path in ROOT.glob("*/__init__.py"))


class SameModule(MetaPathFinder, Loader):
    """Answers an import of ``<room>`` from this folder with the module ``softsym.<room>``.

    Packages of other projects that are called as a room is stay their own.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of the module in ``softsym``; None if the name is not one of this folder's."""
        if fullname.partition(".")[0] not in ROOMS:
            return None
        found = PathFinder.find_spec(fullname, path)
        if found is None or not _is_ours(found.origin):
            return None
        is_package = found.submodule_search_locations is not None
        return ModuleSpec(fullname, self, origin=found.origin, is_package=is_package)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module in ``softsym``, loaded once."""
        module = _shared(spec.name)
        self.kept = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Undoes what the import has written on the module: it has run under its own name."""
        module.__spec__ = self.kept

    def get_code(self, fullname: str) -> CodeType | None:
        """The code that ``python -m <room>`` runs."""
        spec = find_spec(f"softsym.{fullname}")
        return cast(SourceLoader, spec.loader).get_code(spec.name) if spec else None


def share_modules() -> None:
    """From here on, a module of this folder is the same under both names."""
    sys.meta_path.insert(0, SameModule())
    # a room that is being imported under its short name, and whose first import this is
    for name, module in list(sys.modules.items()):
        is_room = name.partition(".")[0] in ROOMS
        if is_room and _is_ours(getattr(module, "__file__", None)):
            sys.modules[name] = _shared(name)


def _shared(name: str) -> ModuleType:
    """Loads ``softsym.<name>``, and gives the modules below it their short names."""
    module = import_module(f"softsym.{name}")
    # an import of one of them would set it as an attribute of its room once more, where a public
    # name may have taken its place: softsym.symmetries.group is the function, not its file
    for full, loaded in list(sys.modules.items()):
        if full.startswith(f"softsym.{name}."):
            sys.modules.setdefault(full.removeprefix("softsym."), loaded)
    return module


def _is_ours(file: str | None) -> bool:
    return file is not None and Path(file).resolve().is_relative_to(ROOT)
