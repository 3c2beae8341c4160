"""Matrix groups, their tensor representations, and bases of what is equivariant under them.

Useful on its own: ``from softsym.symmetries import group, rep, equivariant_basis``. Results are
float64 torch tensors; nothing here knows of training.
"""

from softsym.symmetries.basis import (
    TypedBlock,
    equivariant_basis,
    equivariant_blocks,
    equivariant_projector,
    shared_blocks,
)
from softsym.symmetries.disk_cache import cache_bases
from softsym.symmetries.group import Generated, Group
from softsym.symmetries.groups.cyclic import C, D
from softsym.symmetries.groups.direct_product import DirectProduct
from softsym.symmetries.groups.embed import Embed
from softsym.symmetries.groups.euclidean import SE, Rotation, Translation
from softsym.symmetries.groups.linear import GL, SL
from softsym.symmetries.groups.lorentz import (
    O11,
    O13,
    SO13,
    Lorentz,
    Parity,
    SO11p,
    SO13p,
    TimeReversal,
)
from softsym.symmetries.groups.orthogonal import SO, O
from softsym.symmetries.groups.permutation import (
    Cube,
    PermutationGroup,
    Reversal,
    RubiksCube,
    S,
    Z,
)
from softsym.symmetries.groups.reflect import Reflect
from softsym.symmetries.groups.scaling import Scaling
from softsym.symmetries.groups.symplectic import Sp
from softsym.symmetries.groups.trivial import Trivial
from softsym.symmetries.groups.unitary import SU, U
from softsym.symmetries.images import Image
from softsym.symmetries.parsing import group, rep
from softsym.symmetries.projector import Projector, project
from softsym.symmetries.representations import Rep, Scalar, T, Vector
from softsym.symmetries.solver import forget_bases

V = Vector

__all__ = ["DirectProduct", "Embed", "Generated", "Group", "PermutationGroup", "group"]
__all__ += ["GL", "SE", "SL", "SO", "SU", "C", "D", "O", "S", "Sp", "U", "Z"]
__all__ += [
    "Cube",
    "Image",
    "Reflect",
    "Reversal",
    "Rotation",
    "RubiksCube",
    "Scaling",
    "Translation",
    "Trivial",
]
__all__ += ["O11", "O13", "SO13", "Lorentz", "Parity", "SO11p", "SO13p", "TimeReversal"]
__all__ += ["Rep", "Scalar", "T", "V", "Vector", "rep"]
__all__ += ["Projector", "TypedBlock", "cache_bases", "forget_bases", "project", "shared_blocks"]
__all__ += ["equivariant_basis", "equivariant_blocks", "equivariant_projector"]
