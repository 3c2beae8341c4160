"""What ``sweep.py`` is made of: searches whose trials are each a ``train.py`` of its own."""

import softsym  # noqa: F401 (one copy of each module, see softsym.same_modules)
