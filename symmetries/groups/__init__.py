"""The named families of groups, one file each; a file put here is found without being listed."""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

from symmetries.groups.cyclic import C, D  # noqa: E402
from symmetries.groups.embed import Embed  # noqa: E402
from symmetries.groups.generated import Generated  # noqa: E402
from symmetries.groups.linear import GL, SL  # noqa: E402
from symmetries.groups.orthogonal import SO, O  # noqa: E402
from symmetries.groups.reflect import Reflect  # noqa: E402
from symmetries.groups.scaling import Scaling  # noqa: E402
from symmetries.groups.trivial import Trivial  # noqa: E402

__all__ = ["GL", "SL", "SO", "C", "D", "Embed", "Generated", "O", "Reflect", "Scaling", "Trivial"]
