"""The base of tasks made from a known function: samples, two kinds of shift, true symmetries."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TypedDict

import torch
from torch import Tensor
from typing_extensions import override

from softsym.datamodules.base import OOD, SPLITS, Split, TensorDataModule, check_split
from softsym.datamodules.setting_checks import Count, Seed, require_choice
from softsym.symmetries import Group, Rep, T, group
from softsym.symmetries.limits import require_memory

SHIFT, SIGN = "shift", "sign"
OOD_KINDS = (SHIFT, SIGN, None)

EXACT, APPROXIMATE, BROKEN = "exact", "approximate", "broken"
EXACT_BELOW, APPROXIMATE_BELOW = 1e-6, 0.3
"""Bounds of the equivariance error for these words.

The first is above float64 rounding. The error is near 0.7 for unrelated outputs; below 0.3 a model
that keeps the symmetry still explains most of the targets' variation, above it does not.
"""

COPIES = 3
"""Copies of all samples in memory at once: drawn, changed for a split, and divided into splits."""

PROBES = 4096
"""Number of samples for the equivariance error, whose mean then scatters by about 0.005."""


class SampleSettings(TypedDict, total=False):
    """Settings of every synthetic task, described at :class:`SyntheticDataModule`."""

    eval_batch_size: int
    seed: int
    data_seed: int | None
    ood: str | None
    shift: float


class SyntheticDataModule(TensorDataModule):
    """Samples of a known function, so that it is known which symmetries hold.

    A subclass defines ``candidates``, :meth:`draw`, :meth:`true_function` and :meth:`true_group`.

    Train, val and test are drawn together and split at random. The ``ood`` split is drawn with a
    seed of its own. Kind ``shift`` moves every coordinate of every point by ``shift``. With kind
    ``sign``, train, val and test contain absolute values of the coordinates and ``ood`` negative
    ones. Masses and homogeneous fourth coordinates stay unchanged.

    :meth:`true_symmetries` calls a group exact if the equivariance error of the true function on
    its in-distribution inputs (before kind ``sign`` folds them) is below ``EXACT_BELOW``,
    approximate if it is below ``APPROXIMATE_BELOW``, and otherwise broken. The error is the mean of
    ||f(rho_in x) - rho_out f(x)|| / (||f(rho_in x)|| + ||rho_out f(x)||). The mean of scalar
    targets is subtracted first: a constant is symmetric and would hide the rest.

    Args:
        rep_in: Type of the inputs.
        rep_out: Type of the targets.
        dim: Dimension of the base space.
        batch_size: Global training batch.
        samples: Number of samples in each of train, val, test and ood.
        points: Number of points in an input.
        width: Number of values in an input.
        eval_batch_size: Global batch of validation and test.
        seed: Seed of the split and of the order of batches.
        data_seed: Seed of the samples. None takes :func:`reference_seed` of all samples, as the
            paper's reference values do, so that every run has the same samples.
        ood: Kind of the out-of-distribution samples: ``shift``, ``sign``, or None for no such
            split.
        shift: Distance by which ``shift`` moves each coordinate.
    """

    candidates: Sequence[str]
    """Default groups of :meth:`true_symmetries`."""

    def __init__(
        self,
        rep_in: str | Rep,
        rep_out: str | Rep,
        dim: Count,
        batch_size: Count,
        *,
        samples: Count,
        points: Count,
        width: Count,
        eval_batch_size: Count = 4096,
        seed: Seed = 0,
        data_seed: Seed | None = None,
        ood: str | None = None,
        shift: float = 1.0,
    ) -> None:
        super().__init__(rep_in, rep_out, dim, batch_size, eval_batch_size, seed)
        require_choice("ood", ood, OOD_KINDS)
        numbers = (len(SPLITS) + 1) * samples * (width + self.rep_out.size(dim))
        require_memory(
            COPIES * numbers // 2,  # single precision
            f"Drawing {samples:,} samples for each split",
            "Choose a smaller datamodule.samples.",
        )
        self.samples, self.points, self.width = samples, points, width
        self.data_seed, self.ood, self.shift = data_seed, ood, shift

    @abstractmethod
    def draw(self, count: int, seed: int) -> Tensor:
        """Draws clean inputs (count, width) in float32."""

    @override
    @abstractmethod
    def true_function(self) -> Callable[[Tensor], Tensor]: ...

    @abstractmethod
    def true_group(self) -> str:
        """Names a group that the true function keeps exactly, for a hard-constrained model.

        It contains every candidate that is kept and lies within the group of all candidates.
        """

    @property
    def coordinates(self) -> Tensor:
        """Mask of the values of an input that are coordinates of points, (width,) bool."""
        return torch.ones(self.width, dtype=torch.bool)

    def observed(self, clean: Tensor, seed: int) -> Tensor:
        """Returns what the model sees of clean inputs; ``seed`` is for noise."""
        return clean

    def targets(self, clean: Tensor, seed: int) -> Tensor:
        """Computes the targets of clean inputs; ``seed`` is for variation between samples."""
        return self.true_function()(clean)

    @override
    def load(self) -> Mapping[str, Split]:
        count = len(SPLITS) * self.samples
        seed = reference_seed(count, self.points, self.width)
        seed = seed if self.data_seed is None else self.data_seed
        inputs, targets = self._sample(count, seed, torch.abs if self.ood == SIGN else None)
        # The paper's reference samples are one draw. The splits divide it, so they share no sample.
        order = torch.randperm(count, generator=torch.Generator().manual_seed(self.seed))
        parts = zip(SPLITS, order.split(self.samples), strict=True)
        splits = {name: (inputs[chosen], targets[chosen]) for name, chosen in parts}
        if self.ood is not None:
            splits[OOD] = self._sample(self.samples, child_seed(seed, OOD), self._move_away)
        return splits

    @override
    def true_symmetries(self, candidates: Sequence[str] | None = None) -> Mapping[str, str]:
        inputs = self.draw(PROBES, seed=0).double()
        targets = self.true_function()(inputs)
        check_split("probe", (inputs, targets), self.rep_in, self.rep_out, self.dim)
        groups = {name: group(name, self.dim) for name in candidates or self.candidates}
        return {name: symmetry_word(self._error(G, inputs)) for name, G in groups.items()}

    def _error(self, G: Group, inputs: Tensor) -> float:
        """Repeats ``equivariance_error`` of the paper, as this package may not import metrics."""
        f = self.true_function()
        g = G.sample_elements(len(inputs), torch.Generator().manual_seed(0))
        y = f(inputs)
        centre = y.mean(0) if self.rep_out == T(0) else torch.zeros_like(y[0])
        first = f(self.rep_in.over(G).act(g, inputs)) - centre
        last = self.rep_out.over(G).act(g, y - centre)
        size = (first.norm(dim=-1) + last.norm(dim=-1)).clamp_min(1e-300)  # 0 / 0 counts as 0
        return float(((first - last).norm(dim=-1) / size).mean())

    def _sample(
        self, count: int, seed: int, change: Callable[[Tensor], Tensor] | None = None
    ) -> Split:
        clean = self.draw(count, seed)
        if change is not None:
            clean = torch.where(self.coordinates, change(clean), clean)
        # Noise has seeds of its own, so that it does not change the samples themselves.
        return (
            self.observed(clean, child_seed(seed, "inputs")),
            self.targets(clean, child_seed(seed, "targets")),
        )

    def _move_away(self, inputs: Tensor) -> Tensor:
        return inputs + self.shift if self.ood == SHIFT else -inputs.abs()


def symmetry_word(error: float) -> str:
    """Translates an equivariance error to ``exact``, ``approximate`` or ``broken``.

    Example:
        >>> [symmetry_word(error) for error in (1e-9, 0.1, 0.5)]
        ['exact', 'approximate', 'broken']
    """
    if error < EXACT_BELOW:
        return EXACT
    return APPROXIMATE if error < APPROXIMATE_BELOW else BROKEN


def reference_seed(samples: int, points: int, width: int) -> int:
    """Computes the seed of the paper's reference samples, from the number of all samples on."""
    return samples + points + width


def normal_inputs(samples: int, points: int, width: int, seed: int | None = None) -> Tensor:
    """Draws standard normal numbers (samples, width) in float32; seeded by the reference seed."""
    seed = reference_seed(samples, points, width) if seed is None else seed
    return torch.randn(samples, width, generator=torch.Generator().manual_seed(seed))


def child_seed(seed: int, purpose: str) -> int:
    """Derives a seed for one purpose from another seed."""
    digest = hashlib.sha256(f"{seed}/{purpose}".encode()).digest()
    return int.from_bytes(digest[:4], "big") // 2
