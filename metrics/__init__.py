"""Metrics of trained models and of data."""

from softsym.metrics.assertions import assert_equivariant
from softsym.metrics.classification import (
    BinaryAccuracy,
    CalibrationError,
    CrossEntropy,
    CrossEntropyLoss,
)
from softsym.metrics.displacement import (
    AverageDisplacementError,
    FinalDisplacementError,
    MinAverageDisplacementError,
    MinFinalDisplacementError,
    MissRate,
    displacement_errors,
)
from softsym.metrics.distance import DistanceLoss
from softsym.metrics.equivariance import (
    EquivarianceError,
    equivariance_error,
    equivariance_error_by_block,
)
from softsym.metrics.heads import HeadLosses, HeadMetrics
from softsym.metrics.lie_derivative import (
    LocalEquivarianceError,
    lie_derivative,
    local_equivariance_error,
)
from softsym.metrics.observed import ObservedMSELoss, ObservedSquaredError
from softsym.metrics.path_errors import ade, fde, min_ade_k, min_fde_k, miss_rate
from softsym.metrics.symmetry_tests import SymmetryTest, Verdict, symmetry_test

__all__ = [
    "AverageDisplacementError",
    "BinaryAccuracy",
    "CalibrationError",
    "CrossEntropy",
    "CrossEntropyLoss",
    "DistanceLoss",
    "EquivarianceError",
    "FinalDisplacementError",
    "HeadLosses",
    "HeadMetrics",
    "LocalEquivarianceError",
    "MinAverageDisplacementError",
    "MinFinalDisplacementError",
    "MissRate",
    "ObservedMSELoss",
    "ObservedSquaredError",
    "SymmetryTest",
    "Verdict",
    "ade",
    "assert_equivariant",
    "displacement_errors",
    "equivariance_error",
    "equivariance_error_by_block",
    "fde",
    "lie_derivative",
    "local_equivariance_error",
    "min_ade_k",
    "min_fde_k",
    "miss_rate",
    "symmetry_test",
]
