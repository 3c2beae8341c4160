"""Changes of scale."""

import torch

from softsym.symmetries.group import Group, require_dim


class Scaling(Group):
    """Multiplication of R^n by a positive number; sampled as exp(z), z ~ N(0, 1/4)."""

    def __init__(self, n: int) -> None:
        super().__init__(n, torch.eye(require_dim(n, 2), dtype=torch.float64))
