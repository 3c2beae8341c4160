"""Equivariance of a network as a function, for any module of known input and output types."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, Self

import torch
from torch import Tensor, nn
from typing_extensions import override

from softsym.regularizers.base import network_of
from softsym.regularizers.of_function import (
    FunctionTerm,
    call,
    evaluating,
    precise,
    turns_of,
)
from softsym.symmetries import Group, Rep
from softsym.symmetries.batches import (
    Leaf,
    flattened,
    is_invariant,
    leaves,
    reps,
    sample_count,
    tensors,
    transform,
    typed_tensors,
)
from softsym.symmetries.elements import Element, inverse, to
from softsym.symmetries.images import round_trip_error
from softsym.symmetries.orbit_moves import Mover, nearby

log = logging.getLogger(__name__)

GRADIENTS = ("both", "stopped", "anchored")
DISTANCES = ("squared", "kl")
MEASURES = {
    "squared": "the relative asymmetry of the function: the mean square by which an answer changes "
    "when the input is moved and the answer moved back, over the variance of the answers. It is 0 "
    "where the symmetry is kept, and 2 for a function that has nothing of it.",
    "kl": "the symmetric divergence between the distributions predicted for an input and for the "
    "moved one. It is 0 where the symmetry is kept.",
}
"""What penalties are, by distance."""
ANCHORED = "the error at moved inputs, measured from the moved targets."
TRIED = 32
"""Inputs on which the error of interpolation is measured."""
NOTICEABLE = 1e-6


class FunctionRegularizer(FunctionTerm):
    r"""Mean squared violation of equivariance, relative to the variance of the predictions.

    .. math::
        \Omega_G(f) = \mathbb E_x \mathbb E_g
        \|\rho_\mathrm{out}(g)^{-1} f(\rho_\mathrm{in}(g) x) - f(x)\|^2 / \mathrm{sg}[\mathrm{Var}
        f(x)]

    with one random element per sample, which makes it unbiased. For a linear f, white inputs and
    orthogonal representations the numerator is 4 times the projection penalty of the weight:
    2 |W - P W|^2 = 4 * 1/2 |W - P W|^2. Elements depend on seed and step alone. A group that is not
    compact moves samples to where others are on their orbits
    (:mod:`softsym.symmetries.orbit_moves`), and never farther.

    Inputs and outputs may be nested (:mod:`softsym.symmetries.batches`): then the penalty is the
    mean over the typed outputs, each relative to its own variance.

    Several function regularizers share one more pass of the network: each measures its share of the
    batch, so that many groups cost as much as one.

    A network that predicts otherwise in evaluation mode (dropout, batch normalisation) is compared
    in that mode, with running statistics, at the cost of a pass more: f(x) has to be computed
    again.

    On several processes (DDP) elements are drawn for the global batch, of which each process takes
    its part, and the variance is that of all. Orbit swaps swap within a process.

    Args:
        group: The candidate symmetry.
        strength: Factor of the penalty; 0 watches without training towards the symmetry.
        rep_in: Type of the inputs, or a mapping or tuple of types; by default the network's
            attribute of this name.
        rep_out: Type of the outputs, likewise.
        dim: Dimension of the base space, where the name leaves it open.
        gradient: ``both`` sides are trained; ``stopped`` takes f(x) as given; ``anchored``
            compares f(g x) with the moved target, which is augmentation.
        distance: ``squared``, or ``kl``: for logits, the symmetric divergence KL(p|q) + KL(q|p) of
            the distributions that they stand for, which is not divided by a variance. With
            ``anchored``, where q is the target itself, it is the loss at the moved inputs: the
            cross-entropy of labels (n,), or the mean binary one of shares from 0 to 1.
        share_batch: Whether several groups share the samples of a batch.
        seed: Seed of the elements.
        name: Key in config and logs.

    Attributes:
        interpolation_error: Relative error of moving inputs and back, measured in the first step;
            not 0 for images that are turned by any angle or scaled.

    Raises:
        ValueError: If the group is not understood, or gradient or distance are unknown.
    """

    def __init__(
        self,
        group: str | Group,
        strength: float,
        rep_in: Any = None,
        rep_out: Any = None,
        dim: int | None = None,
        gradient: str = "both",
        distance: str = "squared",
        share_batch: bool = True,
        seed: int = 0,
        name: str | None = None,
    ) -> None:
        super().__init__(group, strength, rep_in, rep_out, dim, share_batch, seed, name)
        if gradient not in GRADIENTS:
            raise ValueError(f"gradient must be one of {', '.join(GRADIENTS)}; got {gradient!r}.")
        if distance not in DISTANCES:
            raise ValueError(f"distance must be one of {', '.join(DISTANCES)}; got {distance!r}.")
        self.gradient, self.distance = gradient, distance
        self.measures = MEASURES[distance] if gradient != "anchored" else ANCHORED
        self.interpolation_error = 0.0
        self._mover: Mover | None = None

    @override
    def bind(self, network: nn.Module) -> None:
        super().bind(network)
        self._mover = None
        if self.distance == "kl" and not all(map(is_invariant, reps(self.rep_out))):
            raise ValueError(
                f"Regularizer {self.name!r}: distance=kl is for logits of scalars, such as 10T0, "
                f"which no group moves; rep_out is {self.rep_out}."
            )

    @classmethod
    @override
    def squares(
        cls, regularizers: Sequence[Self], module: Any, batch: Any, prediction: Any, step: int
    ) -> list[Tensor]:
        inputs, first = batch[0], regularizers[0]
        turns = turns_of(regularizers, sample_count(inputs, first.rep_in), step)
        moved, parts = inputs, []
        for r, (rows, share) in zip(regularizers, turns, strict=True):
            moved, g = r.moved(moved, rows, step, alone=len(regularizers) == 1)
            parts.append((rows, g, share))
        steady = first.needs_evaluation(module, batch, prediction)
        with evaluating(network_of(module)) if steady else nullcontext():
            outputs = call(module, moved)
            if steady and any(r.gradient != "anchored" for r in regularizers):
                prediction = call(module, inputs)
        return [
            r.violation(outputs, g, batch[1], prediction, rows) * share
            for r, (rows, g, share) in zip(regularizers, parts, strict=True)
        ]

    def elements(self, inputs: Any, rows: Tensor, step: int) -> Element:
        """Draws an element for each of some samples of a batch, (m, d, d).

        Args:
            inputs: Inputs of the batch, n samples.
            rows: The samples (m,), on the CPU.
            step: Number of the step.
        """
        n, (rank, processes) = sample_count(inputs, self.rep_in), self.share
        if self._mover is None or self._mover.frame is not None:
            flat, x = flattened(self.rep_in, inputs, self.group.space)
            x = x.detach().double().cpu()
            if self._mover is None:
                self._mover = nearby(self.group, flat, flat, x)
                self._report_rounding(flat, x)
        if self._mover.frame is not None:
            frames = self._mover.frames(x[rows])
            return self._mover.draw(frames, frames, self.generator(step, rank), len(rows))
        # as for the global batch, whose part this is: several processes draw what one would
        drawn = self._mover.draw(None, None, self.generator(step), n * processes)
        return _chosen(drawn, rows + n * rank)

    def _report_rounding(self, R: Rep, x: Tensor) -> None:
        """Logs how far some inputs (n, size) come out of being moved and back, if noticeably."""
        some = x[:TRIED]
        g = self.group.sample_elements(len(some), self.generator(0))
        self.interpolation_error = round_trip_error(R, g, some)
        if self.interpolation_error > NOTICEABLE:
            log.info(
                "Regularizer %r interpolates: inputs moved by %s and back differ by %.1f%%; "
                "penalties of about the square of this mean nothing.",
                self.name,
                self.group,
                100 * self.interpolation_error,
            )

    def moved(
        self, inputs: Any, rows: Tensor, step: int, alone: bool = True
    ) -> tuple[Any, Element]:
        """Moves some samples (m,) of a batch; returns it and the elements (m, d, d).

        If the regularizer has the batch ``alone``, the rows are all samples in order.
        """
        device = next(tensors(inputs)).device
        g = to(self.elements(inputs, rows, step), device)
        return transform(self.rep_in, inputs, g, None if alone else rows.to(device)), g

    def violation(
        self, outputs: Any, g: Element, targets: Any, prediction: Any, rows: Tensor
    ) -> Tensor:
        """Squares of rho_out(g)^-1 f(g x) - f(x), summed over some rows (m,) of the batch, (k,)."""
        back = inverse(g)
        rows = rows.to(next(tensors(outputs)).device)
        if self.gradient == "anchored":
            if self.distance == "kl":
                found = typed_tensors(self.rep_out, targets, "targets")
                pairs = zip(self.outputs(outputs), found, strict=True)
                return torch.stack([cross_entropy(f.vectors[rows], y[rows]) for f, y in pairs])
            compared = self._targets(targets)
        else:
            compared = self.outputs(prediction)
        sums = []
        for leaf, other in zip(self.outputs(outputs), compared, strict=True):
            moved, against = leaf.moved(back, rows), precise(other.vectors[rows])
            if self.gradient == "stopped":
                against = against.detach()
            sums.append(self._apart(moved.to(against.dtype), against))
        return torch.stack(sums)

    def _targets(self, targets: Any) -> list[Leaf]:
        """The typed tensors among targets."""
        try:
            return leaves(self.rep_out, targets, self.group.space, "targets")
        except ValueError as error:
            raise ValueError(
                f"Regularizer {self.name!r}: gradient=anchored compares with targets. {error} For "
                "labels of classes take distance=kl, which makes it the cross-entropy."
            ) from None

    def _apart(self, values: Tensor, against: Tensor) -> Tensor:
        if self.distance == "kl":
            return symmetric_kl(values, against)
        apart = values - against
        if self.gradient == "anchored":  # NaN marks a target that nobody observed
            apart = apart.where(~against.isnan(), 0.0)
        return apart.square().sum()

    @override
    def scaled(self, squares: Tensor, prediction: Any, batch: Any, step: int) -> Tensor:
        if self.distance == "kl":
            return squares.mean()
        return super().scaled(squares, prediction, batch, step)

    def __getstate__(self) -> dict[str, Any]:
        """Leaves out the frames, which belong to the data; the first step makes them again."""
        return {**self.__dict__, "_mover": None}


def symmetric_kl(logits: Tensor, others: Tensor) -> Tensor:
    """Sum of KL(p|q) + KL(q|p) = sum_k (p_k - q_k) (log p_k - log q_k) over logits (..., k)."""
    p, q = logits.log_softmax(-1), others.log_softmax(-1)
    return ((p.exp() - q.exp()) * (p - q)).sum()


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Sum over samples of the cross-entropy of logits (m, copies, k) with their targets.

    Args:
        logits: Unmoved, as all scalars are.
        targets: Labels of classes (m, ...), or shares (m, ..., k) of whose numbers the mean is
            taken; NaN marks one that nobody observed.
    """
    logits = precise(logits)
    if not targets.is_floating_point():
        of_class = logits.flatten(0, 1)
        return nn.functional.cross_entropy(of_class, targets.flatten().long(), reduction="sum")
    shares = targets.reshape(logits.shape).to(logits.dtype)
    known = ~shares.isnan()
    each = nn.functional.binary_cross_entropy_with_logits(
        logits, shares.where(known, 0.5), reduction="none"
    )
    return each.where(known, 0.0).flatten(1).mean(1).sum()


def _chosen(g: Element, rows: Tensor) -> Element:
    return tuple(part[rows] for part in g) if isinstance(g, tuple) else g[rows]
