"""The predictor for tables of numbers: kernel ridge regression on landmarks.

f(x) = k(x, Z) a + mean, with the landmarks Z a random part of the training data (Nystroem; Williams
and Seeger 2001) and a the ridge solution. Coordinates (see ``charts``), kernel and ridge
are chosen on a quarter of the training data. It needs no tuning and no iterations, which is what a
test on unknown data asks for; on 300 to 100,000 rows it takes seconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from softsym.metrics.symmetry_tests.charts import Chart, Layout
from softsym.metrics.symmetry_tests.whole_clusters import split_clusters

Kernel = Callable[[Tensor, Tensor], Tensor]
"""Maps (n, size) and (m, size) to (n, m)."""
Recipe = tuple[bool, int]
"""Whether the coordinates are polar, and which of their kernels is meant."""

LENGTHS = (0.35, 0.7, 1.4, 2.8)
"""Lengths of the Gaussian kernels, in units of a typical distance between standardised rows."""
DEGREES = (1, 2, 3)
OF_OBJECTS = ((2, 1), (3, 1), (2, 3))
"""Degrees of polynomials of one object, and powers of their sum."""
GAUSSIAN_OF_OBJECTS = ((1.4, 1), (2.8, 1), (1.4, 3), (2.8, 3))
"""Lengths of Gaussian kernels of one object, and powers of their sum."""
RIDGES = tuple(10.0**e for e in range(-9, 2))
"""Ridges tried, relative to the largest eigenvalue of the features' second moments."""
SELECTION_LANDMARKS, LANDMARKS = 300, 1500
SPARE = 2
"""Landmarks for each function that a polynomial kernel spans; they need not lie well."""
SELECTION_ROWS = 4000
"""Rows from which kernel and ridge are chosen; more change the choice little."""
SELECTION_SHARE = 0.75
"""Share of their clusters on which the trials are fitted; they are compared on the others."""
ALIKE = 1.001
"""Errors of which one is at most this multiple of the other are alike."""
JITTER = 1e-10
CHUNK = 1024
"""Rows whose kernels are computed at a time: few enough for the processor's cache."""


@dataclass(frozen=True)
class KernelRidge:
    """A fitted predictor; call it on rows (n, size in) for predictions (n, size out).

    Attributes:
        chart: The coordinates in which the kernel sees inputs.
        ridge: The system whose solution the weights are.
        weights: Weights of the landmarks' kernels (landmarks, size out).
        mean: Mean of the training targets (size out,).
        recipe: Which coordinates and kernel were chosen.
    """

    chart: Chart
    ridge: _Ridge
    weights: Tensor
    mean: Tensor
    recipe: Recipe

    def __call__(self, x: Tensor) -> Tensor:
        """Predicts targets (n, size out) at x (n, size in)."""
        features = self.ridge.features
        values = [
            features.kernel(self.chart(part), features.landmarks) @ self.weights
            for part in x.split(CHUNK)
        ]
        return torch.cat(values) + self.mean

    def refitted(self, x: Tensor, y: Tensor) -> KernelRidge:
        """The same kernel and ridge for other targets y (n, m) at the training inputs x."""
        weights = self.ridge.weights(self.chart(x), y)
        return replace(self, weights=weights, mean=y.new_zeros(y.shape[1]))


def fit_kernel_ridge(  # one argument for each thing that the samples are
    x: Tensor,
    y: Tensor,
    generator: torch.Generator,
    clusters: Tensor | None = None,
    layout: Layout | None = None,
    recipe: Recipe | None = None,
) -> KernelRidge:
    """Fits the predictor.

    Args:
        x: Inputs (n, size in), float64, each tensor of about unit size.
        y: Targets (n, size out), float64, of comparable scale.
        generator: Draws the landmarks and the rows held out for the choice of the kernel.
        clusters: Cluster of each sample (n,); none is held out in part. By default one for each.
        layout: Which numbers belong together; by default none do.
        recipe: Coordinates and kernel of another fit, to choose the ridge alone.
    """
    layout, mean = layout or Layout.plain(x.shape[1]), y.mean(0)
    order = torch.randperm(len(x), generator=generator)
    clusters = torch.arange(len(x)) if clusters is None else clusters
    parts = split_clusters(clusters, order[:SELECTION_ROWS], SELECTION_SHARE)
    rows = torch.cat(parts)
    chosen = _select(x[rows], (y - mean)[rows], len(parts[0]), _trials(x, layout, recipe))
    z = chosen.chart(x)
    features = _Features(chosen.kernel, z[order[: chosen.landmarks(LANDMARKS)]])
    system = _Ridge.of(features, z, chosen.ridge)
    return KernelRidge(chosen.chart, system, system.weights(z, y - mean), mean, chosen.recipe)


