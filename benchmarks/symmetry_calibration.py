"""Counts how often the symmetry test is wrong: false positives, and intervals that miss the truth.

Every cell is a kind of data set, drawn again and again: with all symmetries exact or some broken,
noise of several kinds, inputs whose law the groups keep or not, samples that depend on each other.

    python benchmarks/symmetry_calibration.py --repetitions 200 --workers 2
    python benchmarks/symmetry_calibration.py --cells "n = 600" --repetitions 50 --minutes 20

Results are added to ``calibration.jsonl`` in the folder ``--out`` one by one, and a second run goes
on where the first was stopped. Of the shares, those outside of what is asked are marked by ``*``.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

from benchmarks.symmetry_study.cells import BROKEN, GROUPS, NULL, draw, truth
from benchmarks.symmetry_study.figures import calibration_figure
from benchmarks.symmetry_study.shares import Share, shares
from benchmarks.symmetry_study.store import in_turns, run
from softsym.metrics import symmetry_test

LEVEL = 0.05
ASKED = {"false": (0.02, 0.07), "lower": (0.93, 1.0), "upper": (0.95, 1.0)}
CELLS = NULL | BROKEN


def repetition(name: str, seed: int) -> dict[str, tuple[float, float, float]]:
    """p-value and bounds for each group, on one data set."""
    cell = CELLS[name]
    x, y, clusters = draw(cell, torch.Generator().manual_seed(seed))
    tested = symmetry_test(
        x, y, GROUPS, "3T1", "T0", clusters=clusters if cell.cluster > 1 else None, seed=seed
    )
    return {group: (v.p, v.lower, v.upper) for group, v in tested.items()}


def counted(name: str, runs: Sequence[dict[str, Any]]) -> dict[str, dict[str, Share]]:
    """Group, or ``all`` -> shares of p-values below the level and of bounds that hold the truth."""
    breaks = truth(CELLS[name])
    wrong = {
        group: [_judged(record["result"][group], size) for record in runs]
        for group, size in breaks.items()
    }
    wrong["all"] = [row for rows in wrong.values() for row in rows]
    return {group: shares(rows) for group, rows in wrong.items()}


def _judged(numbers: Sequence[float], relative_break: float) -> dict[str, bool]:
    p, low, high = numbers
    return {
        "false": p < LEVEL,
        "lower": low <= relative_break + 1e-9,
        "upper": high >= relative_break,
    }


def null_rows(found: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    """The lines of the table of exact symmetries."""
    titles = [*GROUPS, "all three", "lower covers", "upper covers"]
    yield f"| cell | repetitions | p < {LEVEL}: {' | '.join(titles)} | CPU s |"
    yield "|---" * (len(titles) + 3) + "|"
    for name in (name for name in NULL if name in found):
        runs, groups = found[name], counted(name, found[name])
        texts = [groups[g]["false"].text(ASKED["false"]) for g in (*GROUPS, "all")]
        texts += [groups["all"][kind].text(ASKED[kind]) for kind in ("lower", "upper")]
        yield f"| {name} | {len(runs)} | {' | '.join(texts)} | {_seconds(runs):.1f} |"


def broken_rows(found: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    """The lines of the table of broken symmetries."""
    titles = [f"{G}: break, found, bounds cover" for G in GROUPS]
    yield f"| cell | repetitions | {' | '.join(titles)} | CPU s |"
    yield "|---" * (len(titles) + 3) + "|"
    for name in (name for name in BROKEN if name in found):
        runs, groups, breaks = found[name], counted(name, found[name]), truth(CELLS[name])
        texts = []
        for group in GROUPS:
            rate, low, high = (groups[group][kind] for kind in ASKED)
            seen = rate.text(ASKED["false"] if not breaks[group] else (0, 1))
            bounds = f"{low.text(ASKED['lower'])}, {high.text(ASKED['upper'])}"
            texts.append(f"{breaks[group]:.3f}: {seen}; {bounds}")
        yield f"| {name} | {len(runs)} | {' | '.join(texts)} | {_seconds(runs):.1f} |"


def _seconds(runs: Sequence[dict[str, Any]]) -> float:
    return sum(record["cpu"] for record in runs) / len(runs)


def main(given: Sequence[str] | None = None) -> None:
    """Prints the tables for RESULTS.md, and draws the figure if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--workers", type=int, default=1, help="processes of one thread")
    parser.add_argument("--cells", default="", help="part of the names of the cells to run")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after these")
    parser.add_argument("--out", type=Path, default=Path("outputs/symmetry_study"))
    parser.add_argument("--figure", type=Path, help="picture to draw of all results in the folder")
    options = parser.parse_args(given)
    tasks = in_turns([name for name in CELLS if options.cells in name], options.repetitions)
    file = options.out / "calibration.jsonl"
    found = run(repetition, tasks, file, options.workers, options.minutes)
    print("\n".join([*null_rows(found), "", *broken_rows(found)]))
    if options.figure is not None:
        groups = {name: counted(name, found[name]) for name in CELLS if name in found}
        calibration_figure(groups, set(NULL), GROUPS, ASKED).savefig(options.figure, dpi=150)


if __name__ == "__main__":
    main()
