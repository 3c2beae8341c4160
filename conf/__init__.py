"""The yaml files that a run is composed of."""

import softsym  # noqa: F401 (one copy of each module, see softsym.same_modules)
