"""The result of a symmetry test: a verdict for each candidate."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SMALLEST = 0.01
"""Smallest percentage that is printed: rounding makes breaks of less than 1e-4."""
COLUMNS = (
    "symmetry",
    "verdict",
    "p",
    "at least",
    "estimate",
    "at most",
    "inputs look alike",
    "how",
)


@dataclass(frozen=True)
class Verdict:
    """What held-out samples say of one symmetry.

    Breaks are relative: sqrt(E |m - Qm|^2 / E |y - Ey|^2) for the conditional mean m, 0 for an
    exact symmetry.

    Attributes:
        group: Name of the group.
        p: p-value of "the symmetry holds exactly", before Holm's correction.
        lower: The break is at least this, with confidence 1 - level.
        upper: The break is at most this, with confidence 1 - level; infinite where nothing bounds
            it.
        estimate: Estimate of the break; it comes out too small where the predictor is poor.
        verdict: Begins with ``holds``, ``broken``, ``undecided`` or ``no verdict``.
        how: How the function was projected onto the equivariant ones.
        n: Number of samples.
        clusters: Number of clusters among them.
        p_holm: The p-value after Holm's correction for all candidates.
        inputs_p: p-value of "moved inputs look like inputs". Not about the targets: an exact
            symmetry may hold where inputs look different. NaN if it could not be tested.
        alpha: Share of symmetrising the predictor that lowers its held-out error most: near 1,
            symmetrise; near 0, do not.
        alpha_error: Standard error of ``alpha``.
        blocks: For each term of the targets' type, (lower, estimate, upper) relative to that
            term's own spread.
        note: A remark, such as a contradiction with another verdict; usually empty.
    """

    group: str
    p: float
    lower: float
    upper: float
    estimate: float
    verdict: str
    how: str
    n: int
    clusters: int
    p_holm: float = math.nan
    inputs_p: float = math.nan
    alpha: float = math.nan
    alpha_error: float = math.nan
    blocks: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain values, such as json holds; None for what has no finite value."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in values.items()
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Verdict:
        """Reads what :meth:`to_dict` returned; None becomes NaN, as an upper bound infinity.

        Raises:
            ValueError: If a field is missing, unknown or of another kind.
        """
        try:
            given: dict[str, Any] = {n: UNKNOWN[n] if v is None else v for n, v in values.items()}
            blocks = {
                str(k): (float(a), float(b), float(c)) for k, (a, b, c) in given["blocks"].items()
            }
            return cls(**{**given, "blocks": blocks})
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"no fields of a verdict: {error}") from None

    def __str__(self) -> str:
        return f"{self.group}: {self.verdict}"


UNKNOWN = {field.name: math.nan for field in fields(Verdict)} | {"upper": math.inf}
"""What None in a file stands for, field by field."""


class SymmetryTest(Mapping[str, Verdict]):
    """The verdicts of a test by the names of its candidates; prints as a table.

    Args:
        verdicts: Name -> verdict.
        settings: What the test was asked: level, tolerance, seed, predictor, number of folds,
                types of inputs and targets, and dimension of the space that the groups act on.
        joint_alphas: Name -> share of symmetrising under that group, all groups together.
        explained: Term of the targets' type, or ``all`` -> R^2 of the predictor with its interval.
    """

    def __init__(
        self,
        verdicts: Mapping[str, Verdict],
        settings: Mapping[str, Any],
        joint_alphas: Mapping[str, float],
        explained: Mapping[str, tuple[float, float, float]],
    ) -> None:
        self._verdicts = dict(verdicts)
        self.settings, self.joint_alphas = dict(settings), dict(joint_alphas)
        self.explained = dict(explained)

    def __getitem__(self, name: str) -> Verdict:
        return self._verdicts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._verdicts)

    def __len__(self) -> int:
        return len(self._verdicts)

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Name -> fields of its verdict, plain values that json holds."""
        return {name: verdict.to_dict() for name, verdict in self.items()}

    def to_pandas(self) -> pd.DataFrame:
        """A table with a row for each candidate.

        Raises:
            ImportError: If pandas is not installed.
        """
        try:
            import pandas as pd  # noqa: PLC0415 (an optional package)
        except ImportError:
            raise ImportError("to_pandas() needs pandas: pip install pandas.") from None
        return pd.DataFrame.from_dict(self.to_dict(), orient="index")

    @property
    def parts(self) -> tuple[str, ...]:
        """The terms of the targets' type that the verdicts tell apart."""
        return tuple(dict.fromkeys(label for each in self.values() for label in each.blocks))

    def plot(self) -> Figure:
        """Draws the intervals of all candidates on a common axis."""
        from softsym.metrics.symmetry_tests.picture import interval_figure  # noqa: PLC0415 (slow)

        return interval_figure(self, self.settings["tolerance"])

    def sentence(self) -> str:
        """The verdicts in one line, such as "O(2)@xy holds within 2%; O(3) is broken by ..."."""
        return "; ".join(_clause(name, verdict) for name, verdict in self.items()) + "."

    def _told(self) -> str:
        """What the test was told of the samples, in parentheses."""
        if "types" not in self.settings:  # a run folder does not hold it
            return ""
        types = " to ".join(self.settings["types"])
        return f" ({types} over R^{self.settings['dim']})"

    def bounds(self, name: str) -> list[tuple[float, float, float]]:
        """Lower bound, estimate and upper bound on each of ``parts``; NaN where unknown."""
        unknown = (math.nan, math.nan, math.nan)
        return [self[name].blocks.get(part, unknown) for part in self.parts]

    def _by_part(self, name: str) -> tuple[str, ...]:
        """The name of a symmetry, and its bounds on each part of the targets."""
        bounds = self.bounds(name)
        return (name, *(f"{percent(low)} to {percent(high, up=True)}" for low, _, high in bounds))

    def __str__(self) -> str:
        lines = _aligned([COLUMNS, *(_row(name, verdict) for name, verdict in self.items())])
        first = next(iter(self.values()), None)
        if first is not None:
            value, low, high = self.explained["all"]
            lines.append(
                f"{first.n} samples{self._told()} in {first.clusters} clusters; the predictor "
                f"explains R2 = {value:.3f} [{low:.3f}, {high:.3f}]. Breaks are relative to the "
                "spread of the targets."
            )
            if len(self.parts) > 1:
                lines += ["", "By part of the targets, relative to its own spread:"]
                lines += _aligned([("symmetry", *self.parts), *map(self._by_part, self)])
        lines += [f"{name}: {v.note}" for name, v in self.items() if v.note]
        return "\n".join(lines)

    __repr__ = __str__


