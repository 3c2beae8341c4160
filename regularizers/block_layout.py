"""Where the blocks of weights stand, and the matrices that hold them for the penalties.

The weight of a typed layer falls into blocks, one for each pair of an output and an input tensor.
Blocks of one type, over all layers and copies, are columns of one matrix. One of few numbers would
take longer to call than to multiply: small types share a matrix, in tiles one below the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from regularizers.residuals import Residuals
from regularizers.typed_layers import TypedLayer
from symmetries import Group, Rep, T, TypedBlock, equivariant_blocks

CPU_PIECE, GPU_PIECE = 2**17, 2**22
"""Numbers in a matrix at most: about what a core has cache for; what is enough to fill a GPU."""
TILE = 16
"""Columns of a matrix that types share; the products of each tile repeat the type's bases."""


class BlockLayout:
    """All blocks that some group penalises.

    Attributes:
        residuals: Of each matrix.
        index: Where the numbers of all matrices stand among all weights, flat; what fills up the
            last tile of a type stands one behind them.

    Args:
        layers: Typed layers whose sizes fit the groups' base space.
        groups: Candidate groups, all on the same R^d.
        device: Where the products are to run.
    """

    def __init__(
        self, layers: Sequence[TypedLayer], groups: Sequence[Group], device: torch.device
    ) -> None:
        types, size = _types(layers, groups)
        most = CPU_PIECE if device.type == "cpu" else GPU_PIECE
        matrices = _matrices(types, size, most)
        self.residuals = [residuals.to(device) for residuals, _ in matrices]
        self._sizes = [places.numel() for _, places in matrices]
        none = torch.zeros(0, dtype=torch.int32)
        self.index = torch.cat([none, *(p.reshape(-1) for _, p in matrices)]).to(device)
        nobody = torch.zeros(len(groups), 0, dtype=torch.float64, device=device)
        self.owner = torch.cat([nobody, *(one.owner for one in self.residuals)], 1)

    def matrices(self, flat: Tensor) -> list[Tensor]:
        """Numbers in the order of ``index`` as B for each of the residuals, (height, count)."""
        parts = zip(self.residuals, flat.split(self._sizes), strict=True)
        return [part.view(residuals.height, -1) for residuals, part in parts]


class _Type(NamedTuple):
    """Blocks of one type: the basis of each group and their places, (width, count)."""

    bases: list[Tensor]
    places: Tensor

    @property
    def free(self) -> bool:
        """Whether every group leaves every block as it is, so that nothing is penalised."""
        return all(Q.shape[0] == Q.shape[1] for Q in self.bases)


def _types(layers: Sequence[TypedLayer], groups: Sequence[Group]) -> tuple[list[_Type], int]:
    """The types of all blocks, and the number of weights."""
    columns: dict[Rep, list[Tensor]] = {}
    bases: dict[Rep, list[Tensor]] = {}
    offset = 0
    same_duals = all(group.is_orthogonal for group in groups)
    for layer in layers:
        for parameter, kind in layer.terms:
            for blocks in zip(*(equivariant_blocks(G, kind) for G in groups), strict=True):
                key = _key(blocks[0], same_duals)
                columns.setdefault(key, []).append((offset + blocks[0].index).int().T)
                bases[key] = [block.basis for block in blocks]
            offset += parameter.numel()
    types = (_Type(bases[key], torch.cat(columns[key], 1)) for key in bases)
    return [kind for kind in types if not kind.free], offset


def _key(block: TypedBlock, same_duals: bool) -> Rep:
    """Blocks whose bases agree for every group: of one rank when no group tells duals apart."""
    tensor = block.tensor
    return T(tensor.rank) if same_duals and isinstance(tensor, T) else tensor


def _matrices(types: Iterable[_Type], zero: int, most: int) -> list[tuple[Residuals, Tensor]]:
    """The places of all blocks in matrices of at most so many numbers."""
    found: list[tuple[Residuals, Tensor]] = []
    shared: list[_Type] = []
    room = most
    for bases, places in types:
        width, count = places.shape
        size = width * count + width * (-count % TILE)
        if size > most or count < TILE // 2:
            alone = Residuals([(bases, 1)])
            found += [(alone, part) for part in places.split(max(most // width, 1), 1)]
            continue
        if size > room:
            found.append(_stacked(shared))
            shared, room = [], most
        shared.append(_Type(bases, _tiles(places, zero)))
        room -= size
    return [*found, _stacked(shared)] if shared else found


def _tiles(places: Tensor, zero: int) -> Tensor:
    """(width, count) as (tiles, width, TILE), filled up with a place."""
    filled = F.pad(places, (0, -places.shape[1] % TILE), value=zero)
    return filled.unflatten(1, (-1, TILE)).transpose(0, 1)


def _stacked(types: Sequence[_Type]) -> tuple[Residuals, Tensor]:
    residuals = Residuals([(bases, len(tiles)) for bases, tiles in types])
    return residuals, torch.cat([tiles.flatten(0, 1) for _, tiles in types])
