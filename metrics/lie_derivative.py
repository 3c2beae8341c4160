"""The exact change of a function under infinitesimal group elements.

The Lie derivative of f along a generator A of the algebra (Gruver et al. 2022, arXiv 2210.02984,
eq. 3) is

    L_A f(x) = d/dt at 0 of rho_out(exp(-t A)) f(rho_in(exp(t A)) x)
             = Df(x) [drho_in(A) x] - drho_out(A) f(x),

which vanishes for every A if and only if f is equivariant under the connected part of the group.
Forward-mode differentiation gives the derivative of f along one direction without approximation and
without a Jacobian. Discrete generators, such as reflections, are not covered: use
:func:`softsym.metrics.equivariance_error` for those.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from softsym.metrics.accumulated import SIZES, SPREAD, AccumulatedError, measure
from softsym.metrics.rounding import error_sums, variation, variations
from softsym.metrics.spread import moments
from softsym.metrics.type_checks import (
    TABLE,
    Function,
    on_vectors,
    require_inputs,
    require_size,
)
from softsym.symmetries import Group, Rep
from softsym.symmetries import group as parse_group
from softsym.symmetries import rep as parse_rep
from softsym.symmetries.batches import sample_count
from softsym.symmetries.elements import to

ALLOWED: tuple[str, ...] = (SPREAD, SIZES)
"""What a rate may be relative to; see :func:`local_equivariance_error`."""


def lie_derivative(
    f: Function, rep_in: str | Rep, rep_out: str | Rep, G: str | Group, x: Tensor
) -> Tensor:
    """Computes the Lie derivative of f along each generator of the algebra.

    Args:
        f: Any callable, (n, size in) to (n, size out), that PyTorch can differentiate forwards.
        rep_in: Type of the inputs.
        rep_out: Type of the outputs.
        G: A group with a Lie algebra; its generators set the scale.
        x: Inputs, (n, size in), n >= 1.

    Returns:
        (k, n, size out), in the dtype of f(x).

    Raises:
        ValueError: If the sizes do not fit the types, there is no input, the group is discrete, or
            f cannot be differentiated. A part of f that is detached counts as constant; this is
            detected only if all of f is detached.

    Example:
        >>> x = torch.randn(5, 3)
        >>> lie_derivative(lambda x: x[:, :1], "T1", "T0", "SO(3)", x).shape
        torch.Size([3, 5, 1])
    """
    return _derivatives(f, parse_rep(rep_in), parse_rep(rep_out), parse_group(G), x)[0]


def local_equivariance_error(
    f: Function,
    rep_in: Any,
    rep_out: Any,
    G: str | Group,
    x: Any,
    relative_to: str = SPREAD,
) -> float:
    """The rate at which f departs from equivariance, relative to the spread of its outputs.

    With means E over generators A and inputs x, and the projection P_G onto invariant outputs,

        sqrt(E ||L_A f(x)||^2 / 2) / sqrt(E ||f(x) - P_G E f||^2).

    For group elements exp(t A) with small t, :func:`softsym.metrics.equivariance_error` is about t
    times this rate: 0.1 means an error of 1% after a rotation by 0.1 radian. The rate relative to
    ``sizes`` is E ||L_A f(x)|| / (2 E ||f(x)||), which an offset makes small. Its numerator alone
    is the local equivariance error of Gruver et al. If the outputs vary by rounding errors alone,
    or relative to sizes are no larger, the divisor is how much f would vary with its inputs.

    Args:
        f: Any callable that PyTorch can differentiate forwards, (n, size in) to (n, size out).
        rep_in: Type of the inputs, or a mapping or tuple of types, as f takes batches.
        rep_out: Type of the outputs, likewise.
        G: A group with a Lie algebra; its generators set the scale.
        x: Inputs, (n, size in), n >= 1, or as the types are nested.
        relative_to: ``spread`` or ``sizes``.

    Returns:
        At least 0.

    Raises:
        ValueError: For the reasons of :func:`lie_derivative`, or if a setting is unknown.

    Example:
        >>> local_equivariance_error(lambda x: 2 * x, "T1", "T1", "SO(3)", torch.randn(5, 3)) < 1e-6
        True
    """
    G = parse_group(G)
    require_inputs("Lie derivative", x)
    f, *types, x = on_vectors(f, rep_in, rep_out, G, x)
    ratio = measure(relative_to, ALLOWED).ratio
    return float(ratio(_sums(f, (types[0], types[1]), G, x, relative_to), G, types[1]))


class LocalEquivarianceError(AccumulatedError):
    """:func:`local_equivariance_error`, accumulated over batches.

    Args:
        rep_in: Type of the inputs.
        rep_out: Type of the outputs.
        group: A group with a Lie algebra.
        relative_to: ``spread`` or ``sizes``.

    Raises:
        ValueError: If the group is discrete, or a setting is unknown.
    """

    def __init__(
        self,
        rep_in: Any,
        rep_out: Any,
        group: str | Group,
        relative_to: str = SPREAD,
    ) -> None:
        super().__init__(
            rep_in, rep_out, _require_algebra(parse_group(group)), relative_to, ALLOWED
        )

    def update(self, f: Function, x: Any) -> None:
        """Adds the errors of f at inputs x (n, size in), or nested as the types are."""
        if isinstance(x, Tensor) and isinstance(self.rep_in, Rep) and x.ndim <= TABLE:
            require_size("rep_in", self.rep_in, self.group, x)
        if sample_count(x):
            f, types, x = self._on_vectors(f, x)
            self._add(_sums(f, types, self.group, x, self.relative_to), len(x))


def _sums(f: Function, types: tuple[Rep, Rep], G: Group, x: Tensor, relative_to: str) -> Tensor:
    """The sums of the measure ``relative_to``."""
    derivatives, outputs = _derivatives(f, *types, G, x)
    derivatives = derivatives.double()
    if relative_to == SPREAD:
        return moments(derivatives.square().mean(0) / 2, outputs, variations(f, x, outputs))
    sizes = derivatives.norm(dim=-1).mean(0), 2 * outputs.double().norm(dim=-1)
    return error_sums(*sizes, variation(f, x, outputs), outputs.dtype)


def _derivatives(
    f: Function, rep_in: Rep, rep_out: Rep, G: Group, x: Tensor
) -> tuple[Tensor, Tensor]:
    """Computes L_A f(x) for each generator A, (k, n, size out), and f(x), (n, size out)."""
    require_inputs("Lie derivative", x)
    require_size("rep_in", rep_in, _require_algebra(G), x)
    # Group actions in float64, f in the dtype of x, in which its weights are.
    of_inputs, of_outputs = rep_in.over(G), rep_out.over(G)
    derivatives = []
    for generator in G.algebra_elements:
        A = to(generator, x.device)
        direction = of_inputs.act_derivative(A, x.double()).to(x.dtype)
        y, inner = _jvp(f, x, direction)  # inner is Df(x) [drho_in(A) x]
        require_size("rep_out", rep_out, G, y)
        derivatives.append(inner - of_outputs.act_derivative(A, y.double()).to(y.dtype))
    return torch.stack(derivatives).detach(), y.detach()


def _jvp(f: Function, x: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
    """Computes f(x) and the derivative of f along a direction, if PyTorch has it forwards."""
    try:
        y, inner, *_ = torch.func.jvp(f, (x,), (direction,))
    except RuntimeError as error:
        raise ValueError(
            f"PyTorch cannot differentiate this function forwards: {str(error).splitlines()[0]} "
            "Use PyTorch operations only (no numpy; no batch normalisation in training mode: call "
            ".eval()), or equivariance_error, which needs values only."
        ) from error
    # A detached function has derivative 0. A finite difference far above rounding exposes it.
    if not inner.any() and direction.any():
        step = 1e-3 * direction
        with torch.no_grad():
            slope = (f(x + step) - f(x - step)) / 2e-3
        if float(slope.abs().max()) > 0.05 * float(y.abs().max()):
            raise ValueError(
                "PyTorch finds a zero derivative although the values of this function change, as "
                "after detach() or when a new tensor is built. Use equivariance_error, which needs "
                "values only."
            )
    return y, inner


def _require_algebra(G: Group) -> Group:
    if not len(G.lie_algebra):
        raise ValueError(
            f"{G} has no infinitesimal generators, so no Lie derivative: use equivariance_error "
            "for discrete groups."
        )
    return G