@dataclass(frozen=True)
class _Trial:
    """What is tried: coordinates, kernel and ridge; and how many functions the kernel spans."""

    chart: Chart
    kernel: Kernel
    dimension: float
    recipe: Recipe
    ridge: float = math.nan

    def landmarks(self, most: int) -> int:
        """How many landmarks it takes: those of polynomials need not outnumber them by much."""
        return int(min(SPARE * self.dimension, most))


def _trials(x: Tensor, layout: Layout, recipe: Recipe | None) -> list[_Trial]:
    """What to try: the recipe alone, unless these inputs have too few objects for it."""
    trials = []
    for is_polar in (False, True) if layout.has_directions else (False,):
        chart = Chart.of(x, layout, is_polar)
        for k, (kernel, dimension) in enumerate(_kernels(chart)):
            trials.append(_Trial(chart, kernel, dimension, (is_polar, k)))
    return [trial for trial in trials if trial.recipe == recipe] or trials


def _select(x: Tensor, y: Tensor, cut: int, trials: Sequence[_Trial]) -> _Trial:
    """What, fitted on the rows before a cut, errs least on those after it."""
    tried: list[tuple[float, _Trial]] = []
    for trial in trials:
        z = trial.chart(x)
        features = _Features(trial.kernel, z[: min(cut, trial.landmarks(SELECTION_LANDMARKS))])
        held_out = features(z[cut:])
        solutions = features.solutions(z[:cut], y[:cut], RIDGES)
        for ridge, solution in zip(RIDGES, solutions, strict=True):
            error = float((held_out @ solution - y[cut:]).square().mean())
            tried.append((error, replace(trial, ridge=ridge)))
    # of those that are alike, the first: rounding, and so units, must not choose
    least = min(error for error, _ in tried)
    return next(trial for error, trial in tried if error <= ALIKE * least)


def _kernels(chart: Chart) -> Iterator[tuple[Kernel, float]]:
    """Kernels, and the dimensions of the spaces of functions that they span."""
    size = max(int(chart.scale.isfinite().sum()), 1)
    for degree in DEGREES:
        yield partial(_polynomial, size=size, degree=degree), math.comb(size + degree, degree)
    for length in LENGTHS:
        yield partial(_gaussian, spread=2 * size * length**2), math.inf
    objects = chart.objects
    if len(objects) < 2:
        return
    for degree, power in OF_OBJECTS:
        of_one = [partial(_polynomial, size=len(one), degree=degree) for one in objects]
        of_sum = 1 + sum(math.comb(len(one) + degree, degree) for one in objects)
        joined = partial(_of_objects, objects=objects, kernels=of_one, power=power)
        yield joined, math.comb(of_sum + power - 1, power)
    for length, power in GAUSSIAN_OF_OBJECTS:
        of_one = [partial(_gaussian, spread=2 * len(one) * length**2) for one in objects]
        yield partial(_of_objects, objects=objects, kernels=of_one, power=power), math.inf


def _of_objects(
    a: Tensor, b: Tensor, objects: tuple[Tensor, ...], kernels: Sequence[Kernel], power: int
) -> Tensor:
    """Sums over objects (power 1), their pairs (power 2) or triples (power 3)."""
    total = a.new_zeros(len(a), len(b))
    for one, kernel in zip(objects, kernels, strict=True):
        total += kernel(a[:, one], b[:, one])
    return _power(total.div_(len(objects)).add_(1).div_(2), power)


