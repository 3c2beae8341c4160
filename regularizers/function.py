"""Equivariance of a network as a function, for any module of known input and output types."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import torch
from lightning import LightningModule
from torch import Tensor, nn
from typing_extensions import override

from softsym.regularizers.base import Regularizer
from softsym.symmetries import Group, Rep
from softsym.symmetries import group as parse_group
from softsym.symmetries import rep as parse_rep
from softsym.symmetries.elements import to
from softsym.symmetries.orbit_moves import Mover, inverse, mover

GRADIENTS = ("both", "stopped", "anchored")
MEMORY = 0.99
"""Share of the running variance that a step keeps."""
SMALLEST_VARIANCE = 1e-12


class _OfFunction(Regularizer):
    """What the regularizers of a function share: types, random elements, the running variance."""

    def __init__(
        self,
        group: str | Group,
        strength: float,
        rep_in: str | Rep | None,
        rep_out: str | Rep | None,
        dim: int | None,
        seed: int,
        name: str | None,
    ) -> None:
        self.group: Group = parse_group(group, dim)
        super().__init__(strength, name)
        self._given = tuple(None if R is None else parse_rep(R) for R in (rep_in, rep_out))
        self.seed = seed
        self.variance: float | None = None
        self._step = -1

    @override
    def bind(self, network: nn.Module) -> None:
        """Takes the types of the network where none are given.

        Raises:
            ValueError: If a type is not known, or is of another group.
        """
        own = [getattr(network, key, None) for key in ("rep_in", "rep_out")]
        types = [given or R for given, R in zip(self._given, own, strict=True)]
        if not all(isinstance(R, Rep) for R in types):
            raise ValueError(
                f"Regularizer {self.name!r} finds no types of inputs and outputs in "
                f"{type(network).__name__}. Give it rep_in= and rep_out=, such as '5T0 + 5T1'."
            )
        self.rep_in, self.rep_out = (R.over(self.group) for R in types if R is not None)

    def _generator(self, step: int, rank: int) -> torch.Generator:
        """Randomness of one step on one rank, the same when a training is resumed there."""
        return torch.Generator().manual_seed((self.seed + 1_000_003 * step + 7_919 * rank) % 2**63)

    def _scaled(self, squares: Tensor, prediction: Tensor, batch: Any, step: int) -> Tensor:
        """Divides a mean square by the running variance of predictions over the samples.

        A network that has learned nothing yet varies little, and would be held there by a penalty
        relative to that little. So the variance of the targets is the least that counts.
        """
        if step != self._step or self.variance is None:
            now = _variance(prediction.detach())
            targets = batch[1]
            if isinstance(targets, Tensor) and targets.shape == prediction.shape:
                now = max(now, _variance(targets))
            old = now if self.variance is None else self.variance
            self.variance = MEMORY * old + (1 - MEMORY) * now
            self._step = step
        return squares / max(self.variance, SMALLEST_VARIANCE)

    @abstractmethod
    def squares(
        self, module: Any, batch: Any, prediction: Tensor, rows: Tensor, step: int
    ) -> Tensor:
        """The mean square of the violation over some rows of the batch."""

    @override
    def penalty(self, module: LightningModule, batch: Any, prediction: Tensor) -> Tensor:
        """Estimates the violation from all samples of the batch."""
        step, rows = _step_of(module), torch.arange(len(prediction))
        squares = self.squares(module, batch, prediction, rows, step)
        return self._scaled(squares, prediction, batch, step)

    @override
    def state_dict(self) -> dict[str, Any]:
        """Returns the strength and the running variance."""
        return {**super().state_dict(), "variance": self.variance, "step": self._step}

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores the strength and the running variance."""
        super().load_state_dict(state_dict)
        self.variance, self._step = state_dict["variance"], state_dict["step"]


