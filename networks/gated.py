"""The gated nonlinearity: a scalar gate scales each tensor, which preserves the types."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from softsym.networks.hidden_layout import gates, segments
from softsym.symmetries import Rep


class GatedNonlinearity(nn.Module):
    """sigmoid(gate) * value, and for soft networks + w_gated * silu(value).

    Every scalar is its own gate. Every other tensor has one gate scalar; these are the last columns
    of the input. The second term acts on single components and so breaks every symmetry; its weight
    starts small, and the gate regularizer penalises it.

    Args:
        layout: Type of the values, a sum of tensors.
        dim: Dimension of the base space.
        soft: Whether to add the second term.
        kept: Components to which the second term is not applied, (k,) int64: homogeneous
            coordinates, which weight the translations of a vector and must not change.

    Shape:
        (batch, layout.size(dim) + gates) to (batch, layout.size(dim)).
    """

    free: Tensor | None

    def __init__(
        self, layout: Rep, dim: int, soft: bool = True, kept: Tensor | None = None
    ) -> None:
        super().__init__()
        self.size = layout.size(dim)
        self.runs = [(t.rank, t.size(dim), n) for t, _, n in segments(layout, dim)]
        self.gates = gates(layout, dim)
        self.w_gated = nn.Parameter(torch.full((self.size,), 1e-3)) if soft else None
        free = None
        if soft and kept is not None and len(kept):
            free = torch.ones(self.size).index_fill(0, kept, 0.0)
        self.register_buffer("free", free, persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """Applies the gates to (batch, values and gates)."""
        values, gate = features.T.split([self.size, self.gates])
        activated = F.silu(values)
        opened = torch.sigmoid(gate).split([n for rank, _, n in self.runs if rank])
        gates_left, parts = iter(opened), []
        # Features are rows here, so that a gate broadcasts over the contiguous batch.
        sizes = [width * copies for _, width, copies in self.runs]
        by_run = zip(self.runs, values.split(sizes), activated.split(sizes), strict=True)
        for (rank, width, copies), value, own in by_run:
            if rank == 0:
                parts.append(own)  # silu(x) = x sigmoid(x): a scalar is its own gate
            else:
                tensors = value.unflatten(0, (copies, width))
                parts.append((next(gates_left)[:, None] * tensors).flatten(0, 1))
        gated = torch.cat(parts)
        if self.w_gated is None:
            return gated.T
        w_gated = self.w_gated if self.free is None else self.w_gated * self.free
        return torch.addcmul(gated, w_gated[:, None], activated).T
