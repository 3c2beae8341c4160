"""Networks whose layers know the types of what they map."""

from networks.bilinear import Bilinear
from networks.constant_velocity import ConstantVelocity
from networks.gated import GatedNonlinearity
from networks.mlp import MLP
from networks.soft_emlp import SoftEMLP
from networks.typed_linear import TypedLinear

__all__ = [
    "MLP",
    "Bilinear",
    "ConstantVelocity",
    "GatedNonlinearity",
    "SoftEMLP",
    "TypedLinear",
]
