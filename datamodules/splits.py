"""Splits of a dataset: as tensors, and checked against their types before any training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from softsym.datamodules.mapped_rows import MappedRows
from softsym.symmetries import Rep

Split = tuple[Tensor, Tensor]
"""Inputs (n, rep_in.size(dim)) and targets (n, rep_out.size(dim))."""

SPLITS = ("train", "val", "test")
OOD = "ood"
"""The optional split of samples from outside the training distribution."""

INTEGERS = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)
"""Types of labels."""

CHECKED_ROWS = 1 << 16
"""Number of samples checked at once: a mask of all values would be a quarter of the data again."""


def as_splits(
    loaded: object,
    source: str,
    dtype: torch.dtype = torch.float32,
    needed: Sequence[str] = SPLITS,
) -> dict[str, Split]:
    """Returns all splits as tensors of one precision; labels of classes (n,) stay int64.

    Args:
        loaded: Split -> inputs and targets, tensors or numpy's arrays of plain numbers.
        source: What returned it, for messages.
        dtype: The precision.
        needed: Splits that must be there.

    Raises:
        ValueError: If a split is missing, no pair, or holds anything but real numbers.
    """
    given = loaded if isinstance(loaded, Mapping) else {}
    if missing := [name for name in needed if name not in given]:
        raise ValueError(
            f"{source} must return a mapping with {', '.join(needed)} and optionally {OOD}, each a "
            f"pair of inputs and targets; {', '.join(missing)} missing."
        )
    splits = {}
    for name, pair in given.items():
        if not isinstance(pair, Sequence) or len(pair) != 2:
            raise ValueError(
                f"{source} must return a pair of inputs and targets for {name!r}; got "
                f"{type(pair).__name__}."
            )
        inputs, targets = pair
        splits[name] = (
            _as_tensor(f"{name} inputs", inputs, dtype),
            targets if _are_labels(targets) else _as_tensor(f"{name} targets", targets, dtype),
        )
    return splits


def _are_labels(targets: object) -> bool:
    return isinstance(targets, Tensor) and targets.dtype == torch.int64 and targets.ndim == 1


def _as_tensor(what: str, values: object, dtype: torch.dtype) -> Any:
    """Returns real numbers as a tensor; an array of objects could be anything."""
    if isinstance(values, MappedRows):
        return values
    if isinstance(values, np.ndarray) and values.dtype.kind in "biuf":
        precision = np.float64 if dtype == torch.float64 else np.float32
        return torch.from_numpy(np.require(values, precision, ["C", "W"]))
    if isinstance(values, Tensor) and not values.is_complex():
        return values.to(dtype)
    kind = getattr(values, "dtype", type(values).__name__)
    raise ValueError(
        f"The {what} must be a tensor or array of real numbers; got {kind}. Convert them, as by "
        "np.asarray(values, np.float32)."
    )


def as_clusters(clusters: object, splits: Mapping[str, Split]) -> dict[str, Tensor]:
    """Returns the labels (n,) of each split as int64 tensors.

    Args:
        clusters: Split -> labels of its samples, tensors or numpy's arrays of integers.
        splits: Split -> inputs and targets.

    Raises:
        ValueError: If a split has no labels, or they are not one integer for each sample.
    """
    given = clusters if isinstance(clusters, Mapping) else {}
    if missing := [name for name in splits if name not in given]:
        raise ValueError(
            f"clusters must map each split to the labels of its samples; {', '.join(missing)} "
            "missing. Set self.clusters = None if samples are independent."
        )
    return {name: _as_labels(name, given[name], len(splits[name][0])) for name in splits}


def _as_labels(name: str, values: object, count: int) -> Tensor:
    kind, shape = (getattr(values, what, None) for what in ("dtype", "shape"))
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu":
        values = torch.from_numpy(np.require(values, np.int64, ["C", "W"]))
    integers = isinstance(values, Tensor) and values.dtype in INTEGERS
    if not isinstance(values, Tensor) or not integers or values.shape != (count,):
        got = f"{kind or type(values).__name__}{f' of shape {tuple(shape)}' if shape else ''}"
        raise ValueError(
            f"The clusters of split {name!r} must be integers of shape ({count},), one label for "
            f"each sample; got {got}. Number names by np.unique(names, return_inverse=True)[1]."
        )
    return values.long()


def check_split(
    name: str,
    data: Split,
    rep_in: Rep,
    rep_out: Rep,
    dim: int,
    partial: bool = False,
    classes: int | None = None,
) -> None:
    """Raises a ValueError unless a split is not empty, fits its types over R^dim, and is finite.

    Targets may be NaN if they are ``partial``; at least one sample must be whole, for the report.
    With ``classes`` they are labels below it.
    """
    inputs, targets = data
    if len(inputs) != len(targets):
        raise ValueError(f"Split {name!r} has {len(inputs)} inputs but {len(targets)} targets.")
    if len(inputs) == 0:
        raise ValueError(f"Split {name!r} is empty.")
    _check_numbers(name, "rep_in", rep_in, dim, inputs)
    if classes is None:
        _check_numbers(name, "rep_out", rep_out, dim, targets, partial)
    elif not _are_labels(targets) or not 0 <= targets.min() <= targets.max() < classes:
        raise ValueError(
            f"The {name} targets must be labels (n,), int64, from 0 to {classes - 1}; got "
            f"{targets.dtype} {tuple(targets.shape)} from {targets.min()} to {targets.max()}."
        )
    if partial and not any(torch.isfinite(p).all(1).any() for p in targets.split(CHECKED_ROWS)):
        raise ValueError(f"No sample of split {name!r} has a target that is observed as a whole.")


def _check_numbers(
    name: str, what: str, R: Rep, dim: int, values: Tensor, partial: bool = False
) -> None:
    size = R.size(dim)
    if values.ndim == 1:
        raise ValueError(
            f"The {name} data of {what} have the shape ({len(values)},), but one number per "
            f"sample is a column, ({len(values)}, 1). Return values[:, None]."
        )
    if values.ndim != 2 or values.shape[1] != size:
        raise ValueError(
            f"{what} {str(R)!r} has {size} numbers over R^{dim}, but the {name} data have "
            f"shape {tuple(values.shape)}. Change datamodule.{what} so that its size is "
            f"{values.shape[-1]}."
        )
    for number, part in enumerate(values.split(CHECKED_ROWS)):
        finite = torch.isfinite(part)
        if partial:
            finite |= part.isnan() & ~part.isnan().all(1, keepdim=True)
        if not finite.all():
            row, column = (int(i) for i in (~finite).nonzero()[0])
            raise ValueError(
                f"The {name} data are not finite: {what} column {column} of sample "
                f"{number * CHECKED_ROWS + row} is {float(part[row, column])}. {_remedy(part)}"
            )


def _remedy(values: Tensor) -> str:
    if values.dtype == torch.float32 and values.isinf().any():
        return (
            "Remove infinite numbers; where the data hold none, they are larger than float32 can "
            "be (3.4e38): give them in other units, or train in float64 by "
            "trainer.precision=64-true."
        )
    return "Remove or repair such samples."
