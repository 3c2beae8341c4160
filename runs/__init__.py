"""The run folder: the names of its files, its lock, and how they are written and read."""

import softsym  # noqa: F401 (one copy of each module, see softsym.same_modules)
