"""The numbers of one symmetry: p-value, bounds of the break, share of symmetrising.

For targets y with conditional mean m(x), any function f that was fitted on other data, and two
independent Monte Carlo copies q1, q2 of (Qf)(x),

    z = 1/2 [<y - h1, f - q2> + <y - h2, f - q1>],
    V = mean <f - q1, f - q2>,    e = <y - c1, y - c2>,

where h is equivariant and close to y: Qf itself, or a fit of its own; so is c. Of several such c
the one with the least bound serves, each at its share of the level.

Under symmetry m = Qm, and f - Qf is orthogonal to every equivariant function, so that E z = 0
however poor f is: the projected covariance measure of Lundborg, Kim, Shah and Samworth (Annals of
Statistics, 2024), applied to symmetry. By Cauchy and Schwarz E z <= b sqrt(V) for the break
b = sqrt(E |m - Qm|^2), and b^2 <= E |y - c|^2 = E e, since c is equivariant. One copy used twice
instead of two would add the variance of the copy to z, and with it false alarms.

Where Qf is a mean with learned weights, their errors leave an equivariant part in f - Qf, whose
product with m - h does not vanish. A small correlation of the two is allowed for: that share of
sqrt(E |y - h|^2 V) is taken off the mean of z before it counts as evidence, and so is what a break
of ``RESOLUTION`` would explain, since rounding alone may cause that much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from scipy.stats import t as student
from torch import Tensor

RESOLUTION = 1e-4
"""Relative break up to which a symmetry counts as kept by the p-value."""


@dataclass(frozen=True)
class Held:
    """Held-out samples and what a function says about them.

    Attributes:
        y: Targets (n, size out).
        f: Values of the function (n, size out).
        clusters: Which cluster each sample belongs to, (n,) int64, numbered from 0.
        folds: Which fold each sample was held out in, (n,) int64, if f was fitted on the others;
            None for a function that none of the samples had a part in.
    """

    y: Tensor
    f: Tensor
    clusters: Tensor
    folds: Tensor | None = None

    @property
    def count(self) -> int:
        """Number of clusters."""
        return int(self.clusters.max()) + 1


@dataclass(frozen=True)
class Projected:
    """Estimates on the held-out samples, each twice, from independent elements, (n, size out).

    Attributes:
        h: An equivariant function close to the targets; often the very same as ``q``.
        q: Qf, the projection of the function.
        how: How they were made, in words.
        inputs_p: p-value of "moved inputs look like inputs".
        correlation: Correlation of the folds' means under symmetry; 1 is valid whatever it is.
        close: Equivariant functions for the upper bound alone, ``h`` if there are none. They may be
            fitted to other rows in any way: every equivariant function bounds the break from above.
        allowance: Correlation of y - h and f - Qf that errors of Qf may cause under symmetry.
    """

    h: tuple[Tensor, Tensor]
    q: tuple[Tensor, Tensor]
    how: str = ""
    inputs_p: float = math.nan
    correlation: float = 1.0
    close: tuple[tuple[Tensor, Tensor], ...] = ()
    allowance: float = 0.0

    def columns(self, columns: slice) -> Projected:
        """The same for some of the outputs."""

        def of(pair: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
            return pair[0][:, columns], pair[1][:, columns]

        return replace(self, h=of(self.h), q=of(self.q), close=tuple(map(of, self.close)))


@dataclass(frozen=True)
class Mean:
    """A mean over samples with its standard error over clusters."""

    value: float
    error: float
    clusters: int

    def below(self, level: float) -> float:
        """The lower end of a one-sided interval that misses with probability ``level``."""
        return self.value - float(student.isf(level, self.clusters - 1)) * self.error

    def above(self, level: float) -> float:
        """The upper end of a one-sided interval."""
        return self.value + float(student.isf(level, self.clusters - 1)) * self.error

    @property
    def p(self) -> float:
        """p-value of "the mean is at most 0"."""
        if self.error <= 0:
            return 1.0 if self.value <= 0 else 0.0
        return float(student.sf(self.value / self.error, self.clusters - 1))


@dataclass(frozen=True)
class Numbers:
    """What the samples say of one symmetry; breaks are relative to the spread of the targets."""

    p: float
    lower: float
    upper: float
    estimate: float
    alpha: float
    alpha_error: float


def cross_fitted_mean(values: Tensor, held: Held, correlation: float = 1.0) -> Mean:
    """The mean of values (n,) that depend on functions fitted on the other folds.

    Args:
        values: One number for each sample.
        held: The samples, with their folds.
        correlation: Correlation of the folds' means; 1 is valid whatever it is.
    """
    if held.folds is None:
        return clustered_mean(values, held.clusters)
    parts = []
    for k in held.folds.unique():
        rows = held.folds == k
        _, numbered = held.clusters[rows].unique(return_inverse=True)
        parts.append((float(rows.double().mean()), clustered_mean(values[rows], numbered)))
    errors = [share * part.error for share, part in parts]
    alone, together = sum(e**2 for e in errors), sum(errors) ** 2
    error = math.sqrt(alone + correlation * (together - alone))
    return Mean(float(values.mean()), error, min(part.clusters for _, part in parts))


def clustered_mean(values: Tensor, clusters: Tensor) -> Mean:
    """The mean of values (n,) with its standard error over clusters (n,)."""
    count = int(clusters.max()) + 1
    sums = torch.zeros(count, dtype=values.dtype).index_add_(0, clusters, values - values.mean())
    error = math.sqrt(float(sums.square().sum()) * count / max(count - 1, 1)) / len(values)
    return Mean(float(values.mean()), error, count)


def numbers(held: Held, made: Projected, noise: float, level: float) -> Numbers:
    """Computes the numbers of one symmetry.

    Args:
        held: The samples.
        made: The projections of targets and function.
        noise: Known variance of the noise, summed over the outputs.
        level: Probability with which each bound may be wrong.

    Raises:
        ValueError: If the noise is larger than what is left of the targets.
    """
    y, f, (h1, h2), (q1, q2) = held.y, held.f, made.h, made.q
    spread = total_variance(y)
    z, v, pull = products(y, f, made.h, made.q)
    both = (q1 + q2) / 2
    mean, size = cross_fitted_mean(z, held, made.correlation), float(v.mean())
    estimate = max(mean.value, 0.0)
    # V from two copies is unbiased but may come out near 0 by chance; the plain mean square is too
    # large by the variance of the copies, and keeps a lower bound from being divided by next to
    # nothing
    careful = max(size, float((f - both).square().sum(1).mean()) * 0.9)
    # what rounding leaves of an equivariant function is no break
    if careful <= 1e-12 * spread:
        mean, careful, v = Mean(0.0, 0.0, mean.clusters), math.nan, v * 0
        estimate = 0.0
    else:
        left = math.sqrt(max(float(_dot(y - h1, y - h2).mean()), 0.0))
        allowed = made.allowance * left + RESOLUTION * math.sqrt(spread)
        mean = replace(mean, value=mean.value - allowed * math.sqrt(careful))
    scale = math.sqrt(careful * spread) if not math.isnan(careful) else 1.0
    bounds = made.close or (made.h,)
    lefts = [clustered_mean(_dot(y - c1, y - c2), held.clusters) for c1, c2 in bounds]
    square = min(e.above(level / len(lefts)) for e in lefts) - noise
    if square < 0 < noise:
        least = max(min(e.value for e in lefts), 0.0)
        raise ValueError(
            "noise is larger than what is left of the targets: its variance is "
            f"{noise / spread:.2g} of theirs, but only {least / spread:.2g} is left. "
            "Give the standard deviation of the noise, in the units of y."
        )
    alpha = float(pull.mean()) / careful
    influence = (pull - alpha * v) / careful
    return Numbers(
        p=mean.p,
        lower=max(mean.below(level), 0.0) / scale,
        upper=math.sqrt(max(square, 0.0) / spread),
        estimate=estimate / scale,
        alpha=alpha,
        alpha_error=cross_fitted_mean(influence, held).error,
    )


def products(
    y: Tensor, f: Tensor, h: tuple[Tensor, Tensor], q: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """What the numbers are means of, for each sample (n,): z, V, and <y - f, Qf - f>.

    The first two are made of independent copies, so that the scatter of the copies adds nothing.

    Args:
        y: Targets (n, size out).
        f: Values of the function (n, size out).
        h: An equivariant function close to the targets, twice.
        q: Qf, twice.
    """
    (h1, h2), (q1, q2) = h, q
    z = (_dot(y - h1, f - q2) + _dot(y - h2, f - q1)) / 2
    return z, _dot(f - q1, f - q2), _dot(y - f, (q1 + q2) / 2 - f)


def explained(
    held: Held, columns: slice = slice(None), level: float = 0.05
) -> tuple[float, float, float]:
    """R^2 of f against the mean of y over some columns, with its two-sided interval.

    The interval is that of a ratio of means, 1 - E|y - f|^2 / E|y - Ey|^2, to first order.
    """
    y, f = held.y[:, columns], held.f[:, columns]
    total = (y - y.mean(0)).square().sum(1)
    if float(total.mean()) == 0:
        return 0.0, 0.0, 0.0
    left = (y - f).square().sum(1)
    ratio = float(left.mean() / total.mean())
    error = clustered_mean((left - ratio * total) / total.mean(), held.clusters).error
    wide = float(student.isf(level / 2, held.count - 1)) * error
    return 1 - ratio, 1 - ratio - wide, 1 - ratio + wide


def joint_alphas(held: Held, qs: dict[str, tuple[Tensor, Tensor]]) -> dict[str, float]:
    """Shares of symmetrising under all groups together: least squares of y - f on all Qf - f."""
    names = list(qs)
    gram = torch.tensor(
        [[float(_dot(qs[a][0] - held.f, qs[b][1] - held.f).mean()) for b in names] for a in names]
    ).double()
    right = torch.tensor(
        [float(_dot(held.y - held.f, (qs[a][0] + qs[a][1]) / 2 - held.f).mean()) for a in names]
    ).double()
    solution = torch.linalg.lstsq((gram + gram.T) / 2, right[:, None], driver="gelsd").solution
    return dict(zip(names, solution[:, 0].tolist(), strict=True))


def total_variance(y: Tensor) -> float:
    """E |y - E y|^2 of targets (n, size)."""
    return float((y - y.mean(0)).square().sum(1).mean())


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum(1)
