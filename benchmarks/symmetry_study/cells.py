"""Data sets drawn again and again whose breaks are known: the known-answer task with its dials.

The truth is computed from the task itself, never by the code under test. For normal inputs the
break of a group is its dial over the spread of the targets. Two laws of the inputs that a group
does not keep have a truth as well, because they change one conditional law only:

* ``handed``: right-handed with probability 0.8, whatever else x is. Given x up to a mirror, the
  term that reflection breaks is +-b with these odds, and its part that no invariant function tells
  has the standard deviation 2 sqrt(0.8 * 0.2) b;
* ``directed``: inputs are 1.4 times as long on one side. Given the direction of x, the term that
  scale breaks has the variance of its side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import torch
from torch import Tensor

from softsym.datamodules.known_answer import base_term, breaking_terms

GROUPS = ("SO(3)", "Scaling(3)", "Reflect(3)")
RIGHT_HANDED, LONGER = 0.8, 1.4
MANY = 2**18
"""Samples for the truth where it has no closed form."""


@dataclass(frozen=True)
class Cell:
    """A kind of data set.

    Attributes:
        n: Number of samples; the test fits on one half and tests on the other, in turns.
        dials: How far rotation, scale and reflection are broken.
        noise: Standard deviation of the noise.
        heteroscedastic: Whether the noise grows with the size of the inputs.
        law: Law of the inputs; ``shifted`` has no truth but 0.
        cluster: Number of samples that share a part of their noise and inputs; 1 for none.
    """

    n: int = 600
    dials: tuple[float, float, float] = (0.0, 0.0, 0.0)
    noise: float = 0.0
    heteroscedastic: bool = False
    law: Literal["normal", "shifted", "handed", "directed"] = "normal"
    cluster: int = 1


NULL = {
    f"{kind}, n = {n}": replace(cell, n=n)
    for n in (600, 4000)
    for kind, cell in {
        "no noise": Cell(),
        "noise 0.5": Cell(noise=0.5),
        "noise grows with x": Cell(noise=0.5, heteroscedastic=True),
        "clusters of 5": Cell(noise=0.5, cluster=5),
        "other law of x": Cell(law="shifted"),
        "other law of x, noise 0.5": Cell(law="shifted", noise=0.5),
    }.items()
}
BROKEN = {
    "rotation 1, noise 0.5": Cell(dials=(1.0, 0.0, 0.0), noise=0.5),
    "scale 1, noise 0.5": Cell(dials=(0.0, 1.0, 0.0), noise=0.5),
    "all 0.2, noise 0.5": Cell(dials=(0.2, 0.2, 0.2), noise=0.5),
    "all 0.25": Cell(dials=(0.25, 0.25, 0.25)),
    "all 0.5, clusters of 5": Cell(dials=(0.5, 0.5, 0.5), noise=0.5, cluster=5),
    "reflection 0.5, mostly right-handed x": Cell(dials=(0.0, 0.0, 0.5), noise=0.5, law="handed"),
    "scale 0.5, x longer on one side": Cell(dials=(0.0, 0.5, 0.0), noise=0.5, law="directed"),
    "all 0.1, noise 0.5, n = 4000": Cell(n=4000, dials=(0.1, 0.1, 0.1), noise=0.5),
}


def draw(cell: Cell, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Draws inputs (n, 9), targets (n, 1) and cluster labels (n,)."""
    clusters = torch.arange(cell.n) // cell.cluster
    x = _under(cell.law, _shared(cell, 9, clusters, generator), generator)
    size = x.norm(dim=1) / 3 if cell.heteroscedastic else torch.ones(cell.n).double()
    noise = _shared(cell, 1, clusters, generator)[:, 0]
    y = base_term(x) + sum(d * t for d, t in zip(cell.dials, breaking_terms(x), strict=True))
    return x, (y + cell.noise * size * noise)[:, None], clusters


@cache
def truth(cell: Cell) -> dict[str, float]:
    """The relative break of each group."""
    variance = 1 + sum(dial**2 for dial in cell.dials) + cell.noise**2
    factors = [1.0, 1.0, 1.0]
    if cell.law != "normal":
        x, y, _ = draw(replace(cell, n=MANY, cluster=1), torch.Generator().manual_seed(0))
        variance = float(y.var())
        if cell.law == "handed":
            factors[2] = 2 * math.sqrt(RIGHT_HANDED * (1 - RIGHT_HANDED))
        if cell.law == "directed":
            of_scale, ahead = breaking_terms(x)[1], _ahead(x)
            factors[1] = math.sqrt(float(of_scale[ahead].var() + of_scale[~ahead].var()) / 2)
    breaks = [f * dial / math.sqrt(variance) for f, dial in zip(factors, cell.dials, strict=True)]
    return dict(zip(GROUPS, breaks, strict=True))


def _shared(cell: Cell, width: int, clusters: Tensor, generator: torch.Generator) -> Tensor:
    """Standard normal numbers (n, width), 64% of whose variance those of a cluster share."""
    own = torch.randn(cell.n, width, generator=generator, dtype=torch.float64)
    if cell.cluster == 1:
        return own
    count = int(clusters[-1]) + 1
    common = torch.randn(count, width, generator=generator, dtype=torch.float64)
    return 0.6 * own + 0.8 * common[clusters]


def _under(law: str, x: Tensor, generator: torch.Generator) -> Tensor:
    if law == "shifted":
        # a mean, unequal axes, and sizes that depend on the direction
        x = x * torch.tensor([1.0, 0.7, 1.3]).repeat(3) + torch.tensor([0.8, 0.0, 0.4]).repeat(3)
        return x * (1 + 0.3 * torch.tanh(x[:, :1]))
    if law == "handed":
        right = torch.rand(len(x), generator=generator) < RIGHT_HANDED
        wrong = (torch.linalg.det(x.unflatten(1, (3, 3))) > 0) != right
        return torch.where(wrong[:, None], x * torch.tensor([-1.0, 1.0, 1.0]).repeat(3), x)
    if law == "directed":
        return torch.where(_ahead(x)[:, None], LONGER * x, x)
    return x


def _ahead(x: Tensor) -> Tensor:
    """Whether the vectors of x (n, 9) point to positive x on average, (n,)."""
    return x[:, ::3].sum(1) > 0
