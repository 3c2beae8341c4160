"""The grammar of the names of representations, which is checked here without torch."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from softsym.symmetries.grammar import GroupGrammar, with_operators

BETWEEN: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.MatMult: operator.matmul,
    ast.RShift: operator.rshift,
}


class _Any:
    """Stands for every representation where a name is only checked."""

    def _itself(self, *_: object) -> _Any:
        return self

    T = property(_itself)
    __add__ = __mul__ = __rmul__ = __matmul__ = __rshift__ = __call__ = _itself


ANY: dict[str, Any] = dict.fromkeys(("Scalar", "Vector", "V", "T", "Image"), _Any())


class RepGrammar:
    """Reads the name of a representation, which errors quote.

    Args:
        text: The name.
        names: What ``Scalar``, ``Vector`` and ``V`` are, and what ``T`` and ``Image`` make of whole
            numbers; by default what a mere check needs.
        groups: Reads the groups of types such as ``V(S(5))``.

    Raises:
        ValueError: By :meth:`read`, if the name is not understood.
    """

    def __init__(
        self,
        text: str,
        names: Mapping[str, Any] = ANY,
        groups: type[GroupGrammar] = GroupGrammar,
    ) -> None:
        self.text, self.names, self.groups = text, names, groups

    def read(self) -> Any:
        """Reads the whole name."""
        # "T1 @ T0" is Python's "T1 x T0"; behind the @ of O(2)@xy there are names of axes
        expression = with_operators(re.sub(r"@(?=\s*[A-Z\d(])", " x ", self.text))
        # "5T0" becomes 5**T(0), as no operator binds more tightly, and "T0" in turn T(0)
        expression = re.sub(r"(?<![\w.])(\d+)\s*(?=[A-Z(])", r"\1**", expression)
        expression = re.sub(r"\bT(\d+)\b", r"T(\1)", expression)
        quoted = shortened(self.text)
        try:
            return self._rep(ast.parse(expression.strip(), mode="eval").body)
        except RecursionError:
            raise ValueError(
                f"The representation {quoted} has too many terms or factors. Write multiples and "
                "powers as numbers, such as 5T1 and T(2,1)."
            ) from None
        except (SyntaxError, TypeError, KeyError):
            raise ValueError(
                f"Cannot read the representation {quoted}. Allowed are T0, T1, T(p,q), Scalar, "
                "Vector, joined by + and *, whole multiples such as 5T1, duals such as T(2,1).T, "
                "maps such as T1 >> T2, types of one group such as V(S(5)), V(S(5)) x V(O(3)) for "
                "a direct product, and Image(28,28) for pixels."
            ) from None

    def _node(self, node: ast.expr) -> Any:
        """Evaluates the few forms a representation may have; raises a TypeError for any other."""
        match node:
            case ast.Constant(value=int() as number):
                return number
            case ast.Name(id="Scalar" | "Vector" | "V" as name):
                return self.names[name]
            case ast.Attribute(value=inner, attr="T"):
                return self._rep(inner).T
            case ast.Call(func=ast.Name(id="T" | "Image" as name), args=args, keywords=[]):
                return self.names[name](*(self._int(arg) for arg in args))
            case ast.Call(func=inner, args=[arg], keywords=[]):
                R = self._rep(inner)
                # back from Python's operators to ours, so that an error quotes what was written
                written = re.sub(r"\.(\w+)", r"@\1", ast.unparse(arg).replace(" @ ", " x "))
                return R(self.groups(written).node(arg, None))
            case ast.BinOp(left=count, op=ast.Pow(), right=right):
                return self._int(count) * self._rep(right)
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return self._node(left) * self._node(right)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in BETWEEN:
                return BETWEEN[type(op)](self._rep(left), self._rep(right))
        raise TypeError

    def _rep(self, node: ast.expr) -> Any:
        value = self._node(node)
        if isinstance(value, int):
            raise TypeError
        return value

    def _int(self, node: ast.expr) -> int:
        value = self._node(node)
        if not isinstance(value, int):
            raise TypeError
        return value


def shortened(text: str) -> str:
    """The text in quotes, cut after 80 characters."""
    return repr(text if len(text) <= 80 else f"{text[:80]}...")
