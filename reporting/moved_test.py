"""What a user loses if the world turns: the test metric on moved samples, beside untouched."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.figure import Figure

from softsym.reporting.number_format import known, listing, number
from softsym.reporting.palette import INK, MUTED, line_styles, styled
from softsym.reporting.summary import MOVED, RunSummary, Scores
from softsym.reporting.symmetry_results import labels

MEANING = (
    "Test samples are moved by random elements of the group, targets with inputs, as if the same "
    "world were seen in moved coordinates. This is the risk of using the model there, and says "
    "nothing of whether the symmetry holds: where the data break it, a world that itself turns has "
    "other targets than these."
)
TIMES = 10.0
"""Ratio from which a change is told as a factor and no longer in percent."""


@dataclass(frozen=True)
class MovedErrors:
    """The deciding metric on the test set as it is, and moved under each symmetry.

    Attributes:
        metric: Name of the metric, such as ``mse``.
        untouched: Its value on the test set as it is.
        moved: Name of a symmetry -> its value on the moved test set.
    """

    metric: str
    untouched: float
    moved: dict[str, float]

    def change(self, name: str) -> str:
        """By how much the moved value differs, such as ``+12%`` or ``x 34``; empty if unknown."""
        moved = self.moved.get(name)
        if not known(moved) or not known(self.untouched) or self.untouched <= 0:
            return ""
        ratio = moved / self.untouched
        return f"x {ratio:.3g}" if ratio >= TIMES else f"{100 * (ratio - 1):+.3g}%"


def moved_errors(summary: RunSummary) -> MovedErrors | None:
    """The metric that chose the model, moved and untouched; None where it was not measured."""
    metric = summary.monitor.partition("/")[2]
    untouched = summary.metrics.get(f"test/{metric}")
    keys = {r.name: f"{MOVED}{r.name}/{metric}" for r in summary.symmetries}
    moved = {name: summary.metrics[key] for name, key in keys.items() if key in summary.metrics}
    return MovedErrors(metric, untouched, moved) if moved and untouched is not None else None


def moved_scores(summary: RunSummary) -> Scores:
    """All test metrics, untouched and under each symmetry; without rows if none is moved."""
    shown = labels(summary.symmetries)
    table = {
        metric: tuple(summary.metrics.get(f"{MOVED}{name}/{metric}") for name in shown)
        for metric in (key.removeprefix("test/") for key in summary.metrics if key[:5] == "test/")
    }
    rows = (
        (f"test/{metric}", (summary.metrics[f"test/{metric}"], *values))
        for metric, values in table.items()
        if any(value is not None for value in values)
    )
    return Scores(("untouched", *shown.values()), tuple(rows))


def unmoved(summary: RunSummary) -> str:
    """Says which symmetries could not move the test set, and why; empty if all could."""
    reasons: dict[str, list[str]] = {}
    for name, reason in summary.unmoved.items():
        reasons.setdefault(reason, []).append(labels(summary.symmetries).get(name, name))
    told = (f"{listing(names)}: {reason}" for reason, names in reasons.items())
    return "".join(f"No test error of moved samples for {text} " for text in told).strip()


@styled
def moved_figure(summary: RunSummary) -> Figure | None:
    """A bar for each symmetry, and a line for the untouched test set; None without numbers."""
    found = moved_errors(summary)
    if found is None:
        return None
    names = [name for name, value in found.moved.items() if known(value)]
    if not names or not known(found.untouched):
        return None
    styles = line_styles(summary)
    figure = Figure(figsize=(6.4, 1.0 + 0.4 * len(names)), layout="constrained")
    ax = figure.add_subplot()
    values = [found.moved[name] for name in names]
    bars = ax.barh(range(len(names)), values, 0.6, color=[styles[n]["color"] for n in names])
    changes = [f" ({text})" if (text := found.change(name)) else "" for name in names]
    texts = [number(value) + change for value, change in zip(values, changes, strict=True)]
    ax.bar_label(bars, texts, padding=5, color=INK, fontsize=9)
    ax.axvline(found.untouched, color=INK, linewidth=1.2, linestyle=(0, (4, 2)))
    ax.annotate(
        f"untouched {number(found.untouched)}", (found.untouched, 1.0),
        xycoords=("data", "axes fraction"), xytext=(0, 3), textcoords="offset points",
        ha="center", va="bottom", fontsize=8.5, color=MUTED,
    )  # fmt: skip
    ax.set_yticks(range(len(names)), [styles[name]["label"] for name in names])
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.grid(visible=False, axis="y")
    low, high = min(0.0, *values, found.untouched), max(0.0, *values, found.untouched)
    ax.set_xlim(low, high + 0.25 * (high - low or 1.0))  # room for the label of the longest bar
    better = " (higher is better)" if summary.higher_is_better else ""
    ax.set_xlabel(f"test {found.metric}{better} of the moved test set")
    return figure
