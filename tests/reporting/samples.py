"""Summaries that the tests of the report share."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import numpy as np

from softsym.metrics import SymmetryTest, Verdict
from softsym.reporting import Predictions, RunSummary, StrengthRow, SymmetryResult

VOID = {"meta", "br", "link", "img", "input"}
HOSTILE = "<script>alert('x')</script> & $_{\" --><b>"


class Page(HTMLParser):
    """Collects tags, attributes and text, and checks that tags close."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text, self.open = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


RESULTS = (
    SymmetryResult("xy", "O(2)@xy", 100.0, 0.11, 0.012),
    SymmetryResult("yz", "O(2)@yz", 23.1, 0.29, 0.21),
    SymmetryResult("xz", "O(2)@xz", 22.7, 0.292, 0.22),
    SymmetryResult("o3", "O(3)", 0.0, 0.9, 0.25),
)


MOVED = {
    f"test/moved/{name}/mse": value
    for name, value in {"xy": 0.0126, "yz": 0.31, "xz": 0.0984, "o3": 0.2}.items()
}
"""The test metric of a model that loses nothing by turns about z, and much by others."""


def tested(group: str, p: float, lower: float, upper: float, text: str) -> Verdict:
    middle = (lower + upper) / 2
    how = "mean over random elements"
    return Verdict(group, p, lower, upper, middle, text, how, 2000, 2000, p)


def symmetry_test(r2: tuple[float, float, float] = (0.98, 0.97, 0.99)) -> SymmetryTest:
    verdicts = {
        "xy": tested("O(2)@xy", 0.4, 0.0, 0.019, "holds within 1.9%"),
        "yz": tested("O(2)@yz", 1e-200, 0.41, 0.54, "broken by 41% to 54% (p < 1e-100)"),
        "xz": tested("O(2)@xz", 0.2, 0.0, 0.3, "undecided, at most 30%"),
        "o3": tested("O(3)", 1e-50, 0.5, 0.6, "broken by 50% to 60% (p = 1e-50)"),
    }
    return SymmetryTest(verdicts, {"level": 0.05, "tolerance": 0.05}, {}, {"all": r2})


def history(epochs: int = 60, adjusted: int = 20) -> tuple[StrengthRow, ...]:
    draw = np.random.default_rng(0)
    rows = []
    for result in RESULTS:
        start = 0.0 if result.watched else 100.0
        noise = np.exp(0.1 * draw.standard_normal(epochs))
        rows += [
            StrengthRow(
                e,
                result.name,
                start if e < adjusted else result.strength,
                result.penalty * float(n),
            )
            for e, n in enumerate(noise)
        ]
    return tuple(rows)


def matrices(samples: int = 200) -> Predictions:
    draw = np.random.default_rng(1)
    targets = draw.standard_normal((samples, 9))
    targets[:, 2] = 0.0
    outputs = targets + 0.1 * draw.standard_normal(targets.shape)
    return Predictions(draw.standard_normal((samples, 20)), targets, outputs, {})


def tracks(samples: int = 50, track_dim: int = 2) -> Predictions:
    draw = np.random.default_rng(2)
    path = draw.standard_normal((samples, 40, track_dim)).cumsum(axis=1)
    observed, future = path[:, :10], path[:, 10:]
    velocity = observed[:, -1:] - observed[:, -2:-1]
    constant = observed[:, -1:] + velocity * np.arange(1, 31)[:, None]
    flat = {"inputs": observed, "targets": future, "outputs": future + 0.3, "constant": constant}
    flat = {key: array.reshape(samples, array.shape[1] * track_dim) for key, array in flat.items()}
    baseline = flat.pop("constant")
    return Predictions(**flat, baselines={"constant_velocity": baseline}, track_dim=track_dim)


def moved_tracks(track_dim: int = 2, names: tuple[str, ...] = ("xy", "yz")) -> Predictions:
    """Tracks of which three are moved by each symmetry; the answers to the first do not change."""
    draw = np.random.default_rng(3)
    still = tracks(20, track_dim)
    chosen = np.array([4, 0, 11])
    moved = {}
    for size, name in enumerate(names):
        apart = 0.2 * size * draw.standard_normal((3, 12, still.targets.shape[1]))
        moved[name] = still.outputs[chosen][:, None] + apart
    return replace(still, moved=moved, moved_samples=chosen)


def summary(**changes) -> RunSummary:
    settings = {
        "title": "inertia",
        "symmetries": RESULTS,
        "history": history(),
        "test": symmetry_test(),
        "metrics": {"test/mse": 0.0123, "val/mse": 0.02, **MOVED},
        "monitor": "val/mse",
        "predictions": matrices(),
        "adjusted_at": 20,
        "config": "seed: 0\n",
        "command": "python train.py experiment=inertia",
        "versions": {"torch": "2.13.0"},
        "seconds": 75.0,
        "parameters": 164812,
    }
    return RunSummary(**settings | changes)


EMPTY = RunSummary("nothing yet", "interrupted")
