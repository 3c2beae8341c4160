"""Networks whose layers know the types of what they map."""

from networks.constant_velocity import ConstantVelocity
from networks.mlp import MLP
from networks.soft_emlp import SoftEMLP
from networks.typed_linear import TypedLinear

__all__ = ["MLP", "ConstantVelocity", "SoftEMLP", "TypedLinear"]
