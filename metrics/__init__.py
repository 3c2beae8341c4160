"""Metrics of trained models and of data."""

from softsym.metrics.data_equivariance import nearest_neighbour_error
from softsym.metrics.displacement import (
    AverageDisplacementError,
    FinalDisplacementError,
    MinAverageDisplacementError,
    MinFinalDisplacementError,
    MissRate,
    displacement_errors,
)
from softsym.metrics.equivariance import EquivarianceError, equivariance_error
from softsym.metrics.lie_derivative import (
    LocalEquivarianceError,
    lie_derivative,
    local_equivariance_error,
)
from softsym.metrics.observed import ObservedMSELoss, ObservedSquaredError
from softsym.metrics.path_errors import ade, fde, min_ade_k, min_fde_k, miss_rate

__all__ = [
    "AverageDisplacementError",
    "EquivarianceError",
    "FinalDisplacementError",
    "LocalEquivarianceError",
    "MinAverageDisplacementError",
    "MinFinalDisplacementError",
    "MissRate",
    "ObservedMSELoss",
    "ObservedSquaredError",
    "ade",
    "displacement_errors",
    "equivariance_error",
    "fde",
    "lie_derivative",
    "local_equivariance_error",
    "min_ade_k",
    "min_fde_k",
    "miss_rate",
    "nearest_neighbour_error",
]
