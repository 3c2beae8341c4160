# The public names of the networks; each loads the file that it is in on first use.
from .agent_transformer import AgentTransformer as AgentTransformer
from .auto_types import auto_types as auto_types
from .bilinear import Bilinear as Bilinear
from .egnn import EGNN as EGNN
from .emlp import EMLP as EMLP
from .frame_averaging import FrameAveraging as FrameAveraging
from .gated import GatedNonlinearity as GatedNonlinearity
from .gnn import GNN as GNN
from .mlp import MLP as MLP
from .projected_linear import ProjectedLinear as ProjectedLinear
from .projected_linear import ResidualLinear as ResidualLinear
from .rpp import RPP as RPP
from .rpp import MixedRPP as MixedRPP
from .soft_emlp import SoftEMLP as SoftEMLP
from .typed_linear import TypedLinear as TypedLinear
from .velocity_baselines import ConstantVelocity as ConstantVelocity
from .velocity_baselines import FittedVelocity as FittedVelocity
