"""Networks, among them those whose layers declare the types of their inputs and outputs."""

from softsym.networks.agent_transformer import AgentTransformer
from softsym.networks.auto_types import auto_types
from softsym.networks.bilinear import Bilinear
from softsym.networks.emlp import EMLP
from softsym.networks.frame_averaging import FrameAveraging
from softsym.networks.gated import GatedNonlinearity
from softsym.networks.mlp import MLP
from softsym.networks.projected_linear import ProjectedLinear, ResidualLinear
from softsym.networks.rpp import RPP, MixedRPP
from softsym.networks.soft_emlp import SoftEMLP
from softsym.networks.typed_linear import TypedLinear
from softsym.networks.velocity_baselines import ConstantVelocity, FittedVelocity

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
    "auto_types",
]
