"""The relative equivariance error of any callable under any group."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from softsym.metrics.accumulated import PAPER, SIZES, SPREAD, AccumulatedError, measure
from softsym.metrics.rounding import error_sums, variation, variations
from softsym.metrics.spread import by_block, moments
from softsym.metrics.type_checks import (
    TABLE,
    Function,
    on_vectors,
    require_inputs,
    require_size,
)
from softsym.symmetries import Group, Rep
from softsym.symmetries import group as parse_group
from softsym.symmetries.batches import sample_count
from softsym.symmetries.elements import to
from softsym.symmetries.numbers import require_whole

ALLOWED: tuple[str, ...] = (SPREAD, SIZES, PAPER)
"""What an error may be relative to; see :func:`equivariance_error`."""


def moved_outputs(
    f: Function, rep_in: Rep, rep_out: Rep, G: Group, x: Tensor, generator: torch.Generator | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Computes f(rho_in x) and rho_out f(x), each (n, size out) float64, and f(x) itself.

    Every input (n, size in) has its own random group element, drawn by ``G.sample_elements``.
    """
    with torch.no_grad():
        # Group actions in float64: rounding must not look like a broken symmetry.
        g = to(G.sample_elements(len(x), generator), x.device)
        moved = rep_in.over(G).act(g, x.double())
        moved_first, y = f(moved.to(x.dtype)).double(), f(x)
        require_size("rep_out", rep_out, G, y)
        return moved_first, rep_out.over(G).act(g, y.double()), y


def _sums(
    f: Function,
    types: tuple[Rep, Rep],
    G: Group,
    x: Tensor,
    generator: torch.Generator | None,
    relative_to: str,
) -> Tensor:
    """The sums of the measure ``relative_to``, under one element an input."""
    x = x if x.is_floating_point() else x.float()  # moved samples are no whole numbers
    first, last, y = moved_outputs(f, *types, G, x, generator)
    if relative_to == SPREAD:
        return moments((first - last).square() / 2, y, variations(f, x, y))
    error, size = (first - last).norm(dim=-1), first.norm(dim=-1) + last.norm(dim=-1)
    if relative_to == PAPER:
        ratios = torch.where(size == 0, 0.0, error / size)  # NaN is kept
        ones = torch.ones_like(ratios)
        return error_sums(ratios, ones, torch.zeros_like(ratios), y.dtype)
    return error_sums(error, size, variation(f, x, y), y.dtype)


def equivariance_error(
    f: Function,
    rep_in: Any,
    rep_out: Any,
    G: str | Group,
    x: Any,
    samples: int = 1,
    seed: int = 0,
    relative_to: str = SPREAD,
) -> float:
    """Relative equivariance error over inputs and ``samples`` random group elements per input.

    With means E over inputs x and group elements g, and the projection P_G onto invariant outputs,
    the error relative to the ``spread`` of f is

        sqrt(E ||f(rho_in x) - rho_out f(x)||^2 / 2) / sqrt(E ||f(x) - P_G E f||^2).

    It is the relative break of f, the share of f that symmetrising removes, where the law of the
    inputs is invariant and rho_out orthogonal. Units of f and offsets that G keeps do not matter.
    If the outputs vary by rounding errors alone, the divisor is how large they are and how much
    they would vary (:mod:`softsym.metrics.spread`).

    Two other measures divide by the outputs themselves, so that an offset hides what is broken.
    The error relative to the ``sizes`` of outputs is

        E ||f(rho_in x) - rho_out f(x)|| / E(||f(rho_in x)|| + ||rho_out f(x)||),

    and the ``paper`` takes the mean of the ratios of single inputs instead, where rounding errors
    of outputs near 0 count as much as broken symmetries (Kim et al. 2023).

    Args:
        f: Any callable, (n, size in) to (n, size out).
        rep_in: Type of the inputs: text or a :class:`Rep`, or a mapping or tuple of these, where f
            takes such a batch (:mod:`softsym.symmetries.batches`).
        rep_out: Type of the outputs, likewise.
        G: The group.
        x: Inputs, (n, size in), n >= 1, or as the types are nested.
        samples: Number of group elements per input, at least 1.
        seed: Seed of the group elements.
        relative_to: ``spread``, ``sizes`` or ``paper``.

    Returns:
        At least 0. At most 1, but for chance, relative to the spread where it is the relative
        break; at most 1 relative to sizes.

    Raises:
        ValueError: If the sizes do not fit the types, there is no input, or a setting is unknown.

    Example:
        >>> equivariance_error(lambda x: 2 * x, "T1", "T1", "O(3)", torch.randn(5, 3)) < 1e-6
        True
    """
    sums, G, R = _all_sums(f, rep_in, rep_out, G, x, samples, seed, relative_to)
    return float(measure(relative_to, ALLOWED).ratio(sums, G, R))


