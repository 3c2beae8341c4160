"""The report of many runs: one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from softsym.reporting import sweep_figures
from softsym.reporting.configurations import Sweep
from softsym.reporting.html import page_template
from softsym.reporting.number_format import listing
from softsym.reporting.pooled_verdicts import HOW, verdict_table
from softsym.reporting.run_colors import run_colors
from softsym.reporting.searches import SearchSection, plotly_bundle
from softsym.reporting.svg import pictures
from softsym.reporting.sweep_tables import configuration_table, relative, run_cell, run_table

# Key of a figure -> what draws it, its title and how to read it.
SWEEP_FIGURES = {
    "strengths": (
        sweep_figures.strengths_over_epochs,
        "Strengths over the epochs",
        "A line per run, including runs that have not finished.",
    ),
    "final_strengths": (
        sweep_figures.final_strengths,
        "Strengths at the end",
        "A dot per finished run, a row per configuration, the best on top. Where strengths are "
        "tuned, only the ratios between the strengths of one run carry information.",
    ),
    "metric_by_key": (
        sweep_figures.metric_by_key,
        "What the swept values do",
        "A pale dot per finished run; where values repeat, their mean and sample standard "
        "deviation, over seeds and everything else that was swept.",
    ),
    "strengths_by_key": (
        sweep_figures.strengths_by_key,
        "Strengths against the swept values",
        "A pale dot per finished run and symmetry; where values repeat, a line through the "
        "medians.",
    ),
}


def render_overview(sweep: Sweep, page: Path, searches: Sequence[SearchSection] = ()) -> str:
    """The report of many runs and their searches as HTML text, with links relative to ``page``."""
    best = sweep.best
    return page_template("overview.html.j2").render(
        sweep=sweep,
        facts=facts(sweep),
        headline=sweep_headline(sweep),
        cautions=cautions(sweep),
        best=best,
        best_cell=run_cell(best, page) if best else None,
        pictures=pictures(sweep, SWEEP_FIGURES, lambda key: _remarks(key, sweep)),
        searches=searches,
        plotly=plotly_bundle() if searches else "",
        runs=run_table(sweep, page),
        configurations=configuration_table(sweep),
        verdicts=verdict_table(sweep),
        how_pooled=HOW,
        warnings=[_relative_to_page(text, sweep, page) for text in sweep.warnings],
    )


def sweep_headline(sweep: Sweep) -> str:
    """Which configuration is the best, in one sentence."""
    first = sweep.configurations[0]
    if first.score.mean is None:
        return "No run has finished with the metric that decides, so there is no best one yet."
    if len(sweep.configurations) > 1:
        return f"Best of {len(sweep.configurations)} configurations: {first.label}."
    count = first.score.count
    spread = f" (mean ± standard deviation of {count} runs)" if count > 1 else ""
    return f"One configuration: {sweep.metric} {first.score}{spread}."


def facts(sweep: Sweep) -> str:
    """Numbers of runs, configurations and seeds, and how the runs ended."""
    counts = [
        _count(len(sweep.runs), "run"),
        _count(len(sweep.configurations), "configuration"),
        _count(len({str(run.seed) for run in sweep.runs}), "seed"),
    ]
    states = ", ".join(f"{count} {status}" for status, count in sweep.status.most_common())
    return f"{listing(counts)}; {states}."


def cautions(sweep: Sweep) -> list[str]:
    """Reasons not to trust the ranking more than it deserves."""
    first, *others = sweep.configurations
    if first.score.mean is None:
        return []
    note = " over finished runs. Test metrics are shown and play no part in the choice."
    if sweep.metric.startswith(("test", "ood")):
        note = (
            ": the value that decided the choice is no honest estimate of the error to expect. "
            "Choose by validation, and report the test."
        )
    which = "highest" if sweep.highest else "lowest"
    notes = [f"Chosen by {sweep.metric}, the {which} mean{note}"]
    most = max(configuration.seeds for configuration in sweep.configurations)
    if first.seeds < most:
        notes.append(
            f"The best configuration was tried with {_count(first.seeds, 'seed')}, others with "
            f"{most}: with fewer seeds a good value is more often luck."
        )
    elif others and first.score.count == 1:
        notes.append("With one seed each, the order may be due to luck.")
    second, deviation = others[0].score.mean if others else None, first.score.deviation
    if second is not None and deviation is not None and abs(second - first.score.mean) < deviation:
        notes.append("The next configuration is within one standard deviation of the best.")
    if sweep.repeats:
        notes.append(
            f"{_count(sweep.repeats, 'run')} repeated a configuration and its seed: of such runs "
            "the newest counts."
        )
    return notes


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _remarks(key: str, sweep: Sweep) -> list[str]:
    """What a picture leaves out, and what its colours mean."""
    notes = []
    trained = {n for r in sweep.runs for n, (_, values) in r.curves.items() if (values > 0).any()}
    watched = [name for name in sweep.symmetries if name not in trained]
    if key == "strengths":
        meaning = run_colors(sweep).meaning
        notes += [f"Colours tell the {meaning} apart."] if meaning else []
        if len(sweep.runs) > sweep_figures.LINES:
            notes.append(
                f"{sweep_figures.LINES} of {len(sweep.runs)} lines are drawn; the median is of all."
            )
    if key in ("strengths", "final_strengths") and watched:
        notes.append(f"Strength 0 in all runs, only watched: {listing(watched)}.")
    if key == "final_strengths" and len(sweep.configurations) > sweep_figures.ROWS:
        notes.append(f"The best {sweep_figures.ROWS} of {len(sweep.configurations)} are shown.")
    if key.endswith("by_key") and sum(k.numeric for k in sweep.keys) > sweep_figures.PANELS:
        notes.append(f"The first {sweep_figures.PANELS} numeric keys are shown.")
    return notes


def _relative_to_page(text: str, sweep: Sweep, page: Path) -> str:
    """A warning that names the folder of a run as the table does."""
    for run in sweep.runs:
        if text.startswith(f"{run.folder}/"):
            return text.replace(str(run.folder), relative(run.folder, page), 1)
    return text
