"""Frame averaging makes any network equivariant by averaging over a few frames of its input."""

from __future__ import annotations

from itertools import product
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from softsym.symmetries import SE, SO, Group, O, Rep, T
from softsym.symmetries import group as parse_group
from softsym.symmetries.blocks import tensor_blocks


class FrameAveraging(nn.Module):
    r"""Averages a network over the frames of the principal axes of its input vectors.

    .. math:: \hat f(x) = \frac{1}{|F(x)|} \sum_{g \in F(x)} \rho_{out}(g)\, f(\rho_{in}(g)^{-1} x)

    The columns of g are the eigenvectors of sum_i v_i v_i^T over the vectors v_i of the input, by
    ascending eigenvalue, with all choices of signs: 2^n frames for O(n), and the 2^(n - 1) of
    determinant 1 for SO(n) (Puny et al. 2022, arXiv 2110.03336, sec. 2.2). For SE(n) the vectors
    are points in homogeneous coordinates, relative to their centre. The result is exactly
    equivariant wherever the eigenvalues are distinct, and discontinuous where two of them coincide,
    as in any input of fewer than n - 1 independent vectors.

    Args:
        network: Any module with ``rep_in`` and ``rep_out``; the input needs at least one vector.
        group: ``O(n)``, ``SO(n)`` or ``SE(n)``.

    Shape:
        Same as the network.

    Raises:
        ValueError: If the group is another one, the network has no types, or its input no vector.

    Example:
        >>> from softsym.networks import MLP
        >>> network = FrameAveraging(MLP("3T1", "T0", dim=3), "O(3)")
        >>> x = torch.randn(4, 9)
        >>> torch.allclose(network(x), network(-x), atol=1e-5)
        True
    """

    signs: Tensor
    vectors: Tensor

    def __init__(self, network: nn.Module, group: str | Group) -> None:
        super().__init__()
        self.group = parse_group(group)
        dim = self.group.dim
        self._moving = dim > 1 and self.group == SE(dim - 1)
        n = dim - 1 if self._moving else dim
        self._rotations_only = self._moving or self.group == SO(n)
        if not self._rotations_only and self.group != O(n):
            raise ValueError(
                f"FrameAveraging needs the group O(n), SO(n) or SE(n); got {self.group}."
            )
        self.network = network
        self.rep_in, self.rep_out = (
            _declared_type(network, which) for which in ("rep_in", "rep_out")
        )
        blocks = tensor_blocks(self.rep_in.over(self.group), dim)
        vectors = (T(1),) if self._moving else (T(1), T(0, 1))
        index = [blocks[R] for R in vectors if R in blocks]
        if not index:
            raise ValueError(
                f"FrameAveraging takes frames from the input's vectors, but {self.rep_in} has none."
            )
        self.register_buffer("vectors", torch.cat(index), persistent=False)
        signs = torch.tensor(list(product((1.0, -1.0), repeat=n)))
        if self._rotations_only:
            signs = signs[signs.prod(1) > 0]
        self.register_buffer("signs", signs, persistent=False)

    def frames(self, inputs: Tensor) -> Tensor:
        """Computes the group elements (frames, batch, d, d) of inputs (batch, size in)."""
        size = self.rep_in.size(self.group.dim)
        if inputs.shape[-1] != size:
            raise ValueError(
                f"FrameAveraging over {self.group} takes {self.rep_in} as {size} numbers; the "
                f"inputs have {inputs.shape[-1]}. Choose a group that acts on their space."
            )
        V = inputs[:, self.vectors].double()  # eigenvectors of near eigenvalues need the digits
        return (self._moves(V) if self._moving else self._axes(V)).to(inputs.dtype)

    def _moves(self, V: Tensor) -> Tensor:
        """Computes principal axes about the centre of points (batch, k, n + 1) as motions."""
        points, weights = V[..., :-1], V[..., -1:]
        # Translating by t adds weight * t to a point, so this centre moves by exactly t.
        centre = points.sum(1) / weights.sum(1)
        axes = self._axes(points - weights * centre[:, None])
        shift = centre.expand(len(axes), -1, -1)[..., None]
        moves = F.pad(torch.cat([axes, shift], -1), (0, 0, 0, 1))
        moves[..., -1, -1] = 1.0
        return moves

    def _axes(self, V: Tensor) -> Tensor:
        """Computes principal axes of vectors (batch, k, n), with all allowed signs."""
        axes = torch.linalg.eigh(V.mT @ V).eigenvectors
        if self._rotations_only:
            # Make the determinant 1 by flipping one axis, so that even sign changes are rotations.
            axes = torch.cat([axes[..., :-1], axes[..., -1:] * axes.det()[:, None, None]], -1)
        return axes * self.signs[:, None, None, :]

    def forward(self, inputs: Tensor) -> Tensor:
        """Averages one pass of the network over all frames of each input."""
        frames = self.frames(inputs)
        g = frames.flatten(0, 1)
        repeated = inputs.repeat(len(frames), 1)  # frames outermost, as in g
        inverse = torch.linalg.inv(g) if self._moving else g.mT
        turned = self.network(self.rep_in.over(self.group).act(inverse, repeated))
        back = self.rep_out.over(self.group).act(g, turned)
        return back.unflatten(0, frames.shape[:2]).mean(0)


def _declared_type(network: nn.Module, which: str) -> Rep:
    declared = getattr(cast(Any, network), which, None)
    if not isinstance(declared, Rep):
        raise ValueError(
            f"FrameAveraging needs a network with rep_in and rep_out; {type(network).__name__} "
            f"has no {which}."
        )
    return declared