def _polynomial(a: Tensor, b: Tensor, size: int, degree: int) -> Tensor:
    return _power((a @ b.T).div_(size).add_(1), degree)


def _power(base: Tensor, degree: int) -> Tensor:
    # several times as fast as Tensor.pow
    product = base
    for _ in range(degree - 1):
        product = product * base
    return product


def _gaussian(a: Tensor, b: Tensor, spread: float) -> Tensor:
    return _squared_distances(a, b).div_(-spread).exp_()


def _squared_distances(a: Tensor, b: Tensor) -> Tensor:
    """|a_i - b_j|^2, (n, m)."""
    norms = b.square().sum(1) + a.square().sum(1)[:, None]
    return norms.addmm_(a, b.T, alpha=-2).clamp_(min=0)


class _Features:
    """Features k(x, Z) L^-T of rows, K(Z, Z) = L L^T; their products approximate the kernel."""

    def __init__(self, kernel: Kernel, landmarks: Tensor) -> None:
        self.kernel, self.landmarks = kernel, landmarks
        among = kernel(landmarks, landmarks)
        # what is added keeps landmarks that nearly coincide from being told apart by rounding
        among.diagonal().add_(JITTER * float(among.diagonal().max()))
        self.root = torch.linalg.cholesky(among)

    def __call__(self, z: Tensor) -> Tensor:
        return self.back(self.kernel(z, self.landmarks).T).T

    def back(self, columns: Tensor) -> Tensor:
        """L^-1 times columns (landmarks, n)."""
        return torch.linalg.solve_triangular(self.root, columns, upper=False)

    def moments(self, z: Tensor) -> Tensor:
        """Second moments of the features, summed over rows, (landmarks, landmarks)."""
        total = z.new_zeros(len(self.landmarks), len(self.landmarks))
        for rows in z.split(CHUNK):
            features = self(rows)
            total.addmm_(features.T, features)
        return total

    def products(self, z: Tensor, y: Tensor) -> Tensor:
        """Products of the features with y, summed over rows, (landmarks, size out)."""
        total = z.new_zeros(len(self.landmarks), y.shape[1])
        for rows, targets in zip(z.split(CHUNK), y.split(CHUNK), strict=True):
            total.addmm_(self.kernel(rows, self.landmarks).T, targets)
        return self.back(total)

    def solutions(self, z: Tensor, y: Tensor, ridges: tuple[float, ...]) -> Iterator[Tensor]:
        """Weights (features, size out) for each ridge, from one eigendecomposition."""
        values, vectors = torch.linalg.eigh(self.moments(z))
        rotated = vectors.T @ self.products(z, y)
        for ridge in ridges:
            yield vectors @ (rotated / (values.clamp(min=0) + ridge * values[-1])[:, None])


@dataclass(frozen=True)
class _Ridge:
    """The ridge system of one set of inputs, factorised once for any targets."""

    features: _Features
    root: Tensor

    @classmethod
    def of(cls, features: _Features, z: Tensor, ridge: float) -> _Ridge:
        """Factorises the system for standardised inputs z (n, size in)."""
        moments = features.moments(z)
        moments.diagonal().add_(ridge * _largest_eigenvalue(moments))
        return cls(features, torch.linalg.cholesky(moments))

    def weights(self, z: Tensor, y: Tensor) -> Tensor:
        """Weights of the landmarks' kernels (landmarks, size out) for targets y (n, size out)."""
        solution = torch.cholesky_solve(self.features.products(z, y), self.root)
        return torch.linalg.solve_triangular(self.features.root.T, solution, upper=True)


def _largest_eigenvalue(matrix: Tensor) -> float:
    """The largest eigenvalue of a positive matrix, by power iteration, to about a percent."""
    v = torch.ones(len(matrix), dtype=matrix.dtype)
    for _ in range(30):
        v = matrix @ (v / v.norm())
    return float(v.norm())
