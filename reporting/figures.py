"""All pictures of a run."""

from __future__ import annotations

from matplotlib.figure import Figure

from reporting.bars import equivariance_figure
from reporting.curves import penalties_figure, strengths_figure
from reporting.moved_scenes import moved_scenes_figure
from reporting.scatter import predictions_figure
from reporting.summary import RunSummary
from reporting.tracks import tracks_figure

DRAWERS = {
    "strengths": strengths_figure,
    "penalties": penalties_figure,
    "equivariance": equivariance_figure,
    "predictions": predictions_figure,
    "tracks": tracks_figure,
    "moved_scenes": moved_scenes_figure,
}


def all_figures(summary: RunSummary) -> dict[str, Figure]:
    """Key -> figure, in reading order; a figure without data is left out."""
    drawn = {key: draw(summary) for key, draw in DRAWERS.items()}
    return {key: figure for key, figure in drawn.items() if figure is not None}