def percent(share: float, *, up: bool = False) -> str:
    """A share as a percentage with two digits; ``up`` rounds up, as an upper bound must be."""
    if not math.isfinite(share):
        return "?"
    value = 100 * share
    if value < SMALLEST:
        return f"{SMALLEST:g}%" if up and value > 0 else "0%"
    digits = max(0, 1 - math.floor(math.log10(value))) if value < 10 else 0
    step = 10.0**-digits
    value = (math.ceil if up else math.floor)(value / step + (-1e-9 if up else 1e-9)) * step
    return f"{value:.{digits}f}%" if value < 1000 else f"{value:.3g}%"


def p_text(p: float) -> str:
    """A p-value as text, such as ``p = 0.03`` or ``p < 1e-100``."""
    if math.isnan(p):
        return "p unknown"
    return "p < 1e-100" if p < 1e-100 else f"p = {p:.2g}"


def verdict_text(
    p: float, p_holm: float, lower: float, upper: float, level: float, tolerance: float
) -> str:
    """The verdict in words, from the corrected p-value and the bounds."""
    if lower > upper:
        return f"undecided, at least {percent(lower)} but at most {percent(upper, up=True)}"
    if upper <= tolerance:
        return f"holds within {percent(upper, up=True)}"
    if math.isinf(upper):
        least = f"broken by at least {percent(lower)} ({p_text(p)})"
        return least if p_holm < level else "undecided, nothing bounds the break from above"
    if p_holm < level:
        return f"broken by {percent(lower)} to {percent(upper, up=True)} ({p_text(p)})"
    return f"undecided, at most {percent(upper, up=True)}"


def _clause(name: str, verdict: Verdict) -> str:
    if verdict.verdict.startswith("broken"):
        return f"{name} is {verdict.verdict}"
    if verdict.verdict.startswith("holds"):
        return f"{name} {verdict.verdict}"
    return f"{name}: {verdict.verdict}"


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Lines of a table whose first row is a heading."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return [lines[0], "  ".join("-" * width for width in widths), *lines[1:]]


def _row(name: str, verdict: Verdict) -> tuple[str, ...]:
    alike = verdict.inputs_p
    return (
        name,
        verdict.verdict,
        f"{verdict.p:.2g}",
        percent(verdict.lower),
        percent(verdict.estimate),
        percent(verdict.upper, up=True),
        "?" if math.isnan(alike) else f"{'yes' if alike >= 0.05 else 'no'} (p = {alike:.2g})",
        verdict.how,
    )
