# The public names of SoftSym: what `import softsym` offers, the documentation teaches and
# tests/test_public_names.py reads.

from . import cli as cli
from . import dashboards as dashboards
from . import datamodules as datamodules
from . import lightning_modules as lightning_modules
from . import metrics as metrics
from . import networks as networks
from . import regularizers as regularizers
from . import reporting as reporting
from . import sweeps as sweeps
from . import symmetries as symmetries
from .datamodules import SyntheticDataModule as SyntheticDataModule
from .datamodules import TensorDataModule as TensorDataModule
from .datamodules import TrajectoryDataModule as TrajectoryDataModule
from .lightning_modules import SymmetryModule as SymmetryModule
from .metrics import EquivarianceError as EquivarianceError
from .metrics import LocalEquivarianceError as LocalEquivarianceError
from .metrics import equivariance_error as equivariance_error
from .metrics import lie_derivative as lie_derivative
from .metrics import local_equivariance_error as local_equivariance_error
from .networks import EMLP as EMLP
from .networks import MLP as MLP
from .networks import RPP as RPP
from .networks import AgentTransformer as AgentTransformer
from .networks import FrameAveraging as FrameAveraging
from .networks import MixedRPP as MixedRPP
from .networks import SoftEMLP as SoftEMLP
from .networks import TypedLinear as TypedLinear
from .regularizers import AdjustOnce as AdjustOnce
from .regularizers import AdjustRepeatedly as AdjustRepeatedly
from .regularizers import Fixed as Fixed
from .regularizers import GateRegularizer as GateRegularizer
from .regularizers import GrowThenAdjust as GrowThenAdjust
from .regularizers import PathRegularizer as PathRegularizer
from .regularizers import ProjectionRegularizer as ProjectionRegularizer
from .regularizers import Regularizer as Regularizer
from .regularizers import StrengthPolicy as StrengthPolicy
from .regularizers import WeightDecay as WeightDecay
from .symmetries import DirectProduct as DirectProduct
from .symmetries import Embed as Embed
from .symmetries import Generated as Generated
from .symmetries import Group as Group
from .symmetries import Projector as Projector
from .symmetries import Rep as Rep
from .symmetries import Scalar as Scalar
from .symmetries import T as T
from .symmetries import V as V
from .symmetries import Vector as Vector
from .symmetries import cache_bases as cache_bases
from .symmetries import equivariant_basis as equivariant_basis
from .symmetries import equivariant_projector as equivariant_projector
from .symmetries import group as group
from .symmetries import project as project
from .symmetries import rep as rep

__version__: str
