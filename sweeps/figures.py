"""Figures of a study, for its picture."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import plotly.graph_objects as go
from optuna import visualization
from optuna.trial import FrozenTrial, TrialState
from plotly.subplots import make_subplots

from softsym.reporting.words import number
from softsym.sweeps.axes import axis_of, round_numbers
from softsym.sweeps.study import Study, value_of

BEST, FULL, CUT = "#d55e00", "#0072b2", "#8c93a0"
NEEDED = 2


class TooFewError(Exception):
    """A figure has nothing to show yet; the message says what it waits for."""


def history(study: Study, monitor: str) -> go.Figure:
    """Value of each trial, and the best so far."""
    done = _complete(study, 1)
    pruned = [t for t in study.trials if t.state == TrialState.PRUNED and t.value is not None]
    figure = go.Figure()
    for trials, name, color in ((pruned, "pruned", CUT), (done, "complete", FULL)):
        if trials:
            x, y = [t.number for t in trials], [t.value for t in trials]
            marker = {"color": color, "size": 8}
            figure.add_scatter(x=x, y=y, mode="markers", name=name, marker=marker)
    best = [min(map(value_of, done[: i + 1])) for i in range(len(done))]
    line = {"color": BEST, "shape": "hv"}
    figure.add_scatter(x=[t.number for t in done], y=best, mode="lines", name="best", line=line)
    figure.update_layout(xaxis_title="trial", yaxis_title=monitor)
    figure.update_xaxes(dtick=1 if len(study.trials) < 12 else None)
    return _on_log_scale(figure, [value_of(t) for t in [*done, *pruned]])


def importances(study: Study, monitor: str) -> go.Figure:
    """How much of the differences in value each parameter explains."""
    _complete(study, NEEDED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the evaluator is experimental
        figure = visualization.plot_param_importances(study.optuna)
    figure.update_traces(marker_color=FULL)
    figure.update_layout(yaxis_title=None, xaxis_title="importance", showlegend=False)
    return figure


def parallel(study: Study, monitor: str) -> go.Figure:
    """Each complete trial as a line through its parameters."""
    done = _complete(study, NEEDED)
    columns = {monitor: [value_of(t) for t in done]}
    columns |= {name: [t.params[name] for t in done] for name in done[0].params}
    dimensions = []
    for label, values in columns.items():
        axis = axis_of(values, to_the_ends=True)
        ticks = {} if axis.ticks is None else {"tickvals": axis.ticks, "ticktext": axis.texts}
        if len(set(axis.places)) > 1:
            dimensions.append({"label": label, "values": axis.places, **ticks})
    line = {
        "color": axis_of(columns[monitor]).places,
        "colorscale": [[0, BEST], [0.35, "#8ab4d4"], [1, "#dfe6ee"]],
        "showscale": False,
    }
    figure = go.Figure(go.Parcoords(dimensions=dimensions, line=line, labelside="bottom"))
    figure.update_layout(margin={"l": 60, "r": 60, "t": 25, "b": 40})
    return figure


def intermediate(study: Study, monitor: str) -> go.Figure:
    """What trials reported while they trained."""
    trials = [t for t in study.trials if t.intermediate_values]
    if not trials:
        raise TooFewError("No trial has reported a value while it trained.")
    best, figure = study.best, go.Figure()
    shades = {TrialState.PRUNED: CUT}
    trials.sort(
        key=lambda t: (best is not None and t.number == best.number, t.state != TrialState.PRUNED)
    )
    for trial in trials:
        first = best is not None and trial.number == best.number
        color = BEST if first else shades.get(trial.state, FULL)
        points = sorted(trial.intermediate_values.items())
        figure.add_scatter(
            x=[step for step, _ in points],
            y=[value for _, value in points],
            mode="lines+markers",
            line={"color": color, "width": 2.5 if first else 1},
            marker={"size": 6 if first or trial.state == TrialState.PRUNED else 4},
            name=f"trial {trial.number}",
            opacity=1 if first else 0.7,
        )
    figure.update_layout(xaxis_title="epoch", yaxis_title=monitor, showlegend=False)
    return _on_log_scale(figure, [v for t in trials for v in t.intermediate_values.values()])


def slices(study: Study, monitor: str) -> go.Figure:
    """Value against each parameter."""
    done = _complete(study, NEEDED)
    names = list(done[0].params)
    figure = make_subplots(1, len(names), shared_yaxes=True, horizontal_spacing=0.03)
    numbers, values = [t.number for t in done], [value_of(t) for t in done]
    scale = [[0, "#cfe0ec"], [1, FULL]]
    marker = {"color": numbers, "colorscale": scale, "size": 8, "line": {"width": 0.5}}
    for column, name in enumerate(names, 1):
        axis = axis_of([t.params[name] for t in done])
        figure.add_scatter(
            x=axis.places, y=values, mode="markers", marker=marker, row=1, col=column
        )
        ticks = {} if axis.ticks is None else {"tickvals": axis.ticks, "ticktext": axis.texts}
        figure.update_xaxes(title_text=name, col=column, tickangle=0, **ticks)
    figure.update_yaxes(title_text=monitor, col=1)
    figure.update_layout(showlegend=False)
    return _on_log_scale(figure, values)


FIGURES: dict[str, tuple[str, str, Callable[[Study, str], go.Figure]]] = {
    "history": (
        "Values of the trials",
        "The lower, the better. The line is the best so far.",
        history,
    ),
    "intermediate": (
        "While they trained",
        "Best value by epoch, since the strengths have settled. The best trial is orange, pruned "
        "ones are grey.",
        intermediate,
    ),
    "importances": (
        "Which parameters matter",
        "What share of the differences between good and other trials each parameter explains.",
        importances,
    ),
    "parallel": (
        "Trials through their parameters",
        "Each line is a complete trial, the best ones orange. Drag along an axis to select.",
        parallel,
    ),
    "slices": (
        "One parameter at a time",
        "Each dot is a complete trial, later ones darker.",
        slices,
    ),
}
"""Title, how to read it, and what draws it."""


def _complete(study: Study, least: int) -> list[FrozenTrial]:
    done = [t for t in study.trials if t.state == TrialState.COMPLETE and t.value is not None]
    if len(done) < least:
        raise TooFewError(f"Needs {least} complete trials; so far there are {len(done)}.")
    return done


def _on_log_scale(figure: go.Figure, values: Sequence[float]) -> go.Figure:
    """With a logarithmic vertical axis where values span more than a factor of three."""
    if values and min(values) > 0 and max(values) > 3 * min(values):
        ticks = round_numbers(min(values), max(values))
        figure.update_yaxes(type="log", tickvals=ticks, ticktext=[number(t) for t in ticks])
    return figure
