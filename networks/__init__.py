"""Networks, among them those whose layers declare the types of their inputs and outputs.

The public names are those of ``__init__.pyi``.
"""

from softsym.lazy_rooms import attach

# lazy, since the command line estimates the memory of networks without loading torch
__getattr__, __dir__, __all__ = attach(__name__, __file__)
