"""One verdict for each symmetry from several trainings that differ by their seeds."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from softsym.metrics import Verdict
from softsym.metrics.symmetry_tests.pooling import pooled_verdict
from softsym.metrics.symmetry_tests.verdict import percent
from softsym.reporting.configurations import Configuration, Sweep
from softsym.reporting.number_format import p_value
from softsym.reporting.sweep_tables import Cell, Column, SweepTable
from softsym.runs.reading import Run
from softsym.runs.text import visible

LEVEL, TOLERANCE = 0.05, 0.05
HOW = (
    "The symmetry test of each finished run, on its own held-out samples, pooled by medians: twice "
    "the median p-value, and median bounds, each of which is wrong with a probability of at most "
    "10%. Estimates show what the seeds change."
)
HEADINGS = ("symmetry", "verdict", "p", "at least", "estimate", "at most", "seeds")


def pooled_verdicts(configuration: Configuration) -> dict[str, Verdict]:
    """Name of a symmetry -> its verdict over the counted runs of a configuration.

    A run without a verdict on a symmetry counts as one that shows nothing.
    """
    of_runs = [_verdicts(run) for run in configuration.counted]
    names = dict.fromkeys(name for verdicts in of_runs for name in verdicts)
    return {
        name: pooled_verdict([v[name] for v in of_runs if name in v], LEVEL, TOLERANCE)
        for name in names
    }


def _verdicts(run: Run) -> dict[str, Verdict]:
    """The verdicts of a run that can be read."""
    read = {}
    for name, fields in run.verdicts.items():
        with suppress(ValueError, TypeError, AttributeError):
            read[visible(name)] = Verdict.from_dict({"blocks": {}, **fields})
    return read


def verdict_table(sweep: Sweep) -> SweepTable | None:
    """A row for each symmetry of each configuration; None where no run was tested."""
    columns = (
        Column("rank", "rank", "configuration"),
        *(Column(each, each, numeric=each in HEADINGS[2:6]) for each in HEADINGS),
    )
    rows = tuple(
        (Cell(str(each.rank), str(each.rank)), *(Cell(text, value) for text, value in row))
        for each in sweep.configurations
        for row in _rows(each)
    )
    return SweepTable(columns, rows) if rows else None


def verdict_lines(sweep: Sweep) -> list[str]:
    """The verdicts of the best configuration in words, if it has more than one seed."""
    best = sweep.configurations[0]
    found = pooled_verdicts(best) if best.seeds > 1 else {}
    return [visible(f"{name}: {each.verdict} ({each.note})") for name, each in found.items()]


def _rows(configuration: Configuration) -> Iterable[list[tuple[str, str]]]:
    """Texts and the values that they are sorted by."""
    for name, v in pooled_verdicts(configuration).items():
        shares = [percent(v.lower), percent(v.estimate), percent(v.upper, up=True)]
        values = [repr(each) for each in (v.lower, v.estimate, v.upper)]
        yield [
            (name, name),
            (visible(v.verdict), visible(v.verdict)),
            (p_value(v.p), repr(v.p)),
            *zip(shares, values, strict=True),
            (visible(v.note), visible(v.note)),
        ]
