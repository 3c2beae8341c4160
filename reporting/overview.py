"""The report of many runs: one self-contained HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from markupsafe import Markup

from softsym.reporting.configurations import Sweep
from softsym.reporting.html import Picture, template
from softsym.reporting.run_colors import run_colors
from softsym.reporting.svg import inline_svg
from softsym.reporting.sweep_figures import LINES, PANELS, ROWS, SWEEP_DRAWERS
from softsym.reporting.sweep_tables import configuration_table, relative, run_cell, run_table
from softsym.reporting.words import listing, number
from softsym.runs.files import write_atomically

# Key of a figure -> its title and how to read it.
SWEEP_CAPTIONS = {
    "strengths": (
        "Strengths over the epochs",
        "A line per run, runs that have not finished among them.",
    ),
    "final_strengths": (
        "Strengths at the end",
        "A dot per finished run, a row per configuration, the best on top. Where strengths are "
        "tuned, only the ratios between those of one run say something.",
    ),
    "metric_by_key": (
        "What the swept values do",
        "A pale dot per finished run; where values come more than once, their mean and sample "
        "standard deviation, over seeds and all else that was swept.",
    ),
    "strengths_by_key": (
        "Strengths against the swept values",
        "A pale dot per finished run and symmetry; where values come more than once, a line "
        "through the medians.",
    ),
}


def write_overview(sweep: Sweep, path: Path | str) -> None:
    """Writes the report of many runs in one step.

    Args:
        sweep: the runs.
        path: HTML file, made or replaced, with its folder.
    """
    write_atomically(path, render_overview(sweep, path))


def render_overview(sweep: Sweep, path: Path | str) -> str:
    """The report of many runs as HTML text.

    Args:
        sweep: the runs.
        path: where it will stand; links to the runs are relative to it.
    """
    best = sweep.best
    return template("overview.html.j2").render(
        sweep=sweep,
        facts=facts(sweep),
        headline=sweep_headline(sweep),
        cautions=cautions(sweep),
        best=best,
        best_cell=run_cell(best, Path(path)) if best else None,
        best_score=number(best.metrics[sweep.metric]) if best else "",
        pictures=_pictures(sweep),
        runs=run_table(sweep, Path(path)),
        configurations=configuration_table(sweep),
        warnings=[_from_page(text, sweep, Path(path)) for text in sweep.warnings],
    )


def sweep_headline(sweep: Sweep) -> str:
    """Which configuration is the best, in one sentence."""
    first = sweep.configurations[0]
    if first.score.mean is None:
        return "No run has finished with the metric that decides: there is no best one yet."
    score = f"{sweep.metric} {first.score}"
    if len(sweep.configurations) == 1:
        return f"One configuration: {score}{_over(first.score.count)}."
    return f"Best of {len(sweep.configurations)} configurations: {first.label}."


def facts(sweep: Sweep) -> str:
    """How many runs, configurations and seeds there are, and how the runs ended."""
    seeds = len({str(run.seed) for run in sweep.runs})
    counts = [
        _count(len(sweep.runs), "run"),
        _count(len(sweep.configurations), "configuration"),
        _count(seeds, "seed"),
    ]
    states = ", ".join(f"{count} {status}" for status, count in sweep.status.most_common())
    return f"{listing(counts)}; {states}."


def cautions(sweep: Sweep) -> list[str]:
    """What keeps the ranking from being taken for more than it is."""
    first, *others = sweep.configurations
    if first.score.mean is None:
        return []
    notes = [_chosen_by(sweep)]
    most = max(configuration.seeds for configuration in sweep.configurations)
    if first.seeds < most:
        notes.append(
            f"The best configuration was tried with {_count(first.seeds, 'seed')}, others with "
            f"{most}: fewer seeds find a low value by luck more easily."
        )
    elif others and first.score.count == 1:
        notes.append("With one seed each, the order may be that of luck.")
    second = others[0].score.mean if others else None
    if second is not None and first.score.deviation is not None:
        gap = second - first.score.mean
        if gap < first.score.deviation:
            notes.append("The next configuration lies within one standard deviation of it.")
    if sweep.repeats:
        notes.append(
            f"{_count(sweep.repeats, 'run')} repeated a configuration and its seed: of such runs "
            "the newest counts."
        )
    return notes


def _chosen_by(sweep: Sweep) -> str:
    if sweep.metric.startswith(("test", "ood")):
        return (
            f"Chosen by {sweep.metric}, the lowest mean: a value that was chosen by is no honest "
            "estimate of the error to expect. Choose by validation, and report the test."
        )
    return (
        f"Chosen by {sweep.metric}, the lowest mean over finished runs. Test metrics are shown, "
        "and play no part in the choice."
    )


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _over(count: int) -> str:
    return f" (mean ± standard deviation of {count} runs)" if count > 1 else ""


def _pictures(sweep: Sweep) -> list[Picture]:
    """Figures as inline SVG with their captions; one without data is left out."""
    drawn = []
    for key, draw in SWEEP_DRAWERS.items():
        figure = draw(sweep)
        if figure is not None:
            title, caption = SWEEP_CAPTIONS[key]
            caption = " ".join([caption, *_remarks(key, sweep)])
            drawn.append(Picture(key, title, caption, Markup(inline_svg(figure, key, title))))
    return drawn


def _remarks(key: str, sweep: Sweep) -> list[str]:
    """What a picture leaves out, and what its colours mean."""
    notes = []
    watched = [n for n in sweep.symmetries if not any(_some(r.curves.get(n)) for r in sweep.runs)]
    if key == "strengths":
        meaning = run_colors(sweep).meaning
        notes += [f"Colours tell the {meaning} apart."] if meaning else []
        if len(sweep.runs) > LINES:
            notes.append(f"{LINES} of {len(sweep.runs)} lines are drawn; the median is of all.")
    if key in ("strengths", "final_strengths") and watched:
        notes.append(f"Strength 0 in all runs, only watched: {listing(watched)}.")
    if key == "final_strengths" and len(sweep.configurations) > ROWS:
        notes.append(f"The best {ROWS} of {len(sweep.configurations)} are shown.")
    if key.endswith("by_key") and sum(k.numeric for k in sweep.keys) > PANELS:
        notes.append(f"The first {PANELS} numeric keys are shown.")
    return notes


def _some(curve: Any) -> bool:
    """Whether a curve rises above 0."""
    return curve is not None and bool((curve[1] > 0).any())


def _from_page(text: str, sweep: Sweep, page: Path) -> str:
    """A warning with the paths of runs as the table shows them."""
    for run in sweep.runs:
        if text.startswith(f"{run.folder}/"):
            return text.replace(str(run.folder), relative(run.folder, page), 1)
    return text
