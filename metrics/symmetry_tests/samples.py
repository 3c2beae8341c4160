"""The samples of a symmetry test: checked, freed of units, and put into an order of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from softsym.metrics.symmetry_tests.charts import Layout
from softsym.metrics.type_checks import terms
from softsym.symmetries import Group, Rep
from softsym.symmetries import group as parse_group
from softsym.symmetries.elements import Space
from softsym.symmetries.representations import Scalar, Sum

FEWEST_SAMPLES, FEWEST_CLUSTERS = 40, 10
"""Below these, means over half of the data are far from normal."""
LARGEST_DIM = 64


@dataclass(frozen=True)
class Samples:
    """Inputs and targets in units of their own spread, sorted by content.

    Attributes:
        x: Inputs (n, size in), float64, each copy of a tensor divided by its size.
        y: Targets (n, size out), likewise by its spread.
        clusters: Cluster of each sample (n,), numbered from 0.
        x_scale: What the inputs were divided by, (size in,).
        y_scale: What the targets were divided by, (size out,).
        order: Row of the user's arrays that each sample was, (n,).
        blocks: The terms of the targets' type and their columns.
        layout: Which numbers of an input belong together.
        noise: Known variance of the noise of all targets together, in the units of y; 0 if unknown.
    """

    x: Tensor
    y: Tensor
    clusters: Tensor
    x_scale: Tensor
    y_scale: Tensor
    order: Tensor
    blocks: dict[str, slice]
    layout: Layout
    noise: float


def as_table(what: str, values: Any) -> Tensor:
    """Returns numbers as a float64 tensor (n, size); (n,) becomes (n, 1).

    Raises:
        ValueError: If they are not plain real numbers, not finite, or not a table.
    """
    try:
        array = values.detach().cpu() if isinstance(values, Tensor) else np.asarray(values)
        if isinstance(array, np.ndarray) and array.dtype.kind not in "biuf":
            raise TypeError(f"an array of type {array.dtype}")
        table = torch.as_tensor(array)
        if table.is_complex():
            raise TypeError("complex numbers")
    except (TypeError, ValueError, RuntimeError) as error:
        advice = " Give complex numbers as two columns, their real and imaginary parts."
        raise ValueError(
            f"{what} must be plain real numbers; got {error}."
            + (advice if "complex" in str(error) else "")
        ) from None
    table = table.double()
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2 or not table.shape[1]:
        raise ValueError(
            f"{what} must be a table (samples, numbers); got the shape {tuple(table.shape)}. "
            "Flatten each sample, row-major, as its type says."
        )
    bad = (~torch.isfinite(table)).nonzero()
    if len(bad):
        row, column = bad[0].tolist()
        raise ValueError(
            f"{what} must be finite; row {row}, column {column} is {float(table[row, column])}, "
            f"and {len(bad)} numbers in all are NaN or infinite. Remove those samples."
        )
    return table


def spread_rows(count: int, most: int) -> Tensor:
    """Rows (m,) of at most ``most`` of some samples, evenly spread."""
    return torch.linspace(0, count - 1, min(most, count)).long()


def base_groups(
    groups: Mapping[str, Any], rep_in: Rep, rep_out: Rep, sizes: tuple[int, int]
) -> dict[str, Group]:
    """Reads the candidate groups over the space that the widths of inputs and targets tell.

    Raises:
        ValueError: If no space gives the types these widths, or a group does not act on it.
    """
    dims = base_dims(rep_in, rep_out, sizes)
    read: dict[str, Group] = {}
    for name, given in groups.items():
        G = given if isinstance(given, Group) else _parsed(name, str(given), dims)
        for what, R, size in (("rep_in", rep_in, sizes[0]), ("rep_out", rep_out, sizes[1])):
            needed = R.over(G).size(G.space)
            if needed != size:
                raise ValueError(
                    f"{what}={str(R)!r} has {needed} numbers over R^{G.dim}, where {G} acts; got "
                    f"{size} columns."
                )
        read[name] = G
    return read


def base_dims(rep_in: Rep, rep_out: Rep, sizes: tuple[int, int]) -> list[int]:
    """Dimensions of the base spaces over which the types have these numbers of columns."""
    return [d for d in range(1, LARGEST_DIM + 1) if _fits(rep_in, rep_out, d, sizes)]


def _parsed(name: str, text: str, dims: Sequence[int]) -> Group:
    try:
        return parse_group(text, dims[0] if len(dims) == 1 else None)
    except ValueError as error:
        raise ValueError(f"Candidate {name!r}: {error}") from None


def _fits(rep_in: Rep, rep_out: Rep, dim: int, sizes: tuple[int, int]) -> bool:
    try:
        return (rep_in.size(dim), rep_out.size(dim)) == sizes
    except ValueError:  # a type of another space
        return False


def prepare(
    x: Tensor, y: Tensor, clusters: Any, noise: Any, rep_in: Rep, rep_out: Rep, space: Space
) -> Samples:
    """Sorts the samples by content and divides each copy of a tensor by its size.

    The result does not depend on the order of the rows, and on units only by rounding.

    Raises:
        ValueError: If sizes do not match, samples or clusters are too few, or the targets are
            constant.
    """
    if len(x) != len(y):
        raise ValueError(f"x and y must have the same number of rows; got {len(x)} and {len(y)}.")
    order = _content_order(x, y)
    x, y = x[order], y[order]
    numbered = _distinct(x, y) if clusters is None else _numbered(clusters, order)
    _require_enough(len(x), numbered, clusters is not None)
    away = y - y.mean(0)
    # a column that varies by rounding alone is constant
    away = torch.where(away.abs().amax(0) > 1e-12 * y.abs().amax(0), away, 0.0)
    if not away.any():
        raise ValueError("y is constant, so there is nothing that a symmetry could be broken by.")
    x_scale = _copy_scales(torch.where(_scalars(rep_in, space), x - x.mean(0), x), rep_in, space)
    y_scale = _copy_scales(away, rep_out, space)
    return Samples(
        x / x_scale,
        y / y_scale,
        numbered,
        x_scale,
        y_scale,
        order,
        {label: columns for label, columns, _ in terms(rep_out, space)},
        Layout.of(rep_in, space),
        _noise_variance(noise, y_scale),
    )


def _content_order(x: Tensor, y: Tensor) -> Tensor:
    """The order (n,) of rows sorted by the inputs, then by the targets."""
    columns = torch.cat([x, y], 1).numpy().T
    return torch.from_numpy(np.lexsort(columns[::-1]))


def _distinct(x: Tensor, y: Tensor) -> Tensor:
    """Numbers of sorted samples (n,), where samples that are wholly alike share one."""
    table = torch.cat([x, y], 1)
    differs = (table[1:] != table[:-1]).any(1)
    return torch.cat([differs.new_zeros(min(len(x), 1)), differs]).long().cumsum(0)


def _numbered(clusters: Any, order: Tensor) -> Tensor:
    """Clusters numbered from 0 in the order of their first sample, (n,)."""
    labels = np.asarray(clusters.cpu() if isinstance(clusters, Tensor) else clusters)
    if labels.shape != order.shape:
        raise ValueError(
            f"clusters must hold one label for each of the {len(order)} samples; got the shape "
            f"{labels.shape}."
        )
    # NaN is no label either, and is the only value that differs from itself
    listed = enumerate(labels.tolist())
    missing = [i for i, label in listed if label is None or not label == label]  # noqa: PLR0124, SIM201
    if missing:
        raise ValueError(
            f"clusters must have a label for every sample; row {missing[0]} has none, as have "
            f"{len(missing)} in all."
        )
    _, first, member = np.unique(labels[order.numpy()], return_index=True, return_inverse=True)
    return torch.from_numpy(first.argsort().argsort()[member.reshape(-1)])


def _require_enough(n: int, clusters: Tensor, given: bool) -> None:
    """Raises a ValueError unless half of the data still have an error that can be estimated."""
    count = int(clusters.max()) + 1 if n else 0
    need = (
        "A break of 10% is found from about 600 samples where nothing else explains the targets, "
        "and from fewer where a model explains more."
    )
    if n < FEWEST_SAMPLES:
        raise ValueError(
            f"A symmetry test needs at least {FEWEST_SAMPLES} samples; got {n}. {need}"
        )
    if count < FEWEST_CLUSTERS:
        raise ValueError(
            f"A symmetry test needs at least {FEWEST_CLUSTERS} clusters; got {count} in {n} "
            f"samples. {need} Samples of one cluster count as one where they agree."
        )


def _scalars(R: Rep, space: Space) -> Tensor:
    """Which numbers no group moves, (size,) bool."""
    parts = R.terms if isinstance(R, Sum) else ((1, R),)
    return torch.cat([torch.full((n * t.size(space),), t == Scalar) for n, t in parts])


def _copy_scales(values: Tensor, R: Rep, space: Space) -> Tensor:
    """The root mean square norm of each copy of a tensor, for each of its numbers, (size,).

    Groups commute with a factor for a whole copy, so that it may be divided out.
    """
    scales = torch.ones(values.shape[1], dtype=values.dtype)
    for _, columns, count in terms(R, space):
        copies = values[:, columns].unflatten(1, (count, -1))
        # squares of numbers such as 1e-200 would be lost
        peaks = copies.abs().amax((0, 2)).clamp_min(torch.finfo(copies.dtype).tiny)
        norms = (copies / peaks[:, None]).square().sum(-1).mean(0).sqrt() * peaks
        # a copy that is 0, or constant where the mean was taken out, has no size
        norms = torch.where(norms > 0, norms, 1.0)
        scales[columns] = norms.repeat_interleave(copies.shape[-1])
    return scales


def _noise_variance(noise: Any, scale: Tensor) -> float:
    """Variance of the noise of all targets, in the units in which each copy has spread 1."""
    if noise is None:
        return 0.0
    deviation = as_table("noise", np.atleast_1d(np.asarray(noise, dtype=float)))[:, 0]
    if len(deviation) not in (1, len(scale)) or bool((deviation < 0).any()):
        raise ValueError(
            "noise is the standard deviation of the noise, at least 0: one number, or one for each "
            f"of the {len(scale)} targets; got {noise!r}."
        )
    return float((deviation / scale).square().sum())
