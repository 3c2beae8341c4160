"""The training loop: task loss, the list of regularizers, and what runs around them."""

from softsym.lightning_modules.symmetry_module import SymmetryModule

__all__ = ["SymmetryModule"]
