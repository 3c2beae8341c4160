"""The relative equivariance error of any callable under any group."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import Metric

from softsym.metrics.type_checks import Function, require_inputs, require_size
from softsym.symmetries import Group, Rep
from softsym.symmetries import group as parse_group
from softsym.symmetries import rep as parse_rep
from softsym.symmetries.elements import to


def equivariance_errors(
    f: Function, rep_in: Rep, rep_out: Rep, G: Group, x: Tensor, generator: torch.Generator | None
) -> Tensor:
    """Computes the error (n,) of each input (n, size in) under its own random group element.

    ||f(rho_in x) - rho_out f(x)|| / (||f(rho_in x)|| + ||rho_out f(x)||) in float64, 0 if both
    vanish. Elements are drawn by ``G.sample_elements``.
    """
    with torch.no_grad():
        # Group actions in float64: rounding must not look like a broken symmetry.
        g = to(G.sample_elements(len(x), generator), x.device)
        moved = rep_in.over(G).act(g, x.double())
        moved_first, y = f(moved.to(x.dtype)).double(), f(x).double()
        require_size("rep_out", rep_out, G, y)
        moved_last = rep_out.over(G).act(g, y)
    difference = (moved_first - moved_last).norm(dim=-1)
    size = moved_first.norm(dim=-1) + moved_last.norm(dim=-1)
    # NaN is kept: a function that fails is not equivariant.
    return torch.where(size == 0, 0.0, difference / size)


def equivariance_error(
    f: Function,
    rep_in: str | Rep,
    rep_out: str | Rep,
    G: str | Group,
    x: Tensor,
    samples: int = 1,
    seed: int = 0,
) -> float:
    """Mean relative equivariance error over inputs and ``samples`` group elements per input.

    Args:
        f: Any callable, (n, size in) to (n, size out).
        rep_in: Type of the inputs.
        rep_out: Type of the outputs.
        G: The group.
        x: Inputs, (n, size in), n >= 1.
        samples: Number of group elements per input, at least 1.
        seed: Seed of the group elements.

    Raises:
        ValueError: If the sizes do not fit the types, or there is no input.

    Example:
        >>> equivariance_error(lambda x: 2 * x, "T1", "T1", "O(3)", torch.randn(5, 3)) < 1e-6
        True
    """
    types, G = (parse_rep(rep_in), parse_rep(rep_out)), parse_group(G)
    require_inputs("equivariance error", x)
    _require_samples(samples)
    require_size("rep_in", types[0], G, x)
    generator = torch.Generator().manual_seed(seed)
    errors = [equivariance_errors(f, *types, G, x, generator) for _ in range(samples)]
    return float(torch.stack(errors).double().mean())


class EquivarianceError(Metric):
    """:func:`equivariance_error`, accumulated over batches; takes the same types and settings."""

    is_differentiable = False
    higher_is_better = False
    full_state_update = False
    total: Tensor
    count: Tensor

    def __init__(
        self,
        rep_in: str | Rep,
        rep_out: str | Rep,
        group: str | Group,
        samples: int = 1,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.rep_in, self.rep_out = parse_rep(rep_in), parse_rep(rep_out)
        _require_samples(samples)
        self.group, self.samples, self.seed = parse_group(group), samples, seed
        self.add_state("total", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, f: Function, x: Tensor) -> None:
        """Adds the errors of f at inputs x (n, size in)."""
        require_size("rep_in", self.rep_in, self.group, x)
        # The count makes every batch draw other elements, reproducibly.
        generator = torch.Generator().manual_seed(self.seed + int(self.count))
        for _ in range(self.samples if len(x) else 0):
            errors = equivariance_errors(f, self.rep_in, self.rep_out, self.group, x, generator)
            self.total += errors.double().sum()
            self.count += len(errors)

    def compute(self) -> Tensor:
        """Returns the mean error, 0 to 1; NaN before any input."""
        return self.total / self.count


def _require_samples(samples: int) -> None:
    if samples < 1:
        raise ValueError(f"samples must be at least 1; got {samples}.")
