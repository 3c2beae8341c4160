"""The sections of a workspace. Runs log every metric that is named here."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

from softsym.dashboards.contents import Contents
from softsym.dashboards.continued import TABLE

with warnings.catch_warnings():  # wandb-workspaces uses what pydantic has deprecated
    warnings.simplefilter("ignore")
    import wandb_workspaces.reports.v2 as wr
    import wandb_workspaces.workspaces as ws
    from wandb_workspaces.reports.v2.interface import MetricType, PanelTypes

EPOCH = "epoch"
LOSSES = ("train/loss", "train/task_loss")
KINDS = ("strength", "penalty")
ERROR = "equivariance_error"
BARS, DOTS = "wandb/bar/v0", "wandb/scatter/v0"
"""Chart definitions that exist in every project."""


def sections(contents: Contents) -> list[ws.Section]:
    """All sections that have panels."""
    figures = (
        wr.MediaBrowser(title=name, media_keys=[f"figures/{name}"], num_columns=2)
        for name in contents.figures
    )
    made = [
        _section("Symmetries", _symmetries(contents), is_open=True),
        _section("Equivariance errors", _errors(contents), is_open=True),
        _section("Training", (_lines(key, [key]) for key in (*LOSSES, *contents.val))),
        _section("Test metrics over the sweep", _test(contents), is_open=True),
        _section("Strengths over swept values", _swept(contents), columns=len(contents.swept)),
        _section("Figures of the report", figures, columns=2),
        _section("Custom charts", _custom(contents)),
    ]
    return [section for section in made if section.panels]


def _section(
    name: str, panels: Iterator[PanelTypes], *, columns: int = 3, is_open: bool = False
) -> ws.Section:
    layout = ws.SectionLayoutSettings(columns=min(max(columns, 1), 4), rows=2)
    return ws.Section(name=name, panels=list(panels), is_open=is_open, layout_settings=layout)


def _symmetries(contents: Contents) -> Iterator[PanelTypes]:
    """Strengths and penalties, all together and then one by one; then constraints, if any."""
    for kind in KINDS if contents.tuned else ():
        keys: list[MetricType] = [f"{kind}/{name}" for name in contents.tuned]
        yield _lines(f"{kind} of all symmetries", keys)
    for name in contents.tuned:
        for kind in KINDS:
            yield _lines(f"{kind} of {name}", [f"{kind}/{name}"])
    if contents.constrained:
        yield _lines("price of all symmetries", [f"price/{name}" for name in contents.constrained])
    for name in contents.constrained:
        keys = [f"asymmetry/{name}", f"tolerance/{name}"]
        yield _lines(f"asymmetry of {name} and its tolerance", keys)


def _errors(contents: Contents) -> Iterator[PanelTypes]:
    errors: list[MetricType] = [f"test/{ERROR}/{name}" for name in contents.symmetries]
    breaks: list[MetricType] = [f"symmetry/{name}/estimate" for name in contents.symmetries]
    if contents.symmetries:
        title = "equivariance error of the model, of the spread"
        yield wr.BarPlot(title=title, metrics=errors, orientation="h")
        title = "break of the data, of the spread (estimate)"
        yield wr.BarPlot(title=title, metrics=breaks, orientation="h")
        title = f"{contents.moved[0]}, and of samples moved by each group"
        yield wr.BarPlot(title=title, metrics=list(contents.moved), orientation="h")
    for name in contents.symmetries:
        yield wr.ScatterPlot(
            title=f"{name}: model over data",
            x=wr.SummaryMetric(f"symmetry/{name}/estimate"),
            y=wr.SummaryMetric(f"test/{ERROR}/{name}"),
        )


def _test(contents: Contents) -> Iterator[PanelTypes]:
    """A bar per run, then mean and spread over the runs that share a swept value."""
    for metric in dict.fromkeys((contents.monitor, *contents.test)):
        yield wr.BarPlot(title=f"{metric} of each run", metrics=[metric], max_bars_to_show=50)
    for key in contents.swept:
        for metric in contents.test:
            yield wr.BarPlot(
                title=f"{metric} by {key}",
                metrics=[metric],
                groupby=wr.Config(key),
                groupby_aggfunc="mean",
                groupby_rangefunc="stddev",
            )
            yield _dots(key, metric)
    for metric in contents.test:
        yield wr.ScalarChart(
            title=f"{metric}, least of the runs", metric=metric, groupby_aggfunc="min"
        )


def _swept(contents: Contents) -> Iterator[PanelTypes]:
    """Each strength over each swept value, then all in one panel."""
    for name in contents.tuned:
        for key in contents.swept:
            yield _dots(key, f"strength/{name}", log_y=True)
    if contents.tuned and contents.swept:
        columns = [
            wr.ParallelCoordinatesPlotColumn(metric=wr.Config(key)) for key in contents.swept
        ]
        ends = [*(f"strength/{name}" for name in contents.tuned), contents.test[0]]
        columns += [wr.ParallelCoordinatesPlotColumn(metric=wr.SummaryMetric(key)) for key in ends]
        yield wr.ParallelCoordinatesPlot(title="swept values, strengths, error", columns=columns)


def _custom(contents: Contents) -> Iterator[PanelTypes]:
    """Charts of the table that runs log after the test, with a row per symmetry."""
    if not contents.symmetries:
        return
    for value in ("strength", "model_error", "estimate"):
        title = f"{value.replace('_', ' ')} by symmetry"
        yield _custom_chart(BARS, title, label="symmetry", value=value)
    title = "error of the model over the break of the data"
    yield _custom_chart(DOTS, title, x="estimate", y="model_error")


def _custom_chart(kind: str, title: str, **fields: str) -> wr.CustomChart:
    chart = wr.CustomChart.from_table(TABLE, chart_fields=fields, chart_strings={"title": title})
    chart.chart_name = kind
    return chart


def _lines(title: str, keys: list[MetricType]) -> wr.LinePlot:
    return wr.LinePlot(title=title, x=EPOCH, y=keys, log_y=True, title_x="epoch", title_y=title)


def _dots(key: str, metric: str, *, log_y: bool = False) -> wr.ScatterPlot:
    y = wr.SummaryMetric(metric)
    return wr.ScatterPlot(title=f"{metric} over {key}", x=wr.Config(key), y=y, log_y=log_y or None)
