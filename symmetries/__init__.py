"""Matrix groups, their tensor representations, and bases of what is equivariant under them.

Useful on its own: ``from softsym.symmetries import group, rep, equivariant_basis``. Results are
float64 torch tensors; nothing here knows of training. The public names are those of
``__init__.pyi``.
"""

from softsym.lazy_rooms import attach

# lazy, since the command line checks the names of groups without loading torch
__getattr__, __dir__, __all__ = attach(__name__, __file__)
