"""Numbers, lists and tables as readers want them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeGuard

from rich import box
from rich.table import Table
from rich.text import Text


def known(value: float | None) -> TypeGuard[float]:
    """Whether a measurement exists and is finite."""
    return value is not None and math.isfinite(value)


def number(value: float | None) -> str:
    """Three significant digits, without trailing zeros, such as 0.0123, 812 or 1.5e-7."""
    if value is None or math.isnan(value):
        return "-"
    if value == 0 or math.isinf(value):
        return f"{value:g}"
    if 1e-3 <= abs(value) < 1e5:
        digits = max(0, 2 - math.floor(math.log10(abs(value))))
        text = f"{value:.{digits}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def error(value: float | None) -> str:
    """A relative error between 0 and 1; what would round to 0.000 is shown as ``<0.001``."""
    if not known(value):
        return "-"
    return "<0.001" if 0 < value < 5e-4 else f"{value:.3f}"


def percent(share: float | None) -> str:
    """A share as a percentage with three digits; a dash if it is unknown."""
    return f"{100 * share:.3g}%" if known(share) else "-"


def p_value(p: float | None) -> str:
    """A p-value with two digits; a dash if it is unknown."""
    if not known(p):
        return "-"
    return "< 1e-100" if p < 1e-100 else f"{p:.2g}"


def duration(seconds: float) -> str:
    """Wall-clock time in its two largest units, such as ``2 h 5 min``."""
    if not math.isfinite(seconds):
        return "-"
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def listing(items: Sequence[str]) -> str:
    """A list as in a sentence, such as ``a, b and c``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def plain_table(*headings: str) -> Table:
    """An empty table in the style of all tables in the terminal, with columns of text."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    for heading in headings:
        table.add_column(Text(heading), overflow="fold")
    return table
