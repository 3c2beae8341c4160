"""What tasks made from a known function share: samples, two kinds of shift, true symmetries."""

from __future__ import annotations

import hashlib
import math
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from numbers import Real

import torch
from torch import Tensor

from softsym.datamodules.base import OOD, SPLITS, Split, TensorDataModule, check_split
from softsym.symmetries import Group, Rep, T, group

SHIFT, SIGN = "shift", "sign"
OOD_KINDS = (SHIFT, SIGN, None)

EXACT, APPROXIMATE, BROKEN = "exact", "approximate", "broken"
EXACT_BELOW, APPROXIMATE_BELOW = 1e-6, 0.3
"""Bounds of the equivariance error for these words.

The first is above float64 rounding. The error is near 0.7 for unrelated outputs; below 0.3 a model
that keeps the symmetry still explains most of the targets' variation, above it does not.
"""

PROBES = 4096
"""Samples on which the error is measured: its mean scatters by about 0.005."""


class SyntheticDataModule(TensorDataModule):
    """Samples of a function that is known, and with it which symmetries hold.

    A subclass gives ``candidates``, :meth:`draw`, :meth:`true_function` and :meth:`true_group`.

    Train, val and test are drawn at once and dealt out at random. The ``ood`` split is drawn anew
    with a seed of its own: of kind ``shift``, every coordinate of every point is moved by
    ``shift``; of kind ``sign``, train, val and test hold absolute values of the coordinates and
    ``ood`` the negatives of such. Masses, and the fourth homogeneous coordinate, stay.

    *The words of* :meth:`true_symmetries`: exact if the equivariance error of the true function on
    its in-distribution inputs (before kind ``sign`` folds them) is below ``EXACT_BELOW``,
    approximate below ``APPROXIMATE_BELOW``, else broken. The error is the mean of
    ||f(rho_in x) - rho_out f(x)|| / (||f(rho_in x)|| + ||rho_out f(x)||); from scalar targets the
    mean is taken off first, because a constant is symmetric and would hide the rest.

    Args:
        rep_in: Type of the inputs.
        rep_out: Type of the targets.
        dim: Dimension of the base space.
        batch_size: Global batch of the training.
        samples: Number of samples in each of train, val, test and ood.
        points: Number of points in an input.
        width: Numbers in an input.
        eval_batch_size: Global batch of validation and test.
        seed: Seed of the split and of the order of batches.
        data_seed: Seed of the samples; None takes :func:`reference_seed`.
        ood: ``shift``, ``sign``, or None for no such split.
        shift: How far each coordinate is moved.

    Raises:
        ValueError: If a setting is none of what is allowed.
    """

    candidates: Sequence[str]
    """Names of the groups that :meth:`true_symmetries` answers for."""

    def __init__(
        self,
        rep_in: str | Rep,
        rep_out: str | Rep,
        dim: int,
        batch_size: int,
        *,
        samples: int,
        points: int,
        width: int,
        eval_batch_size: int,
        seed: int,
        data_seed: int | None,
        ood: str | None,
        shift: float,
    ) -> None:
        super().__init__(rep_in, rep_out, dim, batch_size, eval_batch_size, seed)
        if samples < 1:
            raise ValueError(f"samples must be at least 1; got {samples}.")
        require_choice("ood", ood, OOD_KINDS)
        require_number("shift", shift)
        self.samples, self.points, self.width = samples, points, width
        self.data_seed, self.ood, self.shift = data_seed, ood, shift

    @abstractmethod
    def draw(self, count: int, seed: int) -> Tensor:
        """Clean inputs (count, width) in float32."""

    @abstractmethod
    def true_function(self) -> Callable[[Tensor], Tensor]:
        """The function of clean inputs that makes the targets, (n, in) to (n, out)."""

    @abstractmethod
    def true_group(self) -> str:
        """Name of a group that the true function keeps exactly, for a hard-constrained model.

        It holds every candidate that is kept and lies within the group of all candidates.
        """

    @property
    def coordinates(self) -> Tensor:
        """Which numbers of an input are coordinates of points, (width,) bool."""
        return torch.ones(self.width, dtype=torch.bool)

    def observed(self, clean: Tensor, seed: int) -> Tensor:
        """What the model sees of the inputs; ``seed`` is for noise."""
        return clean

    def targets(self, clean: Tensor, seed: int) -> Tensor:
        """Targets of the inputs; ``seed`` is for what differs from sample to sample."""
        return self.true_function()(clean)

    def load(self) -> Mapping[str, Split]:
        """Draws all samples and deals them out at random."""
        count = len(SPLITS) * self.samples
        seed = reference_seed(count, self.points, self.width)
        seed = seed if self.data_seed is None else self.data_seed
        inputs, targets = self._sampled(count, seed, torch.abs if self.ood == SIGN else None)
        order = torch.randperm(count, generator=torch.Generator().manual_seed(self.seed))
        parts = zip(SPLITS, order.split(self.samples), strict=True)
        splits = {name: (inputs[chosen], targets[chosen]) for name, chosen in parts}
        if self.ood is not None:
            splits[OOD] = self._sampled(self.samples, child_seed(seed, OOD), self._moved)
        return splits

    def true_symmetries(self, candidates: Sequence[str] | None = None) -> Mapping[str, str]:
        """How well the true function keeps each candidate group.

        Args:
            candidates: Names of groups; by default those that belong to the task.

        Returns:
            Name of the group -> ``exact``, ``approximate`` or ``broken``, by the rule above.

        Raises:
            ValueError: If the representations do not fit the task.
        """
        inputs = self.draw(PROBES, seed=0).double()
        targets = self.true_function()(inputs)
        check_split("probe", (inputs, targets), self.rep_in, self.rep_out, self.dim)
        groups = {name: group(name, self.dim) for name in candidates or self.candidates}
        return {name: symmetry_word(self._error(G, inputs)) for name, G in groups.items()}

    def _error(self, G: Group, inputs: Tensor) -> float:
        """As ``softsym.metrics.equivariance_error``, which this package may not import."""
        f = self.true_function()
        g = G.sample_elements(len(inputs), torch.Generator().manual_seed(0))
        y = f(inputs)
        centre = y.mean(0) if self.rep_out == T(0) else torch.zeros_like(y[0])
        first = f(self.rep_in.over(G).act(g, inputs)) - centre
        last = self.rep_out.over(G).act(g, y - centre)
        size = (first.norm(dim=-1) + last.norm(dim=-1)).clamp_min(1e-300)
        return float(((first - last).norm(dim=-1) / size).mean())

    def _sampled(
        self, count: int, seed: int, change: Callable[[Tensor], Tensor] | None = None
    ) -> Split:
        clean = self.draw(count, seed)
        if change is not None:
            clean = torch.where(self.coordinates, change(clean), clean)
        return (
            self.observed(clean, child_seed(seed, "inputs")),
            self.targets(clean, child_seed(seed, "targets")),
        )

    def _moved(self, inputs: Tensor) -> Tensor:
        return inputs + self.shift if self.ood == SHIFT else -inputs.abs()


