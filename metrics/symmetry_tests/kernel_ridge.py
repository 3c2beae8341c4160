"""The predictor for tables of numbers: kernel ridge regression on landmarks.

f(x) = k(x, Z) a + mean, with the landmarks Z a random part of the training data (Nystroem; Williams
and Seeger 2001) and a the ridge solution. The kernel, polynomial or Gaussian at several lengths,
and the ridge are chosen on a quarter of the training data. It needs no tuning and no iterations,
which is what a test on unknown data asks for; on 300 to 100,000 rows it takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from softsym.metrics.symmetry_tests.whole_clusters import split_clusters

Kernel = Callable[[Tensor, Tensor], Tensor]
"""Maps (n, size) and (m, size) to (n, m)."""

LENGTHS = (0.35, 0.7, 1.4, 2.8)
"""Lengths of the Gaussian kernels, in units of a typical distance between standardised rows."""
DEGREES = (1, 2, 3)
RIDGES = tuple(10.0**e for e in range(-9, 2))
"""Ridges tried, relative to the largest eigenvalue of the features' second moments."""
SELECTION_LANDMARKS, LANDMARKS = 400, 1500
SELECTION_ROWS = 6000
"""Rows from which kernel and ridge are chosen; more change the choice little."""
SELECTION_SHARE = 0.75
"""Share of their clusters on which the trials are fitted; they are compared on the others."""
ALIKE = 1.001
"""Errors of which one is at most this multiple of the other are alike."""
JITTER = 1e-10
CHUNK = 4096


@dataclass(frozen=True)
class KernelRidge:
    """A fitted predictor; call it on rows (n, size in) for predictions (n, size out).

    Attributes:
        center: Means of the columns of the training inputs.
        scale: Their standard deviations.
        ridge: The system whose solution the weights are.
        weights: Weights of the landmarks' kernels (landmarks, size out).
        mean: Mean of the training targets (size out,).
    """

    center: Tensor
    scale: Tensor
    ridge: _Ridge
    weights: Tensor
    mean: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """Predicts targets (n, size out) at x (n, size in)."""
        features = self.ridge.features
        parts = ((x - self.center) / self.scale).split(CHUNK)
        values = [features.kernel(part, features.landmarks) @ self.weights for part in parts]
        return torch.cat(values) + self.mean

    def refitted(self, x: Tensor, y: Tensor) -> KernelRidge:
        """The same kernel and ridge for other targets y (n, m) at the training inputs x."""
        weights = self.ridge.weights((x - self.center) / self.scale, y)
        return replace(self, weights=weights, mean=y.new_zeros(y.shape[1]))


def fit_kernel_ridge(
    x: Tensor, y: Tensor, generator: torch.Generator, clusters: Tensor | None = None
) -> KernelRidge:
    """Fits the predictor.

    Args:
        x: Inputs (n, size in), float64; columns are standardised here.
        y: Targets (n, size out), float64, of comparable scale.
        generator: Draws the landmarks and the rows held out for the choice of the kernel.
        clusters: Cluster of each sample (n,); none is held out in part. By default one for each.
    """
    center, scale = x.mean(0), x.std(0)
    # what is constant but for rounding carries nothing, and must not be blown up
    scale = torch.where(scale > 1e-9 * (center.abs() + scale), scale, torch.inf)
    z, mean = (x - center) / scale, y.mean(0)
    order = torch.randperm(len(z), generator=generator)
    clusters = torch.arange(len(z)) if clusters is None else clusters
    parts = split_clusters(clusters, order[:SELECTION_ROWS], SELECTION_SHARE)
    kernel, ridge = _select(z[torch.cat(parts)], (y - mean)[torch.cat(parts)], len(parts[0]))
    landmarks = z[order[:LANDMARKS]]
    system = _Ridge.of(_Features(kernel, landmarks), z, ridge)
    return KernelRidge(center, scale, system, system.weights(z, y - mean), mean)


def _select(z: Tensor, y: Tensor, cut: int) -> tuple[Kernel, float]:
    """The kernel and ridge that, fitted on the rows before a cut, err least on those after it."""
    tried: list[tuple[float, Kernel, float]] = []
    for kernel in _kernels(z):
        features = _Features(kernel, z[: min(cut, SELECTION_LANDMARKS)])
        held_out = features(z[cut:])
        solutions = features.solutions(z[:cut], y[:cut], RIDGES)
        for ridge, solution in zip(RIDGES, solutions, strict=True):
            error = float((held_out @ solution - y[cut:]).square().mean())
            tried.append((error, kernel, ridge))
    # of those that are alike, the first: rounding, and so units, must not choose
    least = min(error for error, *_ in tried)
    return next((kernel, ridge) for error, kernel, ridge in tried if error <= ALIKE * least)


def _kernels(z: Tensor) -> Iterator[Kernel]:
    size = max(int((z.square().sum(0) > 0).sum()), 1)
    for degree in DEGREES:
        yield partial(_polynomial, size=size, degree=degree)
    for length in LENGTHS:
        yield partial(_gaussian, spread=2 * size * length**2)


def _polynomial(a: Tensor, b: Tensor, size: int, degree: int) -> Tensor:
    return (1 + a @ b.T / size).pow(degree)


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
