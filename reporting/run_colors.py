"""The colours of runs in figures that show many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.colors import Colormap, LinearSegmentedColormap, LogNorm, Normalize, to_hex

from softsym.reporting.configurations import Sweep
from softsym.reporting.number_format import number
from softsym.reporting.palette import SERIES, is_wide
from softsym.reporting.swept import SweptKey, shown

# From blue through purple to orange: all three are visible on white and on black.
SCALE: Colormap = LinearSegmentedColormap.from_list(
    "scale", [SERIES[0], SERIES[3], SERIES[1]]
).with_extremes(bad=SERIES[6])  # for runs without a value


@dataclass(frozen=True)
class Colors:
    """Colours of runs."""

    runs: tuple[str, ...]  # one per run
    legend: tuple[tuple[str, str], ...] = ()  # (label, colour); empty where all runs have one
    meaning: str = ""  # what a colour represents, for the caption


def run_colors(sweep: Sweep) -> Colors:
    """Colours by configuration if these are few, else by the first swept key that fits."""
    same = Colors((SERIES[0],) * len(sweep.runs))
    if len(sweep.configurations) == 1:
        return same
    if len(sweep.configurations) <= len(SERIES):
        # in the order of the keys' values, which readers expect, not in that of the ranking
        labels = {id(run): c.label for c in sweep.configurations for run in c.runs}
        return _named([labels[id(run)] for run in sweep.runs], "configuration")
    for key in sweep.keys:
        if len(set(key.values)) <= len(SERIES):
            return _named([f"{key.label}={shown(value)}" for value in key.values], key.label)
    numeric = next((key for key in sweep.keys if key.numeric), None)
    return same if numeric is None else _scaled(numeric)


def _named(labels: Sequence[str], meaning: str) -> Colors:
    colors = {label: SERIES[i] for i, label in enumerate(dict.fromkeys(labels))}
    return Colors(tuple(colors[label] for label in labels), tuple(colors.items()), meaning)


def _scaled(key: SweptKey) -> Colors:
    """A scale of colours between the smallest and the largest value of a key."""
    values = np.array([math.nan if v is None else float(v) for v in key.values])
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    norm = LogNorm(low, high) if is_wide(low, high) else Normalize(low, high)
    steps = np.array([low, norm.inverse(0.5), high])
    runs, shades = ([to_hex(color) for color in SCALE(norm(v))] for v in (values, steps))
    legend = [(f"{key.label}={number(v)}", shade) for v, shade in zip(steps, shades, strict=True)]
    return Colors(tuple(runs), tuple(legend), key.label)