class FunctionRegularizer(_OfFunction):
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

    Several function regularizers share one more pass of the network: each measures its share of the
        batch,
    so that many groups cost as much as one.

    Dropout adds its own noise to the violation, and batch normalisation sees moved samples too.

    Args:
        group: The candidate symmetry.
        strength: Factor of the penalty; 0 watches without training towards the symmetry.
        rep_in: Type of the inputs; by default the network's attribute of this name.
        rep_out: Type of the outputs, likewise.
        dim: Dimension of the base space, where the name leaves it open.
        gradient: ``both`` sides are trained; ``stopped`` takes f(x) as given; ``anchored``
            compares f(g x) with the moved target, which is augmentation.
        share_batch: Whether several groups share the samples of a batch.
        seed: Seed of the elements.
        name: Key in config and logs.

    Raises:
        ValueError: If the group is not understood, or the gradient unknown.
    """

    def __init__(
        self,
        group: str | Group,
        strength: float,
        rep_in: str | Rep | None = None,
        rep_out: str | Rep | None = None,
        dim: int | None = None,
        gradient: str = "both",
        share_batch: bool = True,
        seed: int = 0,
        name: str | None = None,
    ) -> None:
        super().__init__(group, strength, rep_in, rep_out, dim, seed, name)
        if gradient not in GRADIENTS:
            raise ValueError(f"gradient must be one of {', '.join(GRADIENTS)}; got {gradient!r}.")
        self.gradient, self.share_batch = gradient, share_batch
        self._mover: Mover | None = None

    @override
    def bind(self, network: nn.Module) -> None:
        super().bind(network)
        self._mover = None

    @classmethod
    @override
    def penalties(
        cls, regularizers: Sequence[Self], module: LightningModule, batch: Any, prediction: Tensor
    ) -> list[Tensor]:
        """Estimates all penalties; those that share take turns over the samples."""
        if len(regularizers) < 2 or not all(r.share_batch for r in regularizers):
            return super().penalties(regularizers, module, batch, prediction)
        step, count, n = _step_of(module), len(regularizers), len(prediction)
        if n < count:
            return super().penalties(regularizers, module, batch, prediction)
        # the turns move on with the step, so that every sample meets every group
        turn = (torch.arange(n) + step) % count
        rows = [(turn == k).nonzero()[:, 0] for k in range(count)]
        rank = _rank_of(module)
        parts = [r.moved(batch, rows[k], step, rank) for k, r in enumerate(regularizers)]
        outputs = _call(module, torch.cat([moved for moved, _ in parts])).split(
            list(map(len, rows))
        )
        values = []
        for k, r in enumerate(regularizers):
            squares = r.violation(outputs[k], parts[k][1], batch, prediction, rows[k])
            values.append(r._scaled(squares, prediction, batch, step))
        return values

    @override
    def squares(
        self, module: Any, batch: Any, prediction: Tensor, rows: Tensor, step: int
    ) -> Tensor:
        moved, g = self.moved(batch, rows, step, _rank_of(module))
        return self.violation(_call(module, moved), g, batch, prediction, rows)

    def moved(self, batch: Any, rows: Tensor, step: int, rank: int) -> tuple[Tensor, Any]:
        """Moves some inputs of a batch; returns them (m, size in) and the elements (m, d, d)."""
        x = batch[0].detach()
        if self._mover is None:
            self._mover = mover(self.group, self.rep_in, self.rep_out, x.double().cpu())
        chosen = x[rows.to(x.device)].double().cpu()
        with torch.no_grad():
            frames = self._mover.frames(chosen)
            g = self._mover.draw(frames, frames, self._generator(step, rank), len(rows))
            g = to(g, x.device)
        return self.rep_in.act(g, x[rows.to(x.device)].double()).to(x.dtype), g

    def violation(
        self, outputs: Tensor, g: Any, batch: Any, prediction: Tensor, rows: Tensor
    ) -> Tensor:
        """Mean square of rho_out(g)^-1 f(g x) - f(x) over some rows of the batch."""
        back = self.rep_out.act(inverse(g), outputs.double()).to(outputs.dtype)
        rows = rows.to(prediction.device)
        if self.gradient == "anchored":
            against = batch[1][rows]
        else:
            against = prediction[rows]
            against = against.detach() if self.gradient == "stopped" else against
        return (back - against).square().sum(-1).mean()

    def __getstate__(self) -> dict[str, Any]:
        """Leaves out the frames, which belong to the data; the first step makes them again."""
        return {**self.__dict__, "_mover": None}


class LieDerivativeRegularizer(_OfFunction):
    r"""Mean squared Lie derivative along random generators, relative to the predictions' variance.

    .. math:: \mathbb E_x \mathbb E_{c \sim N(0, 1)} \|L_{\sum_a c_a A_a} f(x)\|^2
        = \mathbb E_x \sum_a \|L_{A_a} f(x)\|^2

    One forward-mode pass takes the derivative along one combination of the generators for each
    sample (Gruver et al. 2022, arXiv 2210.02984). It sees the connected part of the group alone:
    use :class:`FunctionRegularizer` for reflections.

    Args:
        group: The candidate symmetry, which must have a Lie algebra.
        strength: Factor of the penalty.
        rep_in: Type of the inputs; by default the network's attribute of this name.
        rep_out: Type of the outputs, likewise.
        dim: Dimension of the base space, where the name leaves it open.
        seed: Seed of the combinations.
        name: Key in config and logs.

    Raises:
        ValueError: If the group has no Lie algebra.
    """

    def __init__(
        self,
        group: str | Group,
        strength: float,
        rep_in: str | Rep | None = None,
        rep_out: str | Rep | None = None,
        dim: int | None = None,
        seed: int = 0,
        name: str | None = None,
    ) -> None:
        super().__init__(group, strength, rep_in, rep_out, dim, seed, name)
        if not len(self.group.lie_algebra) or len(self.group.factors) > 1:
            raise ValueError(
                f"Regularizer {self.name!r}: {self.group} has no Lie algebra of its own. Use the "
                "kind 'function'."
            )

    @override
    def squares(
        self, module: Any, batch: Any, prediction: Tensor, rows: Tensor, step: int
    ) -> Tensor:
        x = batch[0].detach()
        c = torch.randn(
            len(x), len(self.group.lie_algebra), generator=self._generator(step, _rank_of(module))
        )
        A = torch.einsum("nk,kij->nij", c.double(), self.group.lie_algebra).to(x.device)
        direction = self.rep_in.act_derivative(A, x.double()).to(x.dtype)
        y, along, *_ = torch.func.jvp(getattr(module, "network", module), (x,), (direction,))
        turned = self.rep_out.act_derivative(A, y.double()).to(y.dtype)
        return (along - turned).square().sum(-1).mean()


def _call(module: Any, x: Tensor) -> Tensor:
    """Calls the network, compiled if the training has compiled it."""
    predict = getattr(module, "predict", None)
    outputs: Tensor = predict(x) if predict is not None else getattr(module, "network", module)(x)
    return outputs


def _step_of(module: Any) -> int:
    return int(getattr(module, "global_step", 0))


def _rank_of(module: Any) -> int:
    return int(getattr(module, "global_rank", 0))


def _variance(prediction: Tensor) -> float:
    """Total variance of predictions (n, size out) over the samples."""
    centred = prediction.double() - prediction.double().mean(0)
    return float(centred.square().sum(-1).mean())
