"""Penalties for training loops of plain PyTorch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

import torch
from torch import Tensor, nn

from softsym.regularizers.base import all_penalties
from softsym.regularizers.function import FunctionRegularizer
from softsym.symmetries import Group
from softsym.symmetries.batches import tensors


class Penalties(Tensor):
    """The sum of strength times penalty, a scalar tensor that also knows its terms.

    What is computed from it is a plain tensor.

    Attributes:
        by_name: Name of each group -> its penalty, a scalar without the strength.
    """

    by_name: dict[str, Tensor]

    # as for nn.Parameter
    __torch_function__: Any = torch._C._disabled_torch_function_impl


def penalties(
    model: nn.Module,
    x: Any,
    groups: Mapping[str, str | Group] | Sequence[str | Group],
    rep_in: Any = None,
    rep_out: Any = None,
    *,
    strength: float | Mapping[str, float] = 1.0,
    prediction: Any = None,
    targets: Any = None,
    dim: int | None = None,
    seed: int | None = None,
) -> Penalties:
    """Sums strength times penalty over groups: the term that a loss of your own adds.

    Each call draws new group elements, and divides by the variance of this batch's predictions. See
    :class:`softsym.regularizers.FunctionRegularizer` for the equation.

    Args:
        model: The network.
        x: Inputs (n, ..., size in), or a mapping or tuple of tensors, as the types are nested.
        groups: Candidate groups, by name or as a list.
        rep_in: Type of the inputs, or a mapping or tuple of types; by default the model's attribute
            ``rep_in``.
        rep_out: Type of the outputs, likewise.
        strength: Factor of all penalties, or one for each name.
        prediction: The model's output for ``x``, if you have it; saves one call of the model.
        targets: Targets (n, size out), or labels (n,) of logits; their variance is the least that
            penalties are divided by.
        dim: Dimension of the base space, where a group's name leaves it open.
        seed: Seed of the group elements of this call, such as the number of the step; they come
            from PyTorch's global generator on the CPU by default.

    Returns:
        A scalar of at least 0, differentiable in the model's weights. Its ``by_name`` holds the
        penalty of each group.

    Raises:
        ValueError: If a group or a type is not understood, or a strength is missing.

    Example:
        >>> import torch
        >>> model = torch.nn.Linear(3, 1, bias=False)
        >>> x = torch.randn(8, 3)
        >>> term = penalties(model, x, ["O(3)", "SO(3)"], "T1", "T0", strength=0.5, seed=0)
        >>> torch.equal(term, 0.5 * term.by_name["O(3)"] + 0.5 * term.by_name["SO(3)"])
        True
    """
    named = groups if isinstance(groups, Mapping) else {str(group): group for group in groups}
    strengths = strength if isinstance(strength, Mapping) else dict.fromkeys(named, strength)
    if strengths.keys() != named.keys():
        raise ValueError(
            f"strength must be a number, or name each group: {', '.join(named)}; got "
            f"{', '.join(strengths)}."
        )
    first, step = (int(torch.randint(2**62, ())), 0) if seed is None else (0, seed)
    made = {
        name: FunctionRegularizer(
            group, strengths[name], rep_in, rep_out, dim=dim, seed=first + place, name=name
        )
        for place, (name, group) in enumerate(named.items())
    }
    for regularizer in made.values():
        regularizer.bind(model)
    output = model(x) if prediction is None else prediction
    module = cast(Any, SimpleNamespace(network=model, global_step=step))
    terms = all_penalties(made, module, (x, targets), output)
    nothing = next(tensors(output)).new_zeros(())
    total = sum((strengths[n] * term for n, term in terms.items()), nothing)
    found = total.as_subclass(Penalties)
    found.by_name = terms
    return found
