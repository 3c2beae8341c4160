"""Gives types to the layers of a plain perceptron or CNN, so that weights can be regularized.

The hidden units are divided into copies of the regular representation of a finite group, whose
elements only permute them. Any nonlinearity that acts on each unit alone commutes with that, so an
equivariant weight in each layer makes an equivariant network, and a projection regularizer may ask
for it in weight space. Off by default: the types say nothing about the network until something
reads them. The channels of convolutions are divided in the same way, while the group also turns
their kernels.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from torch import nn
from torch.nn.modules import activation

from softsym.symmetries import Group, Rep, Scalar
from softsym.symmetries import group as parse_group
from softsym.symmetries import rep as parse_rep
from softsym.symmetries.regular import Regular

PASSED = (
    *(nn.Identity, nn.Dropout, nn.AlphaDropout, nn.Dropout2d, nn.Flatten),
    *(nn.AvgPool2d, nn.MaxPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d),
)
"""Layers without types that treat all units alike, and turned images too; dropout on average.

Flattening does so behind global pooling alone, which the widths of layers tell.
"""
MIXES = (nn.MultiheadAttention, nn.Softmax, nn.LogSoftmax, nn.PReLU, nn.GLU)


def auto_types(
    network: nn.Module,
    group: str | Group,
    rep_in: str | Rep | None = None,
    rep_out: str | Rep | None = None,
) -> nn.Module:
    """Types every layer of a perceptron or CNN by a finite group; returns the network.

    A hidden width w becomes w // n copies of the regular representation of the n elements, and a
    rest of scalars. Regularizers may use the group and its subgroups.

    Args:
        network: Linear layers and convolutions of images (``Conv2d``) one after the other, with
            pointwise nonlinearities, pooling and dropout between; containers may be nested.
        group: A finite group that holds all candidates, such as ``C(4)``, ``D(4)@xy`` or ``S(3)``.
        rep_in: Type of the inputs, or of the channels of images, such as ``T0``; by default the
            network's attribute of this name.
        rep_out: Type of the outputs, likewise.

    Raises:
        ValueError: If the group is not finite, a layer is of another kind, or widths do not fit.

    Example:
        >>> plain = nn.Sequential(nn.Linear(3, 10), nn.ReLU(), nn.Linear(10, 1))
        >>> auto_types(plain, "C(4)@xy", "T1", "T0")[0].rep_out
        2Regular(C(4)@xy) + 2T0
    """
    G = parse_group(group)
    regular = Regular(G)
    ends = [_end(network, key, given) for key, given in (("rep_in", rep_in), ("rep_out", rep_out))]
    linear = _linear_layers(network)
    for (before, one), (after, other) in pairwise(linear):
        made, taken = one.weight.shape[0], other.weight.shape[1]
        if made != taken:
            raise ValueError(
                f"auto_types needs layers that follow one another, but {before!r} has {made} "
                f"outputs and {after!r} {taken} inputs. Type the "
                "layers of this network by hand, or use FunctionRegularizer."
            )
    n = regular.size(G.space)
    hidden = [_hidden(layer.weight.shape[0], n, regular) for _, layer in linear[:-1]]
    for (name, layer), types in zip(linear, pairwise([ends[0], *hidden, ends[1]]), strict=True):
        sizes = tuple(R.over(G).size(G.space) for R in types)
        if sizes != (layer.weight.shape[1], layer.weight.shape[0]):
            raise ValueError(
                f"auto_types: layer {name!r} maps {layer.weight.shape[1]} numbers to "
                f"{layer.weight.shape[0]}, but {types[0]} >> {types[1]} over R^{G.dim} is "
                f"{sizes[0]} to {sizes[1]}."
            )
        typed: Any = layer
        typed.rep_in, typed.rep_out = types
    for module in network.modules():
        if _is_pointwise(module):
            pointwise: Any = module
            pointwise.commutes = True
    return network


def _hidden(width: int, n: int, regular: Rep) -> Rep:
    copies, rest = divmod(width, n)
    return copies * regular + rest * Scalar


def _end(network: nn.Module, key: str, given: str | Rep | None) -> Rep:
    found: Any = given if given is not None else getattr(network, key, None)
    if found is None:
        raise ValueError(f"auto_types needs {key}=, such as '5T0 + 5T1'; the network has none.")
    return parse_rep(found)


def _linear_layers(network: nn.Module) -> list[tuple[str, nn.Linear | nn.Conv2d]]:
    """Names and layers with weights in order, of a network that has nothing else with an effect."""
    found: list[tuple[str, nn.Linear | nn.Conv2d]] = []
    for name, module in network.named_modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            found.append((name or type(module).__name__, module))
        elif not (_is_pointwise(module) or isinstance(module, PASSED) or _is_container(module)):
            raise ValueError(
                f"auto_types does not know what {name!r} ({type(module).__name__}) does to the "
                "units. It types linear layers and Conv2d with pointwise nonlinearities, pooling "
                "and dropout; use FunctionRegularizer for other networks."
            )
    if not found:
        raise ValueError(f"auto_types finds no linear layer in {type(network).__name__}.")
    return found


def _is_pointwise(module: nn.Module) -> bool:
    return type(module).__module__ == activation.__name__ and not isinstance(module, MIXES)


def _is_container(module: nn.Module) -> bool:
    has_own = any(True for _ in module.parameters(recurse=False))
    return any(True for _ in module.children()) and not has_own
