"""The picture of a study: one HTML file that needs nothing else."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
import plotly.graph_objects as go
from markupsafe import Markup
from optuna.trial import TrialState
from plotly.offline import get_plotlyjs

from softsym.reporting.words import number
from softsym.runs.files import write_atomically
from softsym.sweeps.figures import FIGURES, TooFewError
from softsym.sweeps.plan import Plan
from softsym.sweeps.progress import counts, ended
from softsym.sweeps.status import best_trials
from softsym.sweeps.study import MONITOR, REASON, TAIL, TOTAL, Study
from softsym.sweeps.trials import by_hand

TEMPLATES = Path(__file__).parent / "templates"
ROWS = 10
HEIGHTS = {"parallel": 380, "slices": 340, "importances": 230}
LAYOUT = {
    "template": "plotly_white",
    "title": None,
    "font": {"family": "system-ui, DejaVu Sans, sans-serif", "size": 13, "color": "#1f2430"},
    "margin": {"l": 70, "r": 20, "t": 20, "b": 50},
    "legend": {"orientation": "h", "y": 1.1, "x": 1, "xanchor": "right"},
}


def draw(study: Study, plan: Plan, path: Path) -> Path:
    """Writes the picture.

    Args:
        study: The study.
        plan: What it searches.
        path: The file.

    Returns:
        The file.
    """
    monitor = str(study.optuna.user_attrs.get(MONITOR, "value"))
    figures = [_figure(key, study, monitor) for key in FIGURES]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    page = environment.get_template("study.html.j2").render(
        **_words(study, plan, monitor),
        figures=figures,
        plotly=Markup(get_plotlyjs()),
    )
    write_atomically(path, page)
    return path


def _words(study: Study, plan: Plan, monitor: str) -> dict[str, Any]:
    trials = study.trials
    best = best_trials(trials)
    failed = [t for t in trials if t.state == TrialState.FAIL]
    return {
        "name": study.name,
        "monitor": monitor,
        "experiment": plan.experiment,
        "total": study.optuna.user_attrs.get(TOTAL, len(trials)),
        "ended": ended(trials),
        "counts": counts(trials),
        "drawn": datetime.now().strftime("%Y-%m-%d %H:%M"),
        "best": best[0] if best else None,
        "command": by_hand(plan, best[0].params) if best else None,
        "parameters": [p.key for p in plan.space],
        "rows": [_row(t.number, t.value, t.params) for t in best[:ROWS]],
        "failures": [
            (t.number, t.user_attrs.get(REASON, ""), t.user_attrs.get(TAIL, "")) for t in failed
        ],
        "number": number,
    }


def _row(trial: int, value: float | None, params: dict[str, Any]) -> dict[str, Any]:
    shown = {k: number(v) if isinstance(v, float) else str(v) for k, v in params.items()}
    return {"trial": trial, "value": number(value), "params": shown}


def _figure(key: str, study: Study, monitor: str) -> dict[str, Any]:
    title, how, make = FIGURES[key]
    try:
        figure = make(study, monitor)
    except TooFewError as why:
        return {"key": key, "title": title, "how": str(why), "body": ""}
    return {"key": key, "title": title, "how": how, "body": _html(key, figure)}


def _html(key: str, figure: go.Figure) -> Markup:
    margin = figure.layout.margin.to_plotly_json()
    figure.update_layout(**LAYOUT, height=HEIGHTS.get(key, 360))
    figure.update_layout(margin=margin or LAYOUT["margin"])
    body = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        div_id=key,
        config={"displaylogo": False, "responsive": True, "displayModeBar": False},
    )
    return Markup(body)
