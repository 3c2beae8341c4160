"""Gives types to the layers of a plain multilayer perceptron, so that weights can be regularized.

The hidden units are divided into copies of the regular representation of a finite group, whose
elements only permute them. Any nonlinearity that acts on each unit alone commutes with that, so an
equivariant weight in each layer makes an equivariant network, and a projection regularizer may ask
for it in weight space. Off by default: the types say nothing about the network until something
reads them.
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

PASSED = (nn.Identity, nn.Dropout, nn.AlphaDropout)
"""Layers without types that treat all units alike; dropout does so on average."""
MIXES = (nn.MultiheadAttention, nn.Softmax, nn.LogSoftmax, nn.PReLU, nn.GLU)


def auto_types(
    network: nn.Module,
    group: str | Group,
    rep_in: str | Rep | None = None,
    rep_out: str | Rep | None = None,
) -> nn.Module:
    """Types every linear layer of a perceptron by a finite group; returns the network.

    A hidden width w becomes w // n copies of the regular representation of the n elements, and a
    rest of scalars. Regularizers may use the group and its subgroups.

    Args:
        network: Linear layers one after the other, with pointwise nonlinearities and dropout
            between; containers may be nested.
        group: A finite group that holds all candidates, such as ``C(4)``, ``D(4)@xy`` or ``S(3)``.
        rep_in: Type of the inputs; by default the network's attribute of this name.
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
        if one.out_features != other.in_features:
            raise ValueError(
                f"auto_types needs layers that follow one another, but {before!r} has "
                f"{one.out_features} outputs and {after!r} {other.in_features} inputs. Type the "
                "layers of this network by hand, or use FunctionRegularizer."
            )
    n = regular.size(G.space)
    hidden = [_hidden(layer.out_features, n, regular) for _, layer in linear[:-1]]
    for (name, layer), types in zip(linear, pairwise([ends[0], *hidden, ends[1]]), strict=True):
        sizes = tuple(R.over(G).size(G.space) for R in types)
        if sizes != (layer.in_features, layer.out_features):
            raise ValueError(
                f"auto_types: layer {name!r} maps {layer.in_features} numbers to "
                f"{layer.out_features}, but {types[0]} >> {types[1]} over R^{G.dim} is {sizes[0]} "
                f"to {sizes[1]}."
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


def _linear_layers(network: nn.Module) -> list[tuple[str, nn.Linear]]:
    """Names and linear layers in order, of a network that has nothing else with an effect."""
    found = []
    for name, module in network.named_modules():
        if isinstance(module, nn.Linear):
            found.append((name or type(module).__name__, module))
        elif not (_is_pointwise(module) or isinstance(module, PASSED) or _is_container(module)):
            raise ValueError(
                f"auto_types does not know what {name!r} ({type(module).__name__}) does to the "
                "units. It types linear layers with pointwise nonlinearities and dropout; use "
                "FunctionRegularizer for other networks."
            )
    if not found:
        raise ValueError(f"auto_types finds no linear layer in {type(network).__name__}.")
    return found


def _is_pointwise(module: nn.Module) -> bool:
    return type(module).__module__ == activation.__name__ and not isinstance(module, MIXES)


def _is_container(module: nn.Module) -> bool:
    has_own = any(True for _ in module.parameters(recurse=False))
    return any(True for _ in module.children()) and not has_own
