"""An assertion for users' own tests: a model is equivariant, or a table says where it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from softsym.metrics.type_checks import on_vectors, require_inputs, require_size
from softsym.symmetries import Group, Rep
from softsym.symmetries import group as parse_group
from softsym.symmetries.elements import Element, to
from softsym.symmetries.representations import Sum

ELEMENTS = 4
"""Random elements that are tried beside the generators."""


def assert_equivariant(
    model: Callable[[Any], Any],
    rep_in: Any,
    rep_out: Any,
    group: str | Group,
    x: Any,
    atol: float = 1e-4,
    *,
    seed: int = 0,
) -> None:
    """Asserts that f(rho_in(g) x) = rho_out(g) f(x) under the generators and some random elements.

    Args:
        model: Maps (n, size in) to (n, size out), tensors. A module is put into evaluation mode
            meanwhile.
        rep_in: Type of the inputs, or a mapping or tuple of types, as the model takes batches.
        rep_out: Type of the outputs, likewise.
        group: The group.
        x: Inputs (n, size in), n >= 1, or nested, in the dtype and on the device that the model
            takes.
        atol: Largest difference of an output that counts as equal, in units of the outputs.
        seed: Seed of the random elements.

    Raises:
        AssertionError: If a difference exceeds ``atol``; the message lists the largest difference
            for each element and each term of the outputs' type.
        ValueError: If the sizes do not fit the types, or there is no input.

    Example:
        >>> assert_equivariant(lambda x: 2 * x, "T1", "T1", "O(3)", torch.randn(5, 3))
    """
    G = parse_group(group)
    require_inputs("assertion", x)
    was_training = isinstance(model, nn.Module) and model.training
    if isinstance(model, nn.Module):
        model.eval()
    try:
        with torch.no_grad():
            f, R_in, R_out, x = on_vectors(model, rep_in, rep_out, G, x)
            require_size("rep_in", R_in, G, x)
            rows = list(_differences(f, R_in.over(G), R_out.over(G), G, x, seed))
    finally:
        if isinstance(model, nn.Module):
            model.train(was_training)
    if any(not value <= atol for _, values in rows for value in values.values()):
        raise AssertionError(_table(rows, G, atol))


def _differences(
    model: Callable[[Any], Any], R_in: Rep, R_out: Rep, G: Group, x: Tensor, seed: int
) -> Iterator[tuple[str, dict[str, float]]]:
    """The largest difference in each term of the outputs, for each element."""
    y = model(x)
    require_size("rep_out", R_out, G, y)
    for name, g in _elements(G, seed):
        g = to(g, x.device)  # noqa: PLW2901 (the same element)
        moved = model(R_in.act(g, x.double()).to(x.dtype)).double()
        apart = (moved - R_out.act(g, y.double())).abs().amax(0)
        yield name, {text: float(apart[columns].max()) for text, columns in _columns(R_out, G)}


def _elements(G: Group, seed: int) -> Iterator[tuple[str, Element]]:
    for i, A in enumerate(G.algebra_elements):
        parts = A if isinstance(A, tuple) else (A,)
        turned = tuple(torch.linalg.matrix_exp(0.5 * part) for part in parts)
        yield f"exp(A{i} / 2)", turned if isinstance(A, tuple) else turned[0]
    for i, h in enumerate(G.discrete_elements):
        yield f"generator h{i}", h
    generator = torch.Generator().manual_seed(seed)
    for i in range(ELEMENTS):
        drawn = G.sample_elements(1, generator)
        g = tuple(part[0] for part in drawn) if isinstance(drawn, tuple) else drawn[0]
        yield f"random element {i}", g


def _columns(R: Rep, G: Group) -> Iterator[tuple[str, slice]]:
    start = 0
    for count, term in R.terms if isinstance(R, Sum) else ((1, R),):
        stop = start + count * term.size(G.space)
        yield f"{count}{term}" if count > 1 else str(term), slice(start, stop)
        start = stop


def _table(rows: list[tuple[str, dict[str, float]]], G: Group, atol: float) -> str:
    terms = list(rows[0][1])
    lines = [
        f"The model is not equivariant under {G}. Largest |f(g x) - g f(x)|, allowed {atol:g}:"
    ]
    lines.append(f"{'':18}" + "".join(f"{term:>14}" for term in terms))
    for name, values in rows:
        cells = "".join(f"{v:>13.2g}{'!' if not v <= atol else ' '}" for v in values.values())
        lines.append(f"{name:18}{cells}")
    return "\n".join(lines)
