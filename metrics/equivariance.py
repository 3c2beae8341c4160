"""The relative equivariance error of any callable under any group."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import Metric

from softsym.metrics.rounding import error_sums, relative_error, variation
from softsym.metrics.type_checks import Function, require_inputs, require_size
from softsym.symmetries import Group, Rep
from softsym.symmetries import group as parse_group
from softsym.symmetries import rep as parse_rep
from softsym.symmetries.elements import to
from softsym.symmetries.numbers import require_whole

SIZES, PAPER = "sizes", "paper"
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
    """What :func:`softsym.metrics.rounding.relative_error` needs, under one element an input."""
    x = x if x.is_floating_point() else x.float()  # moved samples are no whole numbers
    first, last, y = moved_outputs(f, *types, G, x, generator)
    error, size = (first - last).norm(dim=-1), first.norm(dim=-1) + last.norm(dim=-1)
    if relative_to == PAPER:
        ratios = torch.where(size == 0, 0.0, error / size)  # NaN is kept
        ones = torch.ones_like(ratios)
        return error_sums(ratios, ones, torch.zeros_like(ratios), y.dtype)
    return error_sums(error, size, variation(f, x, y), y.dtype)


def equivariance_error(
    f: Function,
    rep_in: str | Rep,
    rep_out: str | Rep,
    G: str | Group,
    x: Tensor,
    samples: int = 1,
    seed: int = 0,
    relative_to: str = SIZES,
) -> float:
    """Relative equivariance error over inputs and ``samples`` random group elements per input.

    With means over inputs x and group elements g, the error relative to the outputs' ``sizes`` is

        mean ||f(rho_in x) - rho_out f(x)|| / mean(||f(rho_in x)|| + ||rho_out f(x)||),

    which inputs at which f vanishes do not dominate. If the outputs are no larger than rounding
    errors, the divisor is how much f varies with its inputs
    (:func:`softsym.metrics.rounding.variation`). The ``paper`` takes the mean of the ratios of
    single inputs instead, where rounding errors of outputs near 0 count as much as broken
    symmetries (Kim et al. 2023).

    Args:
        f: Any callable, (n, size in) to (n, size out).
        rep_in: Type of the inputs.
        rep_out: Type of the outputs.
        G: The group.
        x: Inputs, (n, size in), n >= 1.
        samples: Number of group elements per input, at least 1.
        seed: Seed of the group elements.
        relative_to: ``sizes`` or ``paper``.

    Returns:
        0 to 1; where outputs vanish, possibly more.

    Raises:
        ValueError: If the sizes do not fit the types, there is no input, or a setting is unknown.

    Example:
        >>> equivariance_error(lambda x: 2 * x, "T1", "T1", "O(3)", torch.randn(5, 3)) < 1e-6
        True
    """
    types, G = (parse_rep(rep_in), parse_rep(rep_out)), parse_group(G)
    require_inputs("equivariance error", x)
    _require_settings(samples, relative_to)
    require_size("rep_in", types[0], G, x)
    generator = torch.Generator().manual_seed(seed)
    sums = [_sums(f, types, G, x, generator, relative_to) for _ in range(samples)]
    return float(relative_error(torch.stack(sums).sum(0)))


class EquivarianceError(Metric):
    """:func:`equivariance_error`, accumulated over batches; takes the same types and settings."""

    is_differentiable = False
    higher_is_better = False
    full_state_update = False
    sums: Tensor
    count: Tensor

    def __init__(
        self,
        rep_in: str | Rep,
        rep_out: str | Rep,
        group: str | Group,
        samples: int = 1,
        seed: int = 0,
        relative_to: str = SIZES,
    ) -> None:
        super().__init__()
        self.rep_in, self.rep_out = parse_rep(rep_in), parse_rep(rep_out)
        _require_settings(samples, relative_to)
        self.group, self.samples, self.seed = parse_group(group), samples, seed
        self.relative_to = relative_to
        self.add_state("sums", torch.zeros(4, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, f: Function, x: Tensor) -> None:
        """Adds the errors of f at inputs x (n, size in)."""
        require_size("rep_in", self.rep_in, self.group, x)
        # The count makes every batch draw other elements, reproducibly.
        generator = torch.Generator().manual_seed(self.seed + int(self.count))
        for _ in range(self.samples if len(x) else 0):
            types = self.rep_in, self.rep_out
            self.sums += _sums(f, types, self.group, x, generator, self.relative_to)
            self.count += len(x)

    def compute(self) -> Tensor:
        """Returns the error, 0 to 1 (where outputs vanish, possibly more); NaN before any input."""
        return torch.where(self.count > 0, relative_error(self.sums), torch.nan)


def _require_settings(samples: int, relative_to: str) -> None:
    require_whole("samples", samples)
    if relative_to not in (SIZES, PAPER):
        raise ValueError(f"relative_to must be one of {SIZES}, {PAPER}; got {relative_to!r}.")
