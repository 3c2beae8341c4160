"""What ``train.py`` is made of: checked overrides, built objects, results. No mathematics."""

import softsym  # noqa: F401 (one copy of each module, see softsym.same_modules)
