"""Searches among the runs of a report: what their studies show, drawn by Optuna.

Optuna and plotly are the optional extra ``search``, so they are imported only for a search.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from softsym.reporting.number_format import number
from softsym.reporting.svg import Picture
from softsym.runs.errors import UserError
from softsym.runs.layout import JOURNAL
from softsym.runs.optuna_journal import MONITOR, REASON, STATES, TAIL, TOTAL, counts, load_study

if TYPE_CHECKING:
    from optuna import Study
    from plotly.graph_objects import Figure

# Key -> title, how to read it, function of optuna.visualization, complete trials that it needs.
FIGURES = {
    "history": (
        "Values of the trials",
        "The lower, the better. The line is the best so far.",
        "plot_optimization_history",
        1,
    ),
    "intermediate": (
        "Values during training",
        "Best value by epoch since the strengths settled, a line per trial.",
        "plot_intermediate_values",
        0,
    ),
    "importances": (
        "Which parameters matter",
        "The share of the differences between trials that each parameter explains.",
        "plot_param_importances",
        2,
    ),
    "parallel": (
        "Trials through their parameters",
        "Each line is a complete trial; the darker, the better. Drag along an axis to select.",
        "plot_parallel_coordinate",
        2,
    ),
    "slices": (
        "One parameter at a time",
        "Each dot is a complete trial; the darker, the later.",
        "plot_slice",
        2,
    ),
}
LAYOUT: dict[str, Any] = {
    "template": "plotly_white",
    "title": None,
    "font": {"family": "system-ui, DejaVu Sans, sans-serif", "size": 13},
    "margin": {"l": 70, "r": 30, "t": 30, "b": 50},
    "height": 340,
}
# Values that span more than this factor are shown on a logarithmic axis.
WIDE = 3.0


@dataclass(frozen=True)
class SearchSection:
    """One search as the template takes it."""

    name: str
    headline: str  # the best value and its trial
    facts: str  # number of trials by state
    figures: tuple[Picture, ...]
    failures: tuple[tuple[int, str, str], ...]  # number, reason and last lines of the output


def search_folders(folders: Iterable[Path], runs: Iterable[Path]) -> list[Path]:
    """Folders with a journal among some folders and two levels above runs, where trials are."""
    candidates = [*folders, *(run.absolute().parent.parent for run in runs)]
    unique = {folder.resolve(): folder for folder in reversed(candidates)}
    return [folder for folder in reversed(unique.values()) if (folder / JOURNAL).exists()]


def read_searches(folders: Iterable[Path]) -> tuple[list[SearchSection], list[str]]:
    """Sections of some searches, and warnings about those that cannot be shown."""
    sections: list[SearchSection] = []
    notes: list[str] = []
    for folder in folders:
        try:
            study, damage = load_study(folder / JOURNAL)
            sections.append(_section(study, f"search-{len(sections)}"))
            notes += [f"{damage}. The trials before are shown"] if damage else []
        except ImportError:
            notes.append(
                f"The search in {folder} is not drawn, which takes optuna and plotly: "
                'pip install -e ".[search]"'
            )
        except UserError as error:
            notes.append(str(error))
        except Exception as error:  # whatever Optuna raises when it draws values of others
            notes.append(f"{folder / JOURNAL} cannot be read ({error or type(error).__name__})")
    return sections, notes


def plotly_bundle() -> Markup:
    """The script that draws the figures, 5 MB: a page holds it once."""
    from plotly.offline import get_plotlyjs  # noqa: PLC0415

    return Markup(get_plotlyjs())


def _section(study: Study, prefix: str) -> SearchSection:
    trials = [t for t in study.get_trials(deepcopy=False) if t.state.name in STATES]
    monitor = str(study.user_attrs.get(MONITOR, "value"))
    done = [(t.value, t.number) for t in trials if t.state.name == "COMPLETE"]
    headline = "No trial is complete yet"
    if done:
        headline = f"Best {monitor}: {number(min(done)[0])}, in trial {min(done)[1]}"
    ended = sum(trial.state.is_finished() for trial in trials)
    facts = f"{ended} of {study.user_attrs.get(TOTAL, len(trials))} trials have ended"
    states = ", ".join(f"{count} {word}" for word, count in counts(trials).items())
    figures = tuple(_figure(study, key, prefix, monitor, len(done)) for key in FIGURES)
    failed = [t for t in trials if t.state.name == "FAIL"]
    failures = [
        (t.number, t.user_attrs.get(REASON, ""), t.user_attrs.get(TAIL, "")) for t in failed
    ]
    facts = f"{facts}: {states}." if states else f"{facts}."
    return SearchSection(study.study_name, headline, facts, figures, tuple(failures))


def _figure(study: Study, key: str, prefix: str, monitor: str, complete: int) -> Picture:
    from optuna import visualization  # noqa: PLC0415

    title, caption, name, needed = FIGURES[key]
    missing = f"Complete trials needed: {needed}; so far: {complete}."
    if key == "intermediate" and not any(t.intermediate_values for t in study.get_trials(False)):
        # Optuna would warn
        missing = "No trial has reported values while it trained; a search that prunes has some."
        needed = complete + 1
    if complete < needed:
        return Picture(key, title, missing, Markup())
    names = {} if key == "intermediate" else {"target_name": monitor}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Optuna calls some of its own defaults experimental
        figure = getattr(visualization, name)(study, **names)
    html = _styled(figure, key, monitor).to_html(
        full_html=False,
        include_plotlyjs=False,
        div_id=f"{prefix}-{key}",
        config={"displaylogo": False, "responsive": True, "displayModeBar": False},
    )
    return Picture(key, title, caption, Markup(html))


def _styled(figure: Figure, key: str, monitor: str) -> Figure:
    figure.update_layout(**LAYOUT, showlegend=key == "history")
    if key in ("history", "intermediate", "slices"):
        values = [float(y) for trace in figure.data for y in trace.y if y is not None]
        if values and 0 < WIDE * min(values) < max(values):
            figure.update_yaxes(type="log")
    if key == "intermediate":
        figure.update_layout(xaxis_title="epoch", yaxis_title=monitor)
    return figure
