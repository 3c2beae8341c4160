"""Positions of the blocks of weights, and the matrices that hold them for the penalties.

The weight of a typed layer falls into blocks, one for each pair of an output and an input tensor.
Many blocks between the same tensors are at regular distances and are read in place. For few
blocks, launching a product takes longer than the product: they are gathered from all layers, and
several types share a matrix, in stacked tiles.
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
"""Most numbers in a matrix. In float64 that is 1 MiB, about what the cache of a core holds, and
32 MiB, enough to fill a GPU."""
MANY = 4
"""Blocks count as many if they fill one part in ``MANY`` of such a matrix."""
PATIENCE = 16
"""Number of small or irregular parts of a table after which the rest is gathered unseen. Every
look reads the rest of the table, which for an irregular order of types takes quadratic time."""
TILE, WIDE_TILE = 16, 128
"""Columns of a matrix that types share: more where there are enough blocks of each type, because
every tile repeats the bases of its type."""

Positions = tuple[int, Tensor]
"""Number of a parameter and the positions of blocks in it, (width, count) int32."""


class Regular(NamedTuple):
    """A matrix of blocks at regular distances in one parameter."""

    residuals: Residuals
    parameter: int
    grid: Grid


class BlockLayout:
    """All blocks that some group penalises.

    Attributes:
        regular: Matrices that are read in place.
        gathered: Residuals of each matrix that is gathered.
        sources: Numbers of the parameters that these are gathered from.
        index: Positions of the numbers of all gathered matrices in the concatenated ``sources``,
            flat. The position just behind them fills up the last tile of a type.
        owner: Which parts of the squares count for which group, those of gathered matrices first,
            (groups, parts) of 0 and 1.
    """

    def __init__(
        self, layers: Sequence[TypedLayer], groups: Sequence[Group], device: torch.device
    ) -> None:
        most = CPU_PIECE if device.type == "cpu" else GPU_PIECE
        types = _types(layers, groups)
        cuts = [_many_and_few(kind.positions, max(most // MANY, 1)) for kind in types]
        self.regular = [
            matrix
            for kind, (many, _) in zip(types, cuts, strict=True)
            for matrix in _regular(kind.bases, many, most, device)
        ]
        self.sources = sorted({number for _, few in cuts for number, _ in few})
        sizes = [parameter.numel() for layer in layers for parameter, _ in layer.terms]
        *starts, end = accumulate((sizes[number] for number in self.sources), initial=0)
        start = dict(zip(self.sources, starts, strict=True))
        few_by_type = [
            (kind.bases, torch.cat([positions + start[n] for n, positions in few], 1))
            for kind, (_, few) in zip(types, cuts, strict=True)
            if few
        ]
        matrices = _matrices(few_by_type, end, most)
        self.gathered = [residuals.to(device) for residuals, _ in matrices]
        self._sizes = [positions.numel() for _, positions in matrices]
        no_positions = torch.zeros(0, dtype=torch.int32)
        self.index = torch.cat([no_positions, *(part.reshape(-1) for _, part in matrices)]).to(
            device
        )
        no_parts = torch.zeros(len(groups), 0, dtype=torch.float64, device=device)
        all_residuals = [*self.gathered, *(matrix.residuals for matrix in self.regular)]
        self.owner = torch.cat([no_parts, *(residuals.owner for residuals in all_residuals)], 1)

    def matrices(self, flat: Tensor) -> list[Tensor]:
        """Views numbers in the order of ``index`` as the gathered matrices, (height, count)."""
        parts = zip(self.gathered, flat.split(self._sizes), strict=True)
        return [part.view(residuals.height, -1) for residuals, part in parts]


class _Type(NamedTuple):
    """Blocks of one type: the basis of each group, (width, rank), and the blocks' positions."""

    bases: list[Tensor]
    positions: list[Positions]


def _types(layers: Sequence[TypedLayer], groups: Sequence[Group]) -> list[_Type]:
    """Collects the blocks that some group penalises, by type."""
    types: dict[Rep, _Type] = {}
    same_duals = all(group.is_orthogonal for group in groups)
    terms = [term for layer in layers for term in layer.terms]
    for number, (_, kind) in enumerate(terms):
        for tensor, index, bases in shared_blocks(groups, kind):
            # a square basis spans everything: its group leaves the block as it is
            if any(Q.shape[0] != Q.shape[1] for Q in bases):
                of_type = types.setdefault(_key(tensor, same_duals), _Type(bases, []))
                of_type.positions.append((number, index.int().T))  # int32: half the memory
    return list(types.values())


def _key(tensor: Rep, same_duals: bool) -> Rep:
    """Names a type: by its rank alone if no group tells a vector from its dual."""
    return T(tensor.rank) if same_duals and isinstance(tensor, T) else tensor


def _many_and_few(
    tables: Sequence[Positions], least: int
) -> tuple[list[tuple[int, Grid]], list[Positions]]:
    """Separates grids of at least ``least`` numbers from all other blocks."""
    many: list[tuple[int, Grid]] = []
    few: list[Positions] = []
    for number, table in tables:
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
    """Makes matrices of at most ``most`` numbers of the grids of one type."""
    if not many:
        return []
    residuals = Residuals([(bases, 1)]).to(device)
    return [Regular(residuals, number, part) for number, grid in many for part in grid.split(most)]


def _matrices(
    types: Sequence[tuple[Sequence[Tensor], Tensor]], zero: int, most: int
) -> list[tuple[Residuals, Tensor]]:
    """Arranges the positions of gathered blocks in matrices of at most ``most`` numbers.

    Each type has its bases and the positions of its blocks, (width, count); the position ``zero``
    fills up tiles.
    """
    matrices: list[tuple[Residuals, Tensor]] = []
    shared: list[tuple[Sequence[Tensor], Tensor]] = []
    room = most
    scarcest = min((positions.shape[1] for _, positions in types), default=0)
    tile = min(max(TILE, scarcest), WIDE_TILE)
    for bases, positions in types:
        width, count = positions.shape
        size = width * count + width * (-count % tile)
        # a type has matrices of its own if it is too large, or if most of its tile would be zeros
        if size > most or count < tile // 2:
            alone = Residuals([(bases, 1)])
            matrices += [(alone, part) for part in positions.split(max(most // width, 1), 1)]
            continue
        if size > room:
            matrices.append(_stacked(shared))
            shared, room = [], most
        shared.append((bases, _tiles(positions, tile, zero)))
        room -= size
    return [*matrices, _stacked(shared)] if shared else matrices


def _tiles(positions: Tensor, tile: int, zero: int) -> Tensor:
    """Cuts (width, count) into (tiles, width, tile), filled up with the position ``zero``."""
    filled = F.pad(positions, (0, -positions.shape[1] % tile), value=zero)
    return filled.unflatten(1, (-1, tile)).transpose(0, 1)


def _stacked(types: Sequence[tuple[Sequence[Tensor], Tensor]]) -> tuple[Residuals, Tensor]:
    """Stacks the tiles of several types in one matrix."""
    residuals = Residuals([(bases, len(tiles)) for bases, tiles in types])
    return residuals, torch.cat([tiles.flatten(0, 1) for _, tiles in types])
