"""The group of the identity alone."""

from softsym.symmetries.group import Group


class Trivial(Group):
    """Only the identity of R^n: everything is equivariant under it."""

    def __init__(self, n: int) -> None:
        super().__init__(n)
