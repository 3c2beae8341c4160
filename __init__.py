"""Train with one equivariance regularizer per candidate symmetry, and learn which symmetries hold.

The public names are those of ``__init__.pyi``, and load what they need on first use: ``import
softsym`` alone costs no torch.
"""

import lazy_loader

from softsym.same_modules import share_modules

__version__ = "0.1.0"

share_modules()
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
