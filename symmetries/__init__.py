"""Matrix groups, their tensor representations, and bases of what is equivariant under them.

Useful by itself: ``from symmetries import group, rep, equivariant_basis``. States are float64
torch tensors; nothing here knows of training.
"""

from symmetries.basis import (
    TypedBlock,
    equivariant_basis,
    equivariant_blocks,
    equivariant_projector,
    project,
)
from symmetries.group import Group
from symmetries.groups import (
    GL,
    SL,
    SO,
    C,
    D,
    Embed,
    Generated,
    O,
    Reflect,
    Scaling,
    Trivial,
)
from symmetries.parsing import group, rep
from symmetries.representations import Rep, Scalar, T, Vector

__all__ = [
    "GL",
    "SL",
    "SO",
    "C",
    "D",
    "Embed",
    "Generated",
    "Group",
    "O",
    "Reflect",
    "Rep",
    "Scalar",
    "Scaling",
    "T",
    "Trivial",
    "TypedBlock",
    "Vector",
    "equivariant_basis",
    "equivariant_blocks",
    "equivariant_projector",
    "group",
    "project",
    "rep",
]

__version__ = "0.1.0"
