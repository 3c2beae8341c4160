"""The console script ``softsym``."""


def main() -> None:
    """Placeholder."""
