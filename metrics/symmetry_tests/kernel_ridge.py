"""The predictor for tables of numbers: kernel ridge regression on landmarks.

f(x) = k(x, Z) a + mean, with the landmarks Z a random part of the training data (Nystroem; Williams
and Seeger 2001) and a the ridge solution. The kernel, polynomial or Gaussian at several lengths,
and the ridge are chosen on a quarter of the training data. It needs no tuning and no iterations,
which is what a test on unknown data asks for; on 300 to 100,000 rows it takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

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
JITTER = 1e-10
CHUNK = 4096


@dataclass(frozen=True)
class KernelRidge:
    """A fitted predictor; call it on rows (n, size in) for predictions (n, size out)."""

    center: Tensor
    scale: Tensor
    kernel: Kernel
    landmarks: Tensor
    weights: Tensor
    mean: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """Predicts targets (n, size out) at x (n, size in)."""
        parts = ((x - self.center) / self.scale).split(CHUNK)
        return (
            torch.cat([self.kernel(part, self.landmarks) @ self.weights for part in parts])
            + self.mean
        )


def fit_kernel_ridge(x: Tensor, y: Tensor, generator: torch.Generator) -> KernelRidge:
    """Fits the predictor.

    Args:
        x: Inputs (n, size in), float64; columns are standardised here.
        y: Targets (n, size out), float64, of comparable scale.
        generator: Draws the landmarks and the rows held out for the choice of the kernel.
    """
    center, scale = x.mean(0), x.std(0)
    # what is constant but for rounding carries nothing, and must not be blown up
    scale = torch.where(scale > 1e-9 * (center.abs() + scale), scale, torch.inf)
    z, mean = (x - center) / scale, y.mean(0)
    order = torch.randperm(len(z), generator=generator)
    some = order[:SELECTION_ROWS]
    kernel, ridge = _select(z[some], (y - mean)[some])
    landmarks = z[order[:LANDMARKS]]
    features = _Features(kernel, landmarks)
    weights = features.weights(z, y - mean, ridge)
    return KernelRidge(center, scale, kernel, landmarks, weights, mean)


def _select(z: Tensor, y: Tensor) -> tuple[Kernel, float]:
    """The kernel and ridge with the smallest error on the last quarter of the rows."""
    cut = max(len(z) * 3 // 4, 1)
    tried: list[tuple[float, Kernel, float]] = []
    for kernel in _kernels(z):
        features = _Features(kernel, z[: min(cut, SELECTION_LANDMARKS)])
        held_out = features(z[cut:])
        solutions = features.solutions(z[:cut], y[:cut], RIDGES)
        for ridge, solution in zip(RIDGES, solutions, strict=True):
            error = float((held_out @ solution - y[cut:]).square().mean())
            tried.append((error, kernel, ridge))
    _, kernel, ridge = min(tried, key=lambda trial: trial[0])
    return kernel, ridge


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

    def moments(self, z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Second moments of the features, and their products with y, summed over rows."""
        count = len(self.landmarks)
        moments = z.new_zeros(count, count)
        products = z.new_zeros(count, y.shape[1])
        for rows, targets in zip(z.split(CHUNK), y.split(CHUNK), strict=True):
            features = self(rows)
            moments.addmm_(features.T, features)
            products.addmm_(features.T, targets)
        return moments, products

    def solutions(self, z: Tensor, y: Tensor, ridges: tuple[float, ...]) -> Iterator[Tensor]:
        """Weights (features, size out) for each ridge, from one eigendecomposition."""
        moments, products = self.moments(z, y)
        values, vectors = torch.linalg.eigh(moments)
        rotated = vectors.T @ products
        for ridge in ridges:
            yield vectors @ (rotated / (values.clamp(min=0) + ridge * values[-1])[:, None])

    def weights(self, z: Tensor, y: Tensor, ridge: float) -> Tensor:
        """Weights of the landmarks' kernels (landmarks, size out) for one ridge."""
        moments, products = self.moments(z, y)
        largest = _largest_eigenvalue(moments)
        moments.diagonal().add_(ridge * largest)
        solution = torch.cholesky_solve(products, torch.linalg.cholesky(moments))
        return torch.linalg.solve_triangular(self.root.T, solution, upper=True)


def _largest_eigenvalue(matrix: Tensor) -> float:
    """The largest eigenvalue of a positive matrix, by power iteration, to about a percent."""
    v = torch.ones(len(matrix), dtype=matrix.dtype)
    for _ in range(30):
        v = matrix @ (v / v.norm())
    return float(v.norm())
