"""Networks whose layers know the types of what they map."""

from networks.agent_transformer import AgentTransformer
from networks.bilinear import Bilinear
from networks.constant_velocity import ConstantVelocity
from networks.emlp import EMLP
from networks.fitted_velocity import FittedVelocity
from networks.frame_averaging import FrameAveraging
from networks.gated import GatedNonlinearity
from networks.mlp import MLP
from networks.projected_linear import ProjectedLinear, ResidualLinear
from networks.rpp import RPP, MixedRPP
from networks.soft_emlp import SoftEMLP
from networks.typed_linear import TypedLinear

__all__ = [
    "EMLP",
    "MLP",
    "RPP",
    "AgentTransformer",
    "Bilinear",
    "ConstantVelocity",
    "FittedVelocity",
    "FrameAveraging",
    "GatedNonlinearity",
    "MixedRPP",
    "ProjectedLinear",
    "ResidualLinear",
    "SoftEMLP",
    "TypedLinear",
]
