"""Weights & Biases: the logger that continues a run, and the workspace as code."""

import softsym  # noqa: F401 (one copy of each module, see softsym.same_modules)
