"""The named families of groups, one file each; a file put here is found without being listed."""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

from symmetries.groups.cyclic import C, D  # noqa: E402
from symmetries.groups.embed import Embed  # noqa: E402
from symmetries.groups.euclidean import SE, Rotation, Translation  # noqa: E402
from symmetries.groups.generated import Generated  # noqa: E402
from symmetries.groups.linear import GL, SL  # noqa: E402
from symmetries.groups.lorentz import (  # noqa: E402
    O11,
    O13,
    SO13,
    Lorentz,
    Parity,
    SO11p,
    SO13p,
    TimeReversal,
)
from symmetries.groups.orthogonal import SO, O  # noqa: E402
from symmetries.groups.permutation import (  # noqa: E402
    Cube,
    PermutationGroup,
    RubiksCube,
    S,
    Z,
)
from symmetries.groups.reflect import Reflect  # noqa: E402
from symmetries.groups.scaling import Scaling  # noqa: E402
from symmetries.groups.symplectic import Sp  # noqa: E402
from symmetries.groups.trivial import Trivial  # noqa: E402
from symmetries.groups.unitary import SU, U  # noqa: E402

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
    "Embed",
    "Generated",
    "Lorentz",
    "O",
    "Parity",
    "PermutationGroup",
    "Reflect",
    "Rotation",
    "RubiksCube",
    "S",
    "SO11p",
    "SO13p",
    "Scaling",
    "Sp",
    "TimeReversal",
    "Translation",
    "Trivial",
    "U",
    "Z",
]
