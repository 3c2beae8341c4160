"""What a trained model, and the data, are measured by."""

from metrics.data_equivariance import nearest_neighbour_error
from metrics.displacement import (
    AverageDisplacementError,
    FinalDisplacementError,
    displacement_errors,
)
from metrics.equivariance import EquivarianceError, equivariance_error
from metrics.lie_derivative import (
    LocalEquivarianceError,
    lie_derivative,
    local_equivariance_error,
)

__all__ = [
    "AverageDisplacementError",
    "EquivarianceError",
    "FinalDisplacementError",
    "LocalEquivarianceError",
    "displacement_errors",
    "equivariance_error",
    "lie_derivative",
    "local_equivariance_error",
    "nearest_neighbour_error",
]
