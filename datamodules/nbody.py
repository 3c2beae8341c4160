"""Charged particles: from five bodies' state to where they are 1000 steps later."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from softsym.datamodules.array_store import Arrays, ArrayWriter, cached_arrays, fingerprint
from softsym.datamodules.base import Split, TensorDataModule
from softsym.datamodules.charged_particles import (
    BODIES,
    DIM,
    FRAMES,
    STEPS_PER_FRAME,
    Array,
    State,
    advance,
    frame,
    initial_states,
    rows_of,
)
from softsym.datamodules.setting_checks import Count, Seed
from softsym.datamodules.synthetic import BROKEN, EXACT
from softsym.symmetries import Group, Rep, group

log = logging.getLogger(__name__)

DRAWN = {"train": 10_000, "val": 2000, "test": 2000}
"""Simulations of the published stream: all for training first, then validation, then test."""
VERSION = 1
"""To be increased when the same settings give other samples."""


class NBody(TensorDataModule):
    """Predicts the positions of five charged particles, the n-body task of EGNN and others.

    The input ``5T0 + 5T1 + 5T1`` holds charges, positions and velocities at one frame (30 by
    default), the target ``5T1`` the positions at a later one (40). Frames are 100 steps of 0.001
    apart. The samples are those of the published simulator (Satorras et al. 2021, sec. 5.1): see
    :mod:`softsym.datamodules.charged_particles`. The published errors are 1000 times the mean
    squared error.

    Without a field the particles keep ``O(3)``, exactly but for near collisions, where components
    of forces are cut off. A field along z keeps ``O(2)@xy``, and breaks every group that turns or
    reflects z, by a share that grows with the field.

    The simulations are kept in ``cache_dir``; the first use takes about a minute.

    Args:
        cache_dir: Folder of the simulated samples.
        batch_size: Global training batch.
        train_samples: Number of the 10,000 simulations for training that are used.
        val_samples: The same of 2000.
        test_samples: The same of 2000.
        frame_in: Frame of the inputs, from 0 to 48.
        frame_out: Frame of the targets, a later one.
        field: Strength of a uniform field along z, which accelerates a charge q by q times it. Over
            the 1000 steps of the default it moves a charge by half of this.
        rep_in: Type of the inputs; must have 35 numbers.
        rep_out: Type of the targets; must have 15 numbers.
        eval_batch_size: Global batch of validation and test.
        seed: Seed of the order of batches.

    Raises:
        ValueError: If there are fewer simulations, or the frames are not in order.
    """

    experiment = "nbody"
    candidates: Sequence[str] = ("O(3)", "SO(3)", "O(2)@xy", "O(2)@yz", "O(2)@xz")

    def __init__(
        self,
        cache_dir: str,
        batch_size: Count = 100,
        train_samples: Count = 3000,
        val_samples: Count = 2000,
        test_samples: Count = 2000,
        frame_in: int = 30,
        frame_out: int = 40,
        field: float = 0.0,
        *,
        rep_in: str | Rep = "5T0 + 5T1 + 5T1",
        rep_out: str | Rep = "5T1",
        eval_batch_size: Count = 4096,
        seed: Seed = 0,
    ) -> None:
        super().__init__(rep_in, rep_out, DIM, batch_size, eval_batch_size, seed)
        self.counts = {"train": train_samples, "val": val_samples, "test": test_samples}
        for name, count in self.counts.items():
            if count > DRAWN[name]:
                raise ValueError(
                    f"{name}_samples={count} is more than the {DRAWN[name]} simulations that the "
                    "protocol draws."
                )
        if not 0 <= frame_in < frame_out < FRAMES:
            raise ValueError(
                f"frame_in={frame_in} must come before frame_out={frame_out}, and both be from 0 "
                f"to {FRAMES - 1}."
            )
        self.cache_dir = Path(cache_dir).expanduser()
        self.frames, self.field = (frame_in, frame_out), float(field)

    @override
    def prepare_data(self) -> None:
        """Simulates the particles, unless the cache has them; Lightning calls this on one rank."""
        self._simulations()

    @override
    def load(self) -> Mapping[str, Split]:
        cached = {name: torch.from_numpy(values) for name, values in self._simulations().items()}
        return {name: (cached[f"{name}_inputs"], cached[f"{name}_targets"]) for name in DRAWN}

    @override
    def true_function(self) -> Callable[[Tensor], Tensor]:
        """Returns the simulation from one frame to the other, (n, 35) to (n, 15)."""
        return partial(_later, steps=self._steps, field=self.field)

    @override
    def true_symmetries(self, candidates: Sequence[str] | None = None) -> Mapping[str, str]:
        groups = {name: group(name, DIM) for name in candidates or self.candidates}
        return {name: EXACT if self._keeps(G) else BROKEN for name, G in groups.items()}

    def _keeps(self, G: Group) -> bool:
        """Whether a group keeps distances, and the direction of the field where there is one."""
        if not self.field:
            return G.is_orthogonal
        z = torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64)
        turned, moved = G.lie_algebra @ z, G.discrete_generators @ z
        return G.is_orthogonal and torch.allclose(turned, 0 * turned) and bool((moved == z).all())

    @property
    def _steps(self) -> int:
        first, last = self.frames
        return STEPS_PER_FRAME * (last - first)

    def _simulations(self) -> Arrays:
        """Inputs and targets of each split by name, float64."""
        return cached_arrays(
            self.cache_dir.absolute(),
            "nbody",
            fingerprint(VERSION, *self.counts.values(), self.frames, self.field),
            self._simulate,
        )

    def _simulate(self, writer: ArrayWriter) -> None:
        drawn = initial_states(sum(DRAWN.values()))
        first = 0
        for name, of_all in DRAWN.items():
            used = slice(first, first + self.counts[name])
            first += of_all
            log.info("Simulating %d samples for %s.", self.counts[name], name)
            seen = frame(rows_of(drawn, used), self.frames[0], self.field)
            writer.append(f"{name}_inputs", _flat(seen))
            writer.append(
                f"{name}_targets", _rows(advance(seen, self._steps, self.field).positions)
            )


def _rows(vectors: Array) -> Array:
    """Vectors (n, 3, 5) as rows (n, 15), those of one body together."""
    return vectors.transpose(0, 2, 1).reshape(len(vectors), -1)


def _flat(state: State) -> Array:
    return np.concatenate([state.charges, _rows(state.positions), _rows(state.velocities)], 1)


def _later(inputs: Tensor, steps: int, field: float) -> Tensor:
    """Positions some steps after inputs (n, 35)."""
    values = inputs.detach().cpu().double().numpy()
    charges, positions, velocities = np.split(values, [BODIES, BODIES * (1 + DIM)], axis=1)
    shape = (-1, BODIES, DIM)
    vectors = (v.reshape(shape).transpose(0, 2, 1) for v in (positions, velocities))
    return torch.from_numpy(_rows(advance(State(charges, *vectors), steps, field).positions)).to(
        inputs
    )
