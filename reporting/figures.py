"""All figures of a run."""

from __future__ import annotations

from matplotlib.figure import Figure

from softsym.reporting.moved_scenes import moved_scenes_figure
from softsym.reporting.moved_test import MEANING, moved_figure
from softsym.reporting.scatter import predictions_figure
from softsym.reporting.summary import RunSummary
from softsym.reporting.symmetry_figures import (
    breaks_figure,
    constraints_figure,
    environments_figure,
    penalties_figure,
    strengths_figure,
)
from softsym.reporting.tracks import tracks_figure

# Key of a figure -> what draws it, its title and how to read it.
FIGURES = {
    "breaks": (
        breaks_figure,
        "How far each symmetry is broken",
        "Intervals from held-out samples, relative to the spread of the targets; dots are "
        "estimates. Green holds within the tolerance (dotted), red is broken, grey is undecided.",
    ),
    "moved_test": (
        moved_figure,
        "How much would a user lose if the world turned?",
        f"{MEANING} Where a group changes lengths, errors in units of length change with them.",
    ),
    "environments": (
        environments_figure,
        "Where environments disagree",
        "The same in the environments that each fold held out, by the predictor that explains them "
        "better: the model that had not trained on them, or a regression within them.",
    ),
    "strengths": (
        strengths_figure,
        "Strengths over the epochs",
        "The weight of each penalty in the loss. Where they are tuned, only their ratios carry "
        "information: the symmetry that the network breaks least gets the largest.",
    ),
    "penalties": (
        penalties_figure,
        "Penalties over the epochs",
        "Means over the batches of each epoch. While the strengths are equal, the lower a line, "
        "the better the model keeps that symmetry; one that demands more of it begins higher.",
    ),
    "constraints": (
        constraints_figure,
        "Constraints over the epochs",
        "Left: asymmetry of the network on held-out samples over what is tolerated, which the "
        "data decide; above 1 a constraint is not met. Right: its price, the strength that it has "
        "from then on.",
    ),
    "predictions": (
        predictions_figure,
        "Predictions against truth",
        "Each point is one number of one test sample; perfect predictions lie on the dashed line.",
    ),
    "tracks": (
        tracks_figure,
        "Sample tracks",
        "Test samples seen from above, from the best predicted to the worst, each at its own "
        "scale; dots are the ends of the paths.",
    ),
    "moved_scenes": (
        moved_scenes_figure,
        "The same scene, moved",
        "The model's answers to one scene after several random elements of each group, carried "
        "back. Where the model keeps the symmetry, all coincide with its plain prediction; the fan "
        "is their mean distance from it, and the percentage their error relative to the spread of "
        "all predictions.",
    ),
}


def all_figures(summary: RunSummary) -> dict[str, Figure]:
    """Key -> figure, in the order of the report; figures without data are left out."""
    drawn = {key: draw(summary) for key, (draw, *_) in FIGURES.items()}
    return {key: figure for key, figure in drawn.items() if figure is not None}
