"""The results of runs, as pages with pictures and as tables in the terminal.

The public names are those of ``__init__.pyi``, and load what they need on first use.
"""

import lazy_loader

import softsym  # noqa: F401 (one copy of each module, see softsym.same_modules)

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
