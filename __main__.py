"""``python -m softsym``, which is the console script ``softsym``."""

from softsym.cli.main import main

main()
