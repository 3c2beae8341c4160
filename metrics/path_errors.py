r"""Distances between predicted and true paths, one number per sample.

Positions and results are in metres. With predicted positions :math:`\hat p_t`, true positions
:math:`p_t`, and the set :math:`V` of steps at which the true position is known,

.. math:: \mathrm{ADE} = \frac1{|V|} \sum_{t \in V} \lVert \hat p_t - p_t\rVert_2, \qquad
          \mathrm{FDE} = \lVert \hat p_T - p_T\rVert_2, \quad T = \max V.

Both are means over the known steps, never sums. Of k predictions (*modes*) for one agent the best
counts, for ADE and FDE separately.

All functions take ``prediction`` and ``target`` (..., steps, dim), where the ``min_*_k`` functions
expect predictions (..., modes, steps, dim) with the likeliest mode first, and ``mask`` (..., steps)
of bool, True at the steps that count; by default all do. Values at other steps, NaN included,
influence neither the result nor its gradient. The result has the shape (...) and is NaN for samples
without a known step. Shapes that do not match, and masks of another dtype, raise a ValueError.

Example:
    Four samples of three modes over 12 steps in the plane; the last half of the first is unknown.

    >>> prediction, target = torch.zeros(4, 3, 12, 2), torch.ones(4, 12, 2)
    >>> mask = torch.ones(4, 12, dtype=torch.bool)
    >>> mask[0, 6:] = False
    >>> min_ade_k(prediction, target, mask)
    tensor([1.4142, 1.4142, 1.4142, 1.4142])
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

THRESHOLD = 2.0
"""Default final distance in metres beyond which a prediction has missed, as in Argoverse."""


def ade(prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
    r"""Average displacement error, :math:`\frac1{|V|} \sum_{t \in V} \lVert\hat p_t - p_t\rVert`.

    Args:
        prediction: Predicted positions (..., steps, dim), metres.
        target: True positions, same shape.
        mask: Steps that count (..., steps).

    Example:
        >>> ade(torch.tensor([[[0.0, 0.0], [3.0, 4.0]]]), torch.zeros(1, 2, 2))
        tensor([2.5000])
    """
    _require_paths(prediction, target, mask)
    return _mean_distance(_distances(prediction, target, mask), mask)


def fde(prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
    r"""Final displacement error, the distance at the last step that counts.

    Takes the arguments of :func:`ade`.

    Example:
        >>> prediction = torch.tensor([[[3.0, 4.0], [9.0, 9.0]]])
        >>> fde(prediction, torch.zeros(1, 2, 2), torch.tensor([[True, False]]))
        tensor([5.])
    """
    _require_paths(prediction, target, mask)
    return _last_distance(_distances(prediction, target, mask), mask)


def min_ade_k(
    prediction: Tensor, target: Tensor, mask: Tensor | None = None, k: int | None = None
) -> Tensor:
    r"""Smallest average displacement error among k modes, :math:`\min_m \mathrm{ADE}(\hat p^m)`.

    Args:
        prediction: Predicted positions (..., modes, steps, dim), metres.
        target: True positions (..., steps, dim).
        mask: Steps that count (..., steps).
        k: Number of modes to use, the first ones; all by default.

    Returns:
        Metres, (...); NaN also where a mode is NaN at a step that counts.

    Example:
        >>> modes = torch.tensor([[[[3.0, 4.0]], [[1.0, 0.0]]]])
        >>> min_ade_k(modes, torch.zeros(1, 1, 2)), min_ade_k(modes, torch.zeros(1, 1, 2), k=1)
        (tensor([1.]), tensor([5.]))
    """
    prediction, target, mask = _first_modes(prediction, target, mask, k)
    return _mean_distance(_distances(prediction, target, mask), mask).amin(-1)


def min_fde_k(
    prediction: Tensor, target: Tensor, mask: Tensor | None = None, k: int | None = None
) -> Tensor:
    r"""Smallest final displacement error among k modes, :math:`\min_m \mathrm{FDE}(\hat p^m)`.

    Takes the arguments of :func:`min_ade_k`.

    Example:
        >>> modes = torch.tensor([[[[0.0, 0.0], [3.0, 4.0]], [[9.0, 9.0], [0.0, 1.0]]]])
        >>> min_fde_k(modes, torch.zeros(1, 2, 2))
        tensor([1.])
    """
    prediction, target, mask = _first_modes(prediction, target, mask, k)
    return _last_distance(_distances(prediction, target, mask), mask).amin(-1)


def miss_rate(
    prediction: Tensor,
    target: Tensor,
    mask: Tensor | None = None,
    threshold: float = THRESHOLD,
    k: int | None = None,
) -> Tensor:
    r"""Whether all of k modes end too far away, :math:`[\min_m \mathrm{FDE} > \mathrm{threshold}]`.

    The mean over agents is the miss rate.

    Args:
        prediction: Predicted positions (..., modes, steps, dim), or (..., steps, dim) for one mode.
        target: True positions (..., steps, dim), metres.
        mask: Steps that count (..., steps).
        threshold: Largest final distance in metres that is not a miss, finite and not negative.
        k: Number of modes to use, the first ones; all by default.

    Returns:
        1 for a miss and 0 otherwise, (...). A final position predicted as NaN is a miss.

    Example:
        >>> prediction = torch.tensor([[[0.0, 1.9]], [[0.0, 2.0]], [[0.0, 2.1]]])
        >>> miss_rate(prediction, torch.zeros(3, 1, 2))
        tensor([0., 0., 1.])
        >>> float(miss_rate(prediction, torch.zeros(3, 1, 2), threshold=1.0).mean())
        1.0
    """
    require_threshold(threshold)
    if prediction.ndim == target.ndim:
        prediction = prediction.unsqueeze(-3)
    final = min_fde_k(prediction, target, mask, k)
    # Not "final > threshold", which is False for NaN: a diverged model would never miss.
    missed = (~(final <= threshold)).to(final.dtype)
    return missed if mask is None else torch.where(mask.any(-1), missed, math.nan)


def require_modes(k: int | None) -> None:
    """Raises a ValueError unless k is a number of modes or None."""
    if k is not None and (not isinstance(k, int) or k < 1):
        raise ValueError(
            f"k must be a whole number of at least 1, or None to use all modes; got {k}."
        )


def require_threshold(threshold: float) -> None:
    """Raises a ValueError unless the threshold is a finite distance."""
    if not (math.isfinite(threshold) and threshold >= 0):
        raise ValueError(
            f"threshold must be a distance in metres of at least 0, e.g. 2.0; got {threshold}."
        )


def _distances(prediction: Tensor, target: Tensor, mask: Tensor | None) -> Tensor:
    """Computes the distance at each step (..., steps), 0 at steps that do not count."""
    difference = prediction - target
    if mask is not None:
        # Masked before the norm: its gradient at NaN is NaN, even when multiplied by 0 afterwards.
        difference = torch.where(mask.unsqueeze(-1), difference, 0.0)
    return difference.norm(dim=-1)


def _mean_distance(distances: Tensor, mask: Tensor | None) -> Tensor:
    return distances.mean(-1) if mask is None else distances.sum(-1) / mask.sum(-1)


def _last_distance(distances: Tensor, mask: Tensor | None) -> Tensor:
    if mask is None:
        return distances[..., -1]
    steps = torch.arange(mask.shape[-1], device=mask.device)
    last = torch.where(mask, steps, 0).amax(-1, keepdim=True).expand(*distances.shape[:-1], 1)
    return torch.where(mask.any(-1), distances.gather(-1, last)[..., 0], math.nan)


def _first_modes(
    prediction: Tensor, target: Tensor, mask: Tensor | None, k: int | None
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Selects the first k modes; gives target and mask an axis to broadcast over them."""
    require_modes(k)
    shape, single = tuple(prediction.shape), target.ndim >= 2 and prediction.ndim == target.ndim + 1
    if not single or (*shape[:-3], *shape[-2:]) != target.shape or shape[-3] == 0:
        raise ValueError(
            "prediction must have the shape (..., modes, steps, dim) with at least one mode, and "
            f"target the same without the modes; got {shape} and {tuple(target.shape)}. Add the "
            "axis of modes to a single prediction by prediction.unsqueeze(-3)."
        )
    _require_mask(mask, target)
    known = None if mask is None else mask.unsqueeze(-2)
    return prediction[..., :k, :, :], target.unsqueeze(-3), known


def _require_paths(prediction: Tensor, target: Tensor, mask: Tensor | None) -> None:
    if prediction.shape != target.shape or target.ndim < 2:
        raise ValueError(
            "prediction and target must both have the shape (..., steps, dim); got "
            f"{tuple(prediction.shape)} and {tuple(target.shape)}."
        )
    _require_mask(mask, target)


def _require_mask(mask: Tensor | None, target: Tensor) -> None:
    if 0 in target.shape[-2:]:
        raise ValueError(
            "prediction and target must have at least one step and one coordinate, (..., steps, "
            f"dim); target has the shape {tuple(target.shape)}."
        )
    if mask is not None and (mask.dtype != torch.bool or mask.shape != target.shape[:-1]):
        raise ValueError(
            f"mask must be of torch.bool with the shape {tuple(target.shape[:-1])}, that of target "
            f"without its coordinates; got {mask.dtype} with the shape {tuple(mask.shape)}."
        )
