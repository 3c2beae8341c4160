"""Penalties for training loops of plain PyTorch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

import torch
from torch import Tensor, nn

from softsym.regularizers.base import all_penalties
from softsym.regularizers.function import FunctionRegularizer
from softsym.symmetries import Group, Rep


def penalties(
    model: nn.Module,
    x: Tensor,
    groups: Mapping[str, str | Group] | Sequence[str | Group],
    rep_in: str | Rep | None = None,
    rep_out: str | Rep | None = None,
    *,
    strength: float | Mapping[str, float] = 1.0,
    prediction: Tensor | None = None,
    targets: Tensor | None = None,
    dim: int | None = None,
) -> Tensor:
    """Sums strength times penalty over groups: the term that a loss of your own adds.

    Each call draws its group elements from PyTorch's global generator on the CPU, and divides by
    the variance of this batch's predictions. See
    :class:`softsym.regularizers.FunctionRegularizer` for the equation.

    Args:
        model: The network.
        x: Inputs (n, size in).
        groups: Candidate groups, by name or as a list.
        rep_in: Type of the inputs; by default the model's attribute ``rep_in``.
        rep_out: Type of the outputs, likewise.
        strength: Factor of all penalties, or one for each name.
        prediction: The model's output for ``x``, if you have it; saves one call of the model.
        targets: Targets (n, size out), whose variance is the least that penalties are divided by.
        dim: Dimension of the base space, where a group's name leaves it open.

    Returns:
        A scalar of at least 0, differentiable in the model's weights.

    Raises:
        ValueError: If a group or a type is not understood, or a strength is missing.

    Example:
        >>> import torch
        >>> model = torch.nn.Linear(3, 1, bias=False)
        >>> x = torch.randn(8, 3)
        >>> penalties(model, x, ["O(3)"], "T1", "T0").ndim
        0
    """
    named = groups if isinstance(groups, Mapping) else {str(group): group for group in groups}
    strengths = strength if isinstance(strength, Mapping) else dict.fromkeys(named, strength)
    if strengths.keys() != named.keys():
        raise ValueError(
            f"strength must be a number, or name each group: {', '.join(named)}; got "
            f"{', '.join(strengths)}."
        )
    seed = int(torch.randint(2**62, ()))
    made = {
        name: FunctionRegularizer(
            group, strengths[name], rep_in, rep_out, dim=dim, seed=seed + place, name=name
        )
        for place, (name, group) in enumerate(named.items())
    }
    for regularizer in made.values():
        regularizer.bind(model)
    output = model(x) if prediction is None else prediction
    module = cast(Any, SimpleNamespace(network=model, global_step=0))
    terms = all_penalties(made, module, (x, targets), output)
    return sum((strengths[n] * term for n, term in terms.items()), output.new_zeros(()))