def equivariance_error_by_block(
    f: Function,
    rep_in: Any,
    rep_out: Any,
    G: str | Group,
    x: Any,
    samples: int = 1,
    seed: int = 0,
) -> dict[str, float]:
    """:func:`equivariance_error` of each term of the outputs' type, relative to its own spread.

    A large output hides a broken small one in the error of all; here each has its own. Takes the
    arguments of :func:`equivariance_error` and raises the same errors.

    Returns:
        Text of each term -> its error; a text that recurs is numbered.

    Example:
        >>> f = lambda x: torch.cat([1e3 * x, x.norm(dim=1, keepdim=True) + x[:, :1]], 1)
        >>> errors = equivariance_error_by_block(f, "T1", "T1 + T0", "O(3)", torch.randn(500, 3))
        >>> errors["T1"] < 1e-6, errors["T0"] > 0.5
        (True, True)
    """
    return by_block(*_all_sums(f, rep_in, rep_out, G, x, samples, seed, SPREAD))


def _all_sums(
    f: Function,
    rep_in: Any,
    rep_out: Any,
    G: str | Group,
    x: Any,
    samples: int,
    seed: int,
    relative_to: str,
) -> tuple[Tensor, Group, Rep]:
    """The sums of a measure, the group, and the type of all outputs as one vector."""
    G = parse_group(G)
    require_inputs("equivariance error", x)
    require_whole("samples", samples)
    chosen = measure(relative_to, ALLOWED)
    f, *types, x = on_vectors(f, rep_in, rep_out, G, x)
    require_size("rep_in", types[0], G, x)
    generator = torch.Generator().manual_seed(seed)
    parts = [_sums(f, (types[0], types[1]), G, x, generator, relative_to) for _ in range(samples)]
    return chosen.merged(torch.stack(parts)), G, types[1]


class EquivarianceError(AccumulatedError):
    """:func:`equivariance_error`, accumulated over batches; takes the same types and settings."""

    def __init__(
        self,
        rep_in: Any,
        rep_out: Any,
        group: str | Group,
        samples: int = 1,
        seed: int = 0,
        relative_to: str = SPREAD,
    ) -> None:
        super().__init__(rep_in, rep_out, group, relative_to, ALLOWED)
        require_whole("samples", samples)
        self.samples, self.seed = samples, seed

    def update(self, f: Function, x: Any) -> None:
        """Adds the errors of f at inputs x (n, size in), or nested as the types are."""
        if isinstance(x, Tensor) and isinstance(self.rep_in, Rep) and x.ndim <= TABLE:
            require_size("rep_in", self.rep_in, self.group, x)
        if not sample_count(x):
            return
        f, types, x = self._on_vectors(f, x)
        # The count makes every batch draw other elements, reproducibly.
        generator = torch.Generator().manual_seed(self.seed + int(self.count))
        for _ in range(self.samples):
            self._add(_sums(f, types, self.group, x, generator, self.relative_to), len(x))
