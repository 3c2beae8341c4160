"""Finds the layers that know the types of what they map, by protocol rather than by class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from torch import nn

from softsym.symmetries import Group, Rep
from softsym.symmetries import rep as parse_rep


@dataclass(frozen=True)
class TypedLayer:
    """A linear layer with types."""

    name: str  # path in the network
    weight: nn.Parameter  # (size of rep_out, size of rep_in)
    bias: nn.Parameter | None  # (size of rep_out,)
    rep_in: Rep
    rep_out: Rep

    @property
    def terms(self) -> list[tuple[nn.Parameter, Rep]]:
        """Weight and, if there is one, bias, each with its type."""
        weight = (self.weight, self.rep_in >> self.rep_out)
        return [weight] if self.bias is None else [weight, (self.bias, self.rep_out)]


def typed_layers(network: nn.Module) -> list[TypedLayer]:
    """Lists all submodules that carry a ``weight`` parameter, ``rep_in`` and ``rep_out``, in order.

    The types may be text, such as ``"5T0 + 5T1"``.
    """
    layers = []
    for name, layer in network.named_modules():
        weight, bias = getattr(layer, "weight", None), getattr(layer, "bias", None)
        if isinstance(weight, nn.Parameter) and hasattr(layer, "rep_in"):
            rep_in, rep_out = (_read(name, layer, which) for which in ("rep_in", "rep_out"))
            layers.append(TypedLayer(name or type(layer).__name__, weight, bias, rep_in, rep_out))
    return layers


def require_typed_layers(network: nn.Module, group: Group, user: str) -> list[TypedLayer]:
    """Lists the typed layers, each checked against the group's space; errors name the ``user``."""
    layers = typed_layers(network)
    if not layers:
        raise ValueError(
            f"Regularizer {user!r} finds no typed layer in {type(network).__name__}. It needs "
            "layers that carry weight, rep_in and rep_out, as softsym.networks.TypedLinear does: "
            "choose network=soft_emlp, or give rep_in and rep_out to the linear layers of your "
            "network. (EMLP and RPP compute their weights by projection: these are no parameters "
            "to bind to.)"
        )
    for layer in layers:
        sizes = tuple(R.over(group).size(group.space) for R in (layer.rep_out, layer.rep_in))
        if sizes != tuple(layer.weight.shape):
            raise ValueError(
                f"Regularizer {user!r} cannot bind to layer {layer.name!r}: over R^{group.dim}, "
                f"where {group} acts, {layer.rep_in} >> {layer.rep_out} is a matrix of {sizes}, "
                f"but the weight is {tuple(layer.weight.shape)}. All candidate groups must act "
                "on the base space of the network."
            )
    return layers


def _read(name: str, layer: nn.Module, which: str) -> Rep:
    try:
        return parse_rep(cast(Any, getattr(layer, which, None)))
    except ValueError as error:
        raise ValueError(f"{which} of layer {name!r}: {error}") from None
