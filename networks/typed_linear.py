"""The typed linear layer with a free weight."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from typing_extensions import override

from softsym.symmetries import Rep


class TypedLinear(nn.Linear):
    """``nn.Linear`` between two representations, by which regularizers recognise typed layers.

    Args:
        rep_in: Type of the input.
        rep_out: Type of the output.
        dim: Dimension of the base space, which determines the sizes of the types.
        bias: Whether to add a bias.

    Shape:
        (..., rep_in.size(dim)) to (..., rep_out.size(dim)); weight (size out, size in).
    """

    def __init__(self, rep_in: Rep, rep_out: Rep, dim: int, bias: bool = True) -> None:
        super().__init__(rep_in.size(dim), rep_out.size(dim), bias=bias)
        self.rep_in, self.rep_out = rep_in, rep_out

    @torch.no_grad()
    def start(self, weight: Tensor, bias: Tensor) -> None:
        """Sets the initial weight (size out, size in) and bias (size out,)."""
        self.weight.copy_(weight)
        if self.bias is not None:
            self.bias.copy_(bias)

    @override
    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, {self.rep_in} >> {self.rep_out}"
