"""All figures of a run."""

from __future__ import annotations

from matplotlib.figure import Figure

from softsym.reporting.bars import equivariance_figure
from softsym.reporting.curves import penalties_figure, strengths_figure
from softsym.reporting.moved_scenes import moved_scenes_figure
from softsym.reporting.scatter import predictions_figure
from softsym.reporting.summary import RunSummary
from softsym.reporting.tracks import tracks_figure

DRAWERS = {
    "strengths": strengths_figure,
    "penalties": penalties_figure,
    "equivariance": equivariance_figure,
    "predictions": predictions_figure,
    "tracks": tracks_figure,
    "moved_scenes": moved_scenes_figure,
}


def all_figures(summary: RunSummary) -> dict[str, Figure]:
    """Key -> figure, in the order of the report; figures without data are left out."""
    drawn = {key: draw(summary) for key, draw in DRAWERS.items()}
    return {key: figure for key, figure in drawn.items() if figure is not None}
