"""The paper's inertia task: the moment of inertia of a few masses, one axis measured badly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from datamodules.base import SPLITS, Split, TensorDataModule

MIXED_AXIS = -1
"""Breaks x and y by opposite amounts."""


class Inertia(TensorDataModule):
    """Masses and positions of bodies to their moment of inertia.

    Input ``5T0 + 5T1`` (masses m = softplus(N(0, 1)), then positions r ~ N(0, 1), no units),
    target ``T2``: J = sum_i m_i (|r_i|^2 1 - r_i r_i^T), plus eps (J e_a) e_a^T for axis a.
    eps = 0 is exactly O(3); eps = -1 removes the axis' column, which keeps O(2) of the other two
    axes exactly and breaks the rest: axis 2 keeps ``O(2)@xy``. Axis -1 adds
    eps (-(J e_x) e_x^T + (J e_y) e_y^T). (Kim et al. 2023, sec. 5.)

    Args:
        axis: 0, 1, 2, or -1.
        eps: How strongly the axis breaks the symmetry.
        bodies: Number k of bodies.
        samples: Number of samples in each of train, val and test.
        batch_size: Global batch of the training.
        rep_in: Type of the input; must have 4 numbers a body.
        rep_out: Type of the target; must have 9 numbers.
        eval_batch_size: Global batch of validation and test.
        seed: Seed of the split and of the order of batches.
        data_seed: Seed of the samples; None takes n + k + size of the input, for n samples in
            all, as the reference values of the paper do, so that every run has the same samples.

    Raises:
        ValueError: If the axis is none of these, or a count is below 1.
    """

    def __init__(
        self,
        axis: int,
        eps: float,
        bodies: int,
        samples: int,
        batch_size: int,
        rep_in: str = "5T0 + 5T1",
        rep_out: str = "T2",
        eval_batch_size: int = 4096,
        seed: int = 0,
        data_seed: int | None = None,
    ) -> None:
        super().__init__(rep_in, rep_out, 3, batch_size, eval_batch_size, seed)
        if axis not in (0, 1, 2, MIXED_AXIS):
            raise ValueError(f"axis must be 0, 1, 2 or -1; got {axis!r}.")
        if bodies < 1 or samples < 1:
            raise ValueError(f"bodies and samples must be at least 1; got {bodies}, {samples}.")
        self.axis, self.eps, self.bodies, self.samples = axis, eps, bodies, samples
        self.data_seed = data_seed

    def load(self) -> Mapping[str, Split]:
        """Draws all samples and deals them out at random."""
        count = len(SPLITS) * self.samples
        inputs = inertia_inputs(count, self.bodies, self.data_seed)
        targets = inertia_tensor(inputs, self.axis, self.eps)
        order = torch.randperm(count, generator=torch.Generator().manual_seed(self.seed))
        parts = order.split(self.samples)
        return {name: (inputs[p], targets[p]) for name, p in zip(SPLITS, parts, strict=True)}

    def true_function(self) -> Callable[[Tensor], Tensor]:
        """The perturbed moment of inertia, (n, 4 k) to (n, 9)."""
        return partial(inertia_tensor, axis=self.axis, eps=self.eps)


def inertia_inputs(samples: int, bodies: int, seed: int | None = None) -> Tensor:
    """Masses, then positions, (samples, 4 bodies) float32.

    Args:
        samples: Number n of samples.
        bodies: Number k of bodies.
        seed: Seed; by default n + k + 4 k, the rule of the reference values.
    """
    size = 4 * bodies
    generator = torch.Generator().manual_seed(samples + bodies + size if seed is None else seed)
    inputs = torch.randn(samples, size, generator=generator)
    inputs[:, :bodies] = F.softplus(inputs[:, :bodies])
    return inputs


def inertia_tensor(inputs: Tensor, axis: int, eps: float) -> Tensor:
    """The perturbed moment of inertia, flattened row-major.

    Args:
        inputs: Masses and positions, (n, 4 k).
        axis: Axis whose column is scaled by 1 + eps; -1 for x by 1 - eps and y by 1 + eps.
        eps: Size of the perturbation.

    Returns:
        (n, 9).
    """
    bodies = inputs.shape[1] // 4
    masses, positions = inputs[:, :bodies], inputs[:, bodies:].unflatten(1, (bodies, 3))
    squares = (masses * positions.square().sum(-1)).sum(-1)
    one = torch.eye(3, dtype=inputs.dtype, device=inputs.device)
    outer = torch.einsum("nk,nki,nkj->nij", masses, positions, positions)
    J = squares[:, None, None] * one - outer
    scale = torch.ones(3, dtype=inputs.dtype, device=inputs.device)
    if axis == MIXED_AXIS:
        scale[0], scale[1] = 1 - eps, 1 + eps
    else:
        scale[axis] = 1 + eps
    return (J * scale).flatten(1)
