"""Randomness: uniform elements of compact groups, and the source of those of a step."""

from __future__ import annotations

import torch

from softsym.symmetries.elements import Element
from softsym.symmetries.group import Generated, Group

ROUNDS, STRIDE = 8, 4
"""A random walk of 8 rounds, each g h^4 with g and h drawn by ``sample``, forgets its start: on a
circle the first Fourier coefficient of its law is exp(-8 * 17 / 8) < 1e-7."""


def uniform_elements(G: Group, n: int, generator: torch.Generator | None = None) -> Element:
    """Draws n elements from the Haar measure of a compact group.

    Families that sample uniformly are taken at their word; for any other group, a random walk on it
    is long enough to forget where it began.

    Args:
        G: A compact group.
        n: Number of elements.
        generator: Source of randomness; torch's global one by default.

    Returns:
        Matrices (n, d, d), float64; for a direct product, one such stack for each factor.

    Raises:
        ValueError: If the group is not compact.
    """
    if not G.is_compact:
        raise ValueError(f"{G} is not compact, so it has no uniform elements.")
    if len(G.factors) > 1:
        return tuple(torch.as_tensor(uniform_elements(F, n, generator)) for F in G.factors)
    if G.finite_elements is not None or not _walks(G):
        return G.sample(n, generator)
    elements = torch.eye(G.dim, dtype=torch.float64).expand(n, -1, -1)
    for _ in range(ROUNDS):
        far = torch.linalg.matrix_power(G.sample(n, generator), STRIDE)
        elements = G.sample(n, generator) @ far @ elements
    return elements


def _walks(G: Group) -> bool:
    """Whether ``sample`` is not uniform: the general one, or a product of others' elements."""
    inner = getattr(G, "group", None)  # an embedded group samples as the group itself does
    if isinstance(inner, Group):
        return inner.finite_elements is None and _walks(inner)
    return type(G).sample in (Group.sample, Generated.sample)


def step_generator(seed: int, step: int, rank: int = 0) -> torch.Generator:
    """Randomness of one step of a training (on one process), the same when it is resumed there."""
    # primes, so that the seeds of steps and processes do not meet
    return torch.Generator().manual_seed((seed + 1_000_003 * step + 7_919 * rank) % 2**63)
