"""Says which part of a network regularizers of its weights measure, and which they do not."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from torch import nn
from torch.nn.modules import activation

log = logging.getLogger(__name__)

SHOWN = 6
"""Names that a message lists."""

_described: WeakKeyDictionary[nn.Module, set[str]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Coverage:
    """The part of a network's weights that a regularizer measures.

    Attributes:
        bound: Number of parameters, as tensors, that it measures.
        tensors: Number of all parameters, as tensors.
        share: Share of the numbers in these.
        left_out: Paths of the others.
        pointwise: Paths of nonlinearities that act on each number alone. They break every symmetry
            but permutations, and have no weight by which a penalty could tell.
    """

    bound: int
    tensors: int
    share: float
    left_out: tuple[str, ...] = ()
    pointwise: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return not (self.left_out or self.pointwise)

    def __str__(self) -> str:
        parts = [f"{self.bound} of {self.tensors} weight tensors, {self.share:.0%} of parameters"]
        if self.left_out:
            parts.append(f"not bound: {_listed(self.left_out)}")
        if self.pointwise:
            parts.append(f"nonlinearities that act on each number alone: {_listed(self.pointwise)}")
        return "; ".join(parts)


def coverage(network: nn.Module, bound: Iterable[nn.Parameter]) -> Coverage:
    """Measures how much of a network's parameters are among those bound.

    A nonlinearity whose attribute ``commutes`` is true is known to keep the symmetry
    (:func:`softsym.networks.auto_types`).
    """
    mine, named = {id(p) for p in bound}, dict(network.named_parameters())
    known = {name: p for name, p in named.items() if id(p) in mine}
    total = sum(p.numel() for p in named.values())
    return Coverage(
        bound=len(known),
        tensors=len(named),
        share=sum(p.numel() for p in known.values()) / max(total, 1),
        left_out=tuple(name for name in named if name not in known),
        pointwise=tuple(
            f"{name} ({type(module).__name__})"
            for name, module in network.named_modules()
            if _is_pointwise(module) and not getattr(module, "commutes", False)
        ),
    )


def describe(network: nn.Module, kind: str, found: Coverage) -> None:
    """Logs once for each network and kind of regularizer what is bound."""
    said = _described.setdefault(network, set())
    if kind not in said:
        said.add(kind)
        log.info("%s measure %s.", kind, found)


def require_whole_coverage(name: str, found: Coverage) -> None:
    """Raises a ValueError if the regularizer of this name leaves anything out."""
    if not found.is_whole:
        raise ValueError(
            f"Regularizer {name!r} is strict, but measures {found}. Give these layers types, use "
            "FunctionRegularizer (regularizer kind 'function'), which measures the network as a "
            "whole, or set strict=false."
        )


def _is_pointwise(module: nn.Module) -> bool:
    of_torch = type(module).__module__ == activation.__name__
    return of_torch and not isinstance(module, nn.MultiheadAttention | nn.Softmax | nn.LogSoftmax)


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
