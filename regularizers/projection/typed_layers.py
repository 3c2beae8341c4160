"""Finds the layers that know the types of what they map, by protocol rather than by class."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from weakref import WeakSet

import torch
from torch import Tensor, nn

from softsym.regularizers.effective_weights import effective
from softsym.symmetries import Group, Image, Rep
from softsym.symmetries import rep as parse_rep

log = logging.getLogger(__name__)

KERNEL = 4
"""Axes of the weight of a convolution of images."""

_warned: WeakSet[nn.Module] = WeakSet()


@dataclass(frozen=True)
class TypedLayer:
    """A linear layer, or a convolution of images, with types."""

    name: str  # path in the network
    module: nn.Module
    rep_in: Rep
    rep_out: Rep

    @property
    def weight(self) -> Tensor:
        """The applied matrix (size of rep_out, size of rep_in), which may be parametrized."""
        return cast(Tensor, effective(self.module, "weight"))

    @property
    def bias(self) -> Tensor | None:
        """The added vector (size of rep_out,), if there is one."""
        return effective(self.module, "bias")

    @property
    def tensors(self) -> list[Tensor]:
        """Weight and, if there is one, bias."""
        return [tensor for tensor in (self.weight, self.bias) if tensor is not None]

    @property
    def terms(self) -> list[tuple[Tensor, Rep]]:
        """Weight and, if there is one, bias, each with its type."""
        return list(zip(self.tensors, (self.kind, self.rep_out), strict=False))

    @property
    def kind(self) -> Rep:
        """Type of the weight: maps from rep_in to rep_out, at each pixel of a kernel if it is one.

        A convolution is equivariant if and only if its kernel (out, in, height, width) does not
        change when the group turns the image and both channels (Cohen and Welling 2016,
        arXiv 1602.07576).
        """
        if self.weight.ndim == KERNEL:
            return (self.rep_in >> self.rep_out) * Image(*self.weight.shape[2:])
        return self.rep_in >> self.rep_out


def typed_layers(network: nn.Module) -> list[TypedLayer]:
    """Lists all submodules that have a ``weight``, ``rep_in`` and ``rep_out``, in order.

    The weight is a parameter, or computed from parameters by the means of PyTorch
    (:mod:`softsym.regularizers.effective_weights`). The types may be text, such as ``"5T0 + 5T1"``.
    """
    layers = []
    for name, layer in network.named_modules():
        if hasattr(layer, "rep_in") and effective(layer, "weight") is not None:
            rep_in, rep_out = (_read(name, layer, which) for which in ("rep_in", "rep_out"))
            layers.append(TypedLayer(name or type(layer).__name__, layer, rep_in, rep_out))
    return layers


def unbound_layers(network: nn.Module, layers: Sequence[TypedLayer]) -> list[str]:
    """Names of the other modules with types that have a weight, or matrices, of their own."""
    bound = {id(layer.module) for layer in layers}
    return [
        name or type(module).__name__
        for name, module in network.named_modules()
        if hasattr(module, "rep_in") and id(module) not in bound and _has_weights(module)
    ]


def parameters_of(layers: Sequence[TypedLayer]) -> list[nn.Parameter]:
    """The parameters from which the weights and biases of layers are computed."""
    return [p for layer in layers for p in _own_parameters(layer.module)]


def _own_parameters(module: nn.Module) -> list[nn.Parameter]:
    """Parameters of a layer itself, those of its parametrizations among them."""
    own = list(module.parameters(recurse=False))
    parametrized = getattr(module, "parametrizations", None)
    return own + ([] if parametrized is None else list(parametrized.parameters()))


def warn_of_unbound(network: nn.Module, layers: Sequence[TypedLayer]) -> None:
    """Warns once for each network of layers that have types but no weight to bind to."""
    left_out = unbound_layers(network, layers)
    if left_out and network not in _warned:
        _warned.add(network)
        log.warning(
            "No projection regularizer measures these layers, which have types but no parameter "
            "called weight: %s.",
            ", ".join(left_out),
        )


def _has_weights(module: nn.Module) -> bool:
    with torch.no_grad():  # a weight may be computed
        named = isinstance(getattr(module, "weight", None), Tensor)
    return named or any(p.ndim > 1 for p in module.parameters(recurse=False))


def require_typed_layers(network: nn.Module, group: Group, user: str) -> list[TypedLayer]:
    """Lists the typed layers, each checked against the group's space; errors name the ``user``."""
    layers = typed_layers(network)
    if not layers:
        names = ", ".join(unbound_layers(network, layers))
        left_out = f" Layers with types that are left out: {names}." if names else ""
        raise ValueError(
            f"Regularizer {user!r} finds no typed layer in {type(network).__name__}. Use "
            "FunctionRegularizer (symmetry_kind=function, or regularizer/function.yaml), which "
            "takes any network. This one needs layers that carry weight, rep_in and rep_out, as "
            "softsym.networks.TypedLinear does: choose SoftEMLP (network=soft_emlp), let "
            "softsym.networks.auto_types type your MLP, or give rep_in and rep_out to the "
            "linear layers of your network. (EMLP and RPP compute their weights by projection: "
            f"these are no parameters to bind to.){left_out}"
        )
    for layer in layers:
        sizes = tuple(R.over(group).size(group.space) for R in (layer.rep_out, layer.rep_in))
        if layer.weight.ndim not in (2, KERNEL) or sizes != tuple(layer.weight.shape[:2]):
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
