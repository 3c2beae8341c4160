"""Where the blocks of weights stand, and the matrices that hold them for the penalties.

The weight of a typed layer falls into blocks, one for each pair of an output and an input tensor.
Many blocks between the same tensors are read from where they stand, at regular distances. For few
a call would take longer than the product: they are gathered from all layers, and types share a
matrix, in tiles one below the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from softsym.regularizers.projection.residuals import Residuals
from softsym.regularizers.projection.strided_blocks import Grid, grids
from softsym.regularizers.projection.typed_layers import TypedLayer
from softsym.symmetries import Group, Rep, T, shared_blocks

CPU_PIECE, GPU_PIECE = 2**17, 2**22
"""Numbers in a matrix at most: about what a core has cache for; what is enough to fill a GPU."""
MANY = 4
"""Blocks are many that fill this part of such a matrix."""
PATIENCE = 16
"""Small or irregular parts of a layer's table after which the rest is gathered without a look."""
TILE, WIDE_TILE = 16, 128
"""Columns of a matrix that types share: more where there are enough blocks of each type, because
every tile repeats the type's bases."""

Places = tuple[int, Tensor]
"""Number of a parameter and where blocks stand in it, (width, count)."""


class Regular(NamedTuple):
    """A matrix of blocks that stand at regular distances in one parameter."""

    residuals: Residuals
    parameter: int
    grid: Grid


