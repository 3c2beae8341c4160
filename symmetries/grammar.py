"""The grammar of the names of groups, which is checked here without torch.

Names are read as Python expressions with few operators, from left to right: ``*`` and ``x`` have
the same precedence, ``@`` and calls bind more tightly.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Collection
from functools import cache
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any

from softsym.plugins import plugins

AXIS_NAMES = "xyz"
NO_NAMES = {"DirectProduct", "Embed", "Generated", "PermutationGroup"}
"""Classes whose arguments are not numbers, and which therefore have no name of their own."""
ANYTHING = Signature([Parameter("arguments", Parameter.VAR_POSITIONAL)])
"""How a family is called of which no more is known."""


class GroupGrammar:
    """Reads the name of a group, which errors quote; a subclass makes the group.

    Args:
        text: The name.

    Raises:
        ValueError: By :meth:`read`, if the name is not understood.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def families(self) -> Collection[str]:
        """Names of the known families; here those in ``groups/``."""
        return shipped()

    def signature(self, family: str) -> Signature:
        """How a family is called."""
        return shipped().get(family, ANYTHING)

    def of_family(self, family: str, numbers: list[int]) -> Any:
        """Makes a group of a family."""

    def embedded(self, small: Any, axes: list[int], dim: int | None) -> Any:
        """Makes the group that acts as ``small`` on some axes of R^dim."""

    def generated(self, left: Any, right: Any) -> Any:
        """Makes the group that two groups on the same space generate."""

    def product(self, left: Any, right: Any) -> Any:
        """Makes the direct product of two groups."""

    def read(self, dim: int | None = None) -> Any:
        """Reads the whole name; ``dim`` is the dimension of the base space, if it is known."""
        try:
            body = ast.parse(with_operators(self.text).strip(), mode="eval").body
        except (SyntaxError, RecursionError):
            raise self._unreadable() from None
        return self.node(body, dim)

    def node(self, node: ast.expr, dim: int | None) -> Any:
        """Reads a part of the name."""
        match node:
            case ast.Name(id=family):
                return self._called(family, [])
            case ast.Call(func=ast.Name(id=family), args=args, keywords=[]):
                return self._called(family, args)
            case ast.Attribute(value=inner, attr=axes):
                return self.embedded(self.node(inner, None), _axes(axes), dim)
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return self.generated(self.node(left, dim), self.node(right, dim))
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                return self.product(self.node(left, None), self.node(right, None))
        raise self._unreadable()

    def _called(self, family: str, args: list[ast.expr]) -> Any:
        known = family in self.families() or family in plugins("groups")
        if family in NO_NAMES or not known:
            close = _close(family, self._names())
            hint = f" Did you mean {close}?" if close else ""
            raise ValueError(f"Unknown group {family!r} in {self.text!r}.{hint} {self._allowed()}")
        numbers = [self._number(arg) for arg in args]
        try:
            self.signature(family).bind(*numbers)
        except TypeError:
            raise ValueError(
                f"{written(family, numbers)!r} has {len(numbers)} arguments, which {family} does "
                f"not take. Write {self._example(family)}. {self._allowed()}"
            ) from None
        return self.of_family(family, numbers)

    def _number(self, node: ast.expr) -> int:
        try:
            number = ast.literal_eval(node)
        except ValueError:
            number = None
        if not isinstance(number, int) or isinstance(number, bool):
            raise ValueError(
                f"The arguments of groups in {self.text!r} must be whole numbers, as in 'SO(3)'."
            )
        return number

    def _example(self, family: str) -> str:
        """A family's name with its arguments as its constructor names them, such as ``SO(n)``."""
        parameters = self.signature(family).parameters.values()
        names = [p.name for p in parameters if p.default is p.empty]
        return f"{family}({', '.join(names)})" if names else family

    def _names(self) -> list[str]:
        """All names, with those of installed packages."""
        return sorted({*self.families(), *plugins("groups")} - NO_NAMES)

    def _allowed(self) -> str:
        names = ", ".join(self._names())
        return f"Groups are written as 'SO(3)' or 'Lorentz'; the families are {names}."

    def _unreadable(self) -> ValueError:
        return ValueError(
            f"Cannot read the group {self.text.strip()!r}. {self._allowed()} G@xy acts on the "
            "named axes, G*H is generated by both, GxH is the direct product."
        )


@cache
def shipped() -> dict[str, Signature]:
    """The families in ``groups/`` and how they are called, read from the files without importing.

    Example:
        >>> str(shipped()["SO"]), str(shipped()["Lorentz"])
        ('(n)', '()')
    """
    files = sorted((Path(__file__).parent / "groups").glob("*.py"))
    nodes = [node for file in files for node in ast.parse(file.read_text()).body]
    classes = {node.name: node for node in nodes if isinstance(node, ast.ClassDef)}
    return {name: _constructor(node, classes) for name, node in classes.items()}


def _constructor(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> Signature:
    own = [f.args for f in node.body if isinstance(f, ast.FunctionDef) and f.name == "__init__"]
    if not own:
        base = getattr(node.bases[0], "id", "") if node.bases else ""
        return _constructor(classes[base], classes) if base in classes else ANYTHING
    names = [arg.arg for arg in own[0].args[1:]]
    needed = len(names) - len(own[0].defaults)
    defaults = [Parameter.empty] * needed + [...] * len(own[0].defaults)
    kind = Parameter.POSITIONAL_OR_KEYWORD
    return Signature([Parameter(n, kind, default=d) for n, d in zip(names, defaults, strict=True)])


def with_operators(text: str) -> str:
    """As Python: ``G@xy`` becomes the attribute ``G.xy``, and ``GxH`` becomes ``G@H``."""
    with_attributes = re.sub(r"\s*@\s*(\w+)", r".\1", text)
    return re.sub(r"(?<=[)\s])x\s*(?=[A-Z\d(])", "@", with_attributes)


def written(family: str, numbers: list[int]) -> str:
    """A group of a family as text."""
    return f"{family}({', '.join(map(str, numbers))})"


def _axes(names: str) -> list[int]:
    if any(axis not in AXIS_NAMES for axis in names):
        raise ValueError(f"Axes are named by {', '.join(AXIS_NAMES)}, as in '@xy'; got '@{names}'.")
    return [AXIS_NAMES.index(axis) for axis in names]


def _close(family: str, names: list[str]) -> str | None:
    """What an unknown name may have been meant for: ``SO(3)`` for ``so3``, ``SO`` for ``So``."""
    lower = {known.lower(): known for known in names}
    if family.lower() in lower:
        return lower[family.lower()]
    letters = re.fullmatch(r"([A-Za-z]+)_?(\d+)", family)
    if letters and letters[1].lower() in lower:
        return f"{lower[letters[1].lower()]}({letters[2]})"
    return next(iter(difflib.get_close_matches(family, names, n=1, cutoff=0.5)), None)
