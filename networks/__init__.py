"""Networks whose layers know the types of what they map."""

from softsym.networks.agent_transformer import AgentTransformer
from softsym.networks.bilinear import Bilinear
from softsym.networks.constant_velocity import ConstantVelocity
from softsym.networks.emlp import EMLP
from softsym.networks.fitted_velocity import FittedVelocity
from softsym.networks.frame_averaging import FrameAveraging
from softsym.networks.gated import GatedNonlinearity
from softsym.networks.mlp import MLP
from softsym.networks.projected_linear import ProjectedLinear, ResidualLinear
from softsym.networks.rpp import RPP, MixedRPP
from softsym.networks.soft_emlp import SoftEMLP
from softsym.networks.typed_linear import TypedLinear

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
