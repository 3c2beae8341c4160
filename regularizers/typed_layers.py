"""Finds the layers that know the types of what they map, by protocol rather than by class."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from symmetries import Group, Rep


@dataclass(frozen=True)
class TypedLayer:
    """A linear layer with types.

    Attributes:
        name: Path in the network.
        weight: (size of rep_out, size of rep_in).
        bias: (size of rep_out,) or None.
        rep_in: Type of the input.
        rep_out: Type of the output.
    """

    name: str
    weight: nn.Parameter
    bias: nn.Parameter | None
    rep_in: Rep
    rep_out: Rep


def typed_layers(network: nn.Module) -> list[TypedLayer]:
    """All submodules that carry a ``weight`` parameter, ``rep_in`` and ``rep_out``, in order."""
    found = []
    for name, layer in network.named_modules():
        weight, bias = getattr(layer, "weight", None), getattr(layer, "bias", None)
        rep_in, rep_out = getattr(layer, "rep_in", None), getattr(layer, "rep_out", None)
        if not isinstance(rep_in, Rep) or not isinstance(rep_out, Rep):
            continue
        if isinstance(weight, nn.Parameter):
            found.append(TypedLayer(name or type(layer).__name__, weight, bias, rep_in, rep_out))
    return found


def require_typed_layers(network: nn.Module, group: Group, user: str) -> list[TypedLayer]:
    """The typed layers of a network, each checked against the group's base space.

    Raises:
        ValueError: If there is none, or if types and weight of one disagree over this space.
    """
    layers = typed_layers(network)
    if not layers:
        raise ValueError(
            f"Regularizer {user!r} finds no typed layer in {type(network).__name__}. It needs "
            "layers that carry weight, rep_in and rep_out, as networks.TypedLinear does: choose "
            "network=soft_emlp, or give rep_in and rep_out to the linear layers of your network."
        )
    for layer in layers:
        sizes = (layer.rep_out.size(group.dim), layer.rep_in.size(group.dim))
        if sizes != tuple(layer.weight.shape):
            raise ValueError(
                f"Regularizer {user!r} cannot bind to layer {layer.name!r}: over R^{group.dim}, "
                f"where {group} acts, {layer.rep_in} >> {layer.rep_out} is a matrix of {sizes}, "
                f"but the weight is {tuple(layer.weight.shape)}. All candidate groups must act "
                "on the base space of the network."
            )
    return layers
