"""Matrix groups, their tensor representations, and bases of what is equivariant under them.

Useful by itself: ``from symmetries import group, rep, equivariant_basis``. States are float64
torch tensors; nothing here knows of training.
"""

from symmetries.basis import (
    TypedBlock,
    equivariant_basis,
    equivariant_blocks,
    equivariant_projector,
    shared_blocks,
)
from symmetries.disk_cache import cache_bases
from symmetries.group import Group
from symmetries.groups.cyclic import C, D
from symmetries.groups.direct_product import DirectProduct
from symmetries.groups.embed import Embed
from symmetries.groups.euclidean import SE, Rotation, Translation
from symmetries.groups.generated import Generated
from symmetries.groups.linear import GL, SL
from symmetries.groups.lorentz import (
    O11,
    O13,
    SO13,
    Lorentz,
    Parity,
    SO11p,
    SO13p,
    TimeReversal,
)
from symmetries.groups.orthogonal import SO, O
from symmetries.groups.permutation import (
    Cube,
    PermutationGroup,
    RubiksCube,
    S,
    Z,
)
from symmetries.groups.reflect import Reflect
from symmetries.groups.scaling import Scaling
from symmetries.groups.symplectic import Sp
from symmetries.groups.trivial import Trivial
from symmetries.groups.unitary import SU, U
from symmetries.parsing import group, rep
from symmetries.projector import Projector, project
from symmetries.representations import Rep, Scalar, T, Vector
from symmetries.solver import forget_bases

V = Vector

__all__ = [
    "GL",
    "O11",
    "O13",
    "SE",
    "SL",
    "SO",
    "SO13",
    "SU",
    "C",
    "Cube",
    "D",
    "DirectProduct",
    "Embed",
    "Generated",
    "Group",
    "Lorentz",
    "O",
    "Parity",
    "PermutationGroup",
    "Projector",
    "Reflect",
    "Rep",
    "Rotation",
    "RubiksCube",
    "S",
    "SO11p",
    "SO13p",
    "Scalar",
    "Scaling",
    "Sp",
    "T",
    "TimeReversal",
    "Translation",
    "Trivial",
    "TypedBlock",
    "U",
    "V",
    "Vector",
    "Z",
    "cache_bases",
    "equivariant_basis",
    "equivariant_blocks",
    "equivariant_projector",
    "forget_bases",
    "group",
    "project",
    "rep",
    "shared_blocks",
]

__version__ = "0.1.0"
