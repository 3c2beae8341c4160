"""The penalties of several groups on the same layers, in one pass over the weights.

For one group G, with P_G the orthogonal projector onto equivariant maps and P'_G onto invariant
outputs (Kim et al. 2023, arXiv 2306.00356, eq. 5):

    PER_G = sum over layers of 1/2 ||W - P_G W||^2 + 1/2 ||b - P'_G b||^2

No projector is built. A weight falls into blocks, and the basis Q_G of a block depends on the
type of the block alone. With the blocks as columns of matrices B (:class:`BlockLayout`), every
group has

    R_G = B - Q_G (Q_G^T B),    PER_G = 1/2 ||R_G||^2,    gradient = R_G.

As the gradient is known, the pass needs no autograd graph. Products are in float64, one matrix
after the other: near equivariance the residual is a small difference of large numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from softsym.regularizers.projection.block_layout import BlockLayout
from softsym.regularizers.projection.layer_shares import ALL, Share, layers_of
from softsym.regularizers.projection.typed_layers import TypedLayer
from softsym.symmetries import Group


class ProjectionPass:
    """Computes the penalties of all groups, which act on the same R^d, on typed layers that fit it.

    Only this process's share of the layers counts, times the number of processes.
    """

    def __init__(
        self, layers: Sequence[TypedLayer], groups: Sequence[Group], share: Share = ALL
    ) -> None:
        self.layers, self.groups = layers_of(layers, share), groups
        self.factor = share.processes
        mine = {layer.name for layer in self.layers}
        # DDP waits for every weight that any process has a gradient for, so the graph of each
        # process has to hold the weights of all layers
        self._others = [layer for layer in layers if layer.name not in mine]
        self.layout = BlockLayout(self.layers, groups, layers[0].weight.device)

    def penalties(self) -> Tensor:
        """Computes PER of each group, (groups,), in the dtype and on the device of the weights."""
        # read anew each time: a parametrized weight is another tensor after each step
        weights = [tensor for layer in (*self.layers, *self._others) for tensor in layer.tensors]
        device = weights[0].device
        if self.layout.index.device != device:
            self.layout = BlockLayout(self.layers, self.groups, device)
        result: Tensor = _Penalties.apply(self.layout, self.factor, *weights)
        return result


class _Penalties(torch.autograd.Function):
    """Values by residual norms, gradients in closed form.

    The graph holds the gathered numbers and refers to the weights for the rest.
    ``save_for_backward`` would free them after one backward, but the penalties of one pass may be
    differentiated one by one.
    """

    @staticmethod
    def forward(ctx: Any, layout: BlockLayout, factor: float, *parameters: Tensor) -> Tensor:
        flat = [_flat(p) for p in parameters]
        # behind all weights there is a zero, which fills up tiles
        sources = torch.cat([*(flat[n] for n in layout.sources), flat[0].new_zeros(1)])
        gathered = sources.index_select(0, layout.index)
        pairs = zip(layout.gathered, layout.matrices(gathered), strict=True)
        parts = [residuals.squares(B) for residuals, B in pairs]
        parts += [
            residuals.squares(grid.read(flat[n], torch.float64))
            for residuals, n, grid in layout.regular
        ]
        ctx.layout, ctx.factor = layout, factor
        ctx.gathered, ctx.parameters = gathered, parameters
        ctx.versions = [p._version for p in parameters]
        total = layout.owner @ torch.cat([layout.owner.new_zeros(0), *parts])
        return (0.5 * factor) * total.to(parameters[0].dtype)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, factors: Tensor) -> tuple[Tensor | None, ...]:
        layout, factors = ctx.layout, ctx.factor * factors.double()
        # weights read in place are read again here: changed ones would give a gradient of
        # another penalty, silently
        if ctx.versions != [p._version for p in ctx.parameters]:
            raise RuntimeError(
                "The weights have changed since their penalties were computed. Compute the "
                "penalties again, or call backward before the optimizer's step."
            )
        gathered = torch.empty_like(ctx.gathered)
        matrices = layout.matrices(ctx.gathered), layout.matrices(gathered)
        for residuals, B, part in zip(layout.gathered, *matrices, strict=True):
            part.copy_(residuals.gradient(B, factors))
        gradients = _scattered(layout, gathered, ctx.parameters)
        flat = [_flat(p) for p in ctx.parameters]
        for residuals, n, grid in layout.regular:
            B = grid.read(flat[n], torch.float64)
            grid.write(gradients[n], residuals.gradient(B, factors))
        both = zip(gradients, ctx.parameters, strict=True)
        return None, None, *(None if g is None else g.view(p.shape).to(p.dtype) for g, p in both)


def _flat(parameter: Tensor) -> Tensor:
    return parameter.detach().contiguous().view(-1)


def _scattered(
    layout: BlockLayout, gathered: Tensor, parameters: Sequence[Tensor]
) -> list[Tensor | None]:
    """Adds gathered numbers to where they came from: one flat tensor for each parameter.

    A parameter that is read in place starts at 0; one that no group penalises gets None.
    """
    sizes = [parameters[n].numel() for n in layout.sources]
    flat = gathered.new_zeros(sum(sizes) + 1).index_add_(0, layout.index, gathered)
    gradients = dict(zip(layout.sources, flat[:-1].split(sizes), strict=True))
    for _, n, _ in layout.regular:
        if n not in gradients:
            gradients[n] = parameters[n].new_zeros(parameters[n].numel())
    return [gradients.get(n) for n in range(len(parameters))]
