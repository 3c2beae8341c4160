"""Infinitesimal equivariance of a network as a function."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from typing_extensions import override

from softsym.regularizers.base import network_of
from softsym.regularizers.of_function import FunctionTerm, evaluating, precise
from softsym.symmetries import Group
from softsym.symmetries.batches import flattened, with_vectors
from softsym.symmetries.elements import unsqueeze


class LieDerivativeRegularizer(FunctionTerm):
    r"""Mean squared Lie derivative along random generators, relative to the predictions' variance.

    .. math:: \mathbb E_x \mathbb E_{c \sim N(0, 1)} \|L_{\sum_a c_a A_a} f(x)\|^2
        = \mathbb E_x \sum_a \|L_{A_a} f(x)\|^2

    One forward-mode pass takes the derivative along one combination of the generators for each
    sample (Gruver et al. 2022, arXiv 2210.02984). It sees the connected part of the group alone:
    use :class:`FunctionRegularizer` for reflections.

    The network is differentiated in evaluation mode: without dropout, with the running statistics
    of batch normalisation, and never compiled. Inputs and outputs may be nested, as for
    :class:`FunctionRegularizer`; so are several processes.

    Args:
        group: The candidate symmetry, which must have a Lie algebra.
        strength: Factor of the penalty.
        rep_in: Type of the inputs, or a mapping or tuple of types; by default the network's
            attribute of this name.
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
        rep_in: Any = None,
        rep_out: Any = None,
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
    def squares(self, module: Any, batch: Any, prediction: Any, step: int) -> Tensor:
        inputs, network = batch[0], network_of(module)
        flat, x = flattened(self.rep_in, inputs, self.group.space)
        A = self._directions(len(x), step).to(x.device)
        direction = flat.act_derivative(A, x.double()).to(x.dtype)

        def vectors(values: Tensor) -> tuple[Tensor, ...]:
            outputs = network(with_vectors(self.rep_in, inputs, values))
            return tuple(leaf.vectors for leaf in self.outputs(outputs))

        try:
            # of the kinds of attention in PyTorch, one has derivatives forwards
            with evaluating(network), sdpa_kernel(SDPBackend.MATH):
                outputs, along, *_ = torch.func.jvp(vectors, (x.detach(),), (direction,))
        except (RuntimeError, NotImplementedError) as error:
            raise ValueError(
                f"Regularizer {self.name!r}: PyTorch cannot differentiate "
                f"{type(network).__name__} forwards: {str(error).splitlines()[0]} Use the kind "
                "'function', which needs values only."
            ) from error
        types = [leaf.rep for leaf in self.outputs(prediction)]
        return torch.stack(
            [
                (precise(d) - precise(R.act_derivative(unsqueeze(A, 1), y.double()).to(y.dtype)))
                .square()
                .flatten(1)
                .sum(1)
                .mean()
                for R, y, d in zip(types, outputs, along, strict=True)
            ]
        )

    def _directions(self, n: int, step: int) -> Tensor:
        """One random combination of the generators for each of n samples, (n, d, d)."""
        rank, processes = self.share
        algebra = self.group.lie_algebra
        c = torch.randn(n * processes, len(algebra), generator=self.generator(step))
        mine = c[rank * n : (rank + 1) * n].double()
        return torch.einsum("nk,kij->nij", mine, algebra)