class BlockLayout:
    """All blocks that some group penalises.

    Attributes:
        regular: Matrices that are read from where they stand.
        gathered: Residuals of each matrix that is gathered.
        sources: Numbers of the parameters that these are gathered from.
        index: Where the numbers of all gathered matrices stand in these parameters, one behind the
            other; what fills up the last tile of a type stands behind them all. Flat.
        owner: Which parts of the squares count for which group, those of gathered matrices first,
            (groups, parts).

    Args:
        layers: Typed layers whose sizes fit the groups' base space.
        groups: Candidate groups, all on the same R^d.
        device: Where the products are to run.
    """

    def __init__(
        self, layers: Sequence[TypedLayer], groups: Sequence[Group], device: torch.device
    ) -> None:
        most = CPU_PIECE if device.type == "cpu" else GPU_PIECE
        types = _types(layers, groups)
        cuts = [_many_and_few(kind.places, max(most // MANY, 1)) for kind in types]
        self.regular = [
            matrix
            for kind, (many, _) in zip(types, cuts, strict=True)
            for matrix in _regular(kind.bases, many, most, device)
        ]
        self.sources = sorted({number for _, few in cuts for number, _ in few})
        sizes = [parameter.numel() for layer in layers for parameter, _ in layer.terms]
        *starts, end = accumulate((sizes[number] for number in self.sources), initial=0)
        start = dict(zip(self.sources, starts, strict=True))
        few = [
            (kind.bases, torch.cat([places + start[n] for n, places in found], 1))
            for kind, (_, found) in zip(types, cuts, strict=True)
            if found
        ]
        matrices = _matrices(few, end, most)
        self.gathered = [residuals.to(device) for residuals, _ in matrices]
        self._sizes = [places.numel() for _, places in matrices]
        none = torch.zeros(0, dtype=torch.int32)
        self.index = torch.cat([none, *(places.reshape(-1) for _, places in matrices)]).to(device)
        nobody = torch.zeros(len(groups), 0, dtype=torch.float64, device=device)
        all_residuals = [*self.gathered, *(matrix.residuals for matrix in self.regular)]
        self.owner = torch.cat([nobody, *(residuals.owner for residuals in all_residuals)], 1)

    @property
    def bytes(self) -> int:
        """Memory of all tables and bases."""
        distinct = {id(one): one for one in [*self.gathered, *(r for r, _, _ in self.regular)]}
        return self.index.nbytes + self.owner.nbytes + sum(r.bytes for r in distinct.values())

    def matrices(self, flat: Tensor) -> list[Tensor]:
        """Numbers in the order of ``index`` as the gathered matrices, (height, count) each."""
        parts = zip(self.gathered, flat.split(self._sizes), strict=True)
        return [part.view(residuals.height, -1) for residuals, part in parts]


class _Type(NamedTuple):
    """Blocks of one type: the basis of each group, (width, rank), and where they stand."""

    bases: list[Tensor]
    places: list[Places]


def _types(layers: Sequence[TypedLayer], groups: Sequence[Group]) -> list[_Type]:
    """The types of all blocks that some group penalises."""
    found: dict[Rep, _Type] = {}
    same_duals = all(group.is_orthogonal for group in groups)
    terms = [term for layer in layers for term in layer.terms]
    for number, (_, kind) in enumerate(terms):
        for tensor, index, bases in shared_blocks(groups, kind):
            if any(Q.shape[0] != Q.shape[1] for Q in bases):  # a full basis leaves all as it is
                of_type = found.setdefault(_key(tensor, same_duals), _Type(bases, []))
                of_type.places.append((number, index.int().T))
    return list(found.values())


def _key(tensor: Rep, same_duals: bool) -> Rep:
    """Blocks whose bases agree for every group: of one rank when no group tells duals apart."""
    return T(tensor.rank) if same_duals and isinstance(tensor, T) else tensor


def _many_and_few(
    places: Sequence[Places], least: int
) -> tuple[list[tuple[int, Grid]], list[Places]]:
    """Blocks at regular distances with at least so many numbers, and all others."""
    many: list[tuple[int, Grid]] = []
    few: list[Places] = []
    for number, table in places:
        looks, rest, patience = grids(table), table, PATIENCE
        while patience and rest.numel() >= least:
            part, grid = next(looks)
            rest = rest[:, part.shape[1] :]
            if grid is not None and part.numel() >= least:
                many.append((number, grid))
            else:
                few.append((number, part))
                patience -= 1
        if rest.numel():
            few.append((number, rest))
    return many, few


def _regular(
    bases: Sequence[Tensor], many: Sequence[tuple[int, Grid]], most: int, device: torch.device
) -> list[Regular]:
    if not many:
        return []
    alone = Residuals([(bases, 1)]).to(device)
    return [Regular(alone, number, part) for number, grid in many for part in grid.split(most)]


def _matrices(
    types: Sequence[tuple[Sequence[Tensor], Tensor]], zero: int, most: int
) -> list[tuple[Residuals, Tensor]]:
    """The places of gathered blocks in matrices of at most so many numbers."""
    found: list[tuple[Residuals, Tensor]] = []
    shared: list[tuple[Sequence[Tensor], Tensor]] = []
    room = most
    scarcest = min((places.shape[1] for _, places in types), default=0)
    tile = min(max(TILE, scarcest), WIDE_TILE)
    for bases, places in types:
        width, count = places.shape
        size = width * count + width * (-count % tile)
        if size > most or count < tile // 2:
            alone = Residuals([(bases, 1)])
            found += [(alone, part) for part in places.split(max(most // width, 1), 1)]
            continue
        if size > room:
            found.append(_stacked(shared))
            shared, room = [], most
        shared.append((bases, _tiles(places, tile, zero)))
        room -= size
    return [*found, _stacked(shared)] if shared else found


def _tiles(places: Tensor, tile: int, zero: int) -> Tensor:
    """(width, count) as (tiles, width, tile), filled up with a place."""
    filled = F.pad(places, (0, -places.shape[1] % tile), value=zero)
    return filled.unflatten(1, (-1, tile)).transpose(0, 1)


def _stacked(types: Sequence[tuple[Sequence[Tensor], Tensor]]) -> tuple[Residuals, Tensor]:
    residuals = Residuals([(bases, len(tiles)) for bases, tiles in types])
    return residuals, torch.cat([tiles.flatten(0, 1) for _, tiles in types])