def symmetry_word(error: float) -> str:
    """``exact``, ``approximate`` or ``broken``, of an equivariance error.

    Example:
        >>> [symmetry_word(error) for error in (1e-9, 0.1, 0.5)]
        ['exact', 'approximate', 'broken']
    """
    if error < EXACT_BELOW:
        return EXACT
    return APPROXIMATE if error < APPROXIMATE_BELOW else BROKEN


def reference_seed(samples: int, points: int, width: int) -> int:
    """The seed behind the paper's reference samples, which makes every run have the same ones.

    Args:
        samples: Number of all samples.
        points: Points in an input.
        width: Numbers in an input.
    """
    return samples + points + width


def normal_inputs(samples: int, points: int, width: int, seed: int | None) -> Tensor:
    """Standard normal numbers (samples, width) in float32; by default of the reference seed."""
    seed = reference_seed(samples, points, width) if seed is None else seed
    return torch.randn(samples, width, generator=torch.Generator().manual_seed(seed))


def child_seed(seed: int, purpose: str) -> int:
    """A seed for one purpose, drawn from another seed."""
    digest = hashlib.sha256(f"{seed}/{purpose}".encode()).digest()
    return int.from_bytes(digest[:4], "big") // 2


def require_choice(name: str, value: object, allowed: Sequence[str | None]) -> None:
    """Checks a setting that is one of few.

    Raises:
        ValueError: If it is none of them.
    """
    if value not in allowed:
        names = ", ".join("null" if choice is None else choice for choice in allowed)
        raise ValueError(f"datamodule.{name} must be one of {names}; got {value!r}.")


def require_number(
    name: str, value: object, low: float = -math.inf, high: float = math.inf
) -> None:
    """Checks a setting that is a number within bounds.

    Raises:
        ValueError: If it is not.
    """
    is_number = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or not low <= value <= high:  # type: ignore[operator]
        bounds = "" if low == -math.inf else f" of at least {low:g}"
        bounds = bounds if high == math.inf else f" from {low:g} to {high:g}"
        raise ValueError(f"datamodule.{name} must be a finite number{bounds}; got {value!r}.")
