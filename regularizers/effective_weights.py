"""The tensors that layers apply, whatever parameters they are computed from.

``weight_norm``, ``spectral_norm``, ``orthogonal`` and every other parametrization of
``torch.nn.utils.parametrize``, pruning, and the older norms that hook into the forward pass replace
a layer's parameter by others. What a penalty measures is the tensor computed from these.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.nn.utils.prune import BasePruningMethod
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm


def effective(layer: nn.Module, name: str) -> Tensor | None:
    """The tensor that a layer applies under a name, differentiable in the layer's parameters.

    None if the layer has no such tensor, or computes it in another way (as a property, say).
    """
    if parametrize.is_parametrized(layer, name):
        with _evaluating(cast(Any, layer.parametrizations)[name]):
            return cast(Tensor, getattr(layer, name))
    for hook in layer._forward_pre_hooks.values():
        if isinstance(hook, BasePruningMethod) and hook._tensor_name == name:
            return cast(Any, hook).apply_mask(layer)
        if isinstance(hook, WeightNorm) and hook.name == name:
            return cast(Tensor, hook.compute_weight(layer))
        if isinstance(hook, SpectralNorm) and hook.name == name:
            return hook.compute_weight(layer, do_power_iteration=False)
    tensor = getattr(layer, name, None)
    return tensor if isinstance(tensor, nn.Parameter) else None


@contextmanager
def _evaluating(parametrization: nn.Module) -> Iterator[None]:
    """Keeps a look at a spectrally normalised weight from changing it by a power iteration."""
    modes = [(module, module.training) for module in parametrization.modules()]
    parametrization.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
