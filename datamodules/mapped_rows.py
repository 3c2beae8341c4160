"""Rows of a table on disk that are read, standardised and converted when a batch needs them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class MappedRows:
    """Some rows of a table, with as much of a tensor's interface as loaders and reports need.

    Attributes:
        table: All rows, (rows, ...), usually mapped into memory.
        rows: Numbers (n,) of the rows that these are, in rising order.
        mean: What is subtracted from each number, (size,) float64.
        scale: What each is then divided by, (size,) float64.
        dtype: Precision of the result.
        device: Where results go.
    """

    table: np.ndarray
    rows: np.ndarray
    mean: Tensor
    scale: Tensor
    dtype: torch.dtype = torch.float32
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def ndim(self) -> int:
        """Two: samples and their numbers."""
        return 2

    @property
    def shape(self) -> torch.Size:
        """Number of samples, and of numbers in each."""
        return torch.Size([len(self.rows), len(self.mean)])

    def __getitem__(self, chosen: Tensor | slice) -> Tensor:
        """Reads samples, (m, size)."""
        rows = self.rows[chosen if isinstance(chosen, slice) else chosen.numpy()]
        if len(rows) and rows[-1] - rows[0] == len(rows) - 1 and (np.diff(rows) == 1).all():
            values = self.table[rows[0] : rows[-1] + 1]  # without a search for each row
        else:
            values = self.table[rows]
        # float64 until the mean is out, which may exceed the spread by many orders
        read = torch.from_numpy(np.array(values, np.float64).reshape(len(rows), -1))
        return read.sub_(self.mean).div_(self.scale).to(self.device, self.dtype)

    def split(self, count: int) -> Iterator[Tensor]:
        """Reads all samples, a number of them at once."""
        for start in range(0, len(self), count):
            yield self[start : start + count]

    def to(self, device: torch.device) -> MappedRows:
        """The same rows, whose batches go to a device."""
        return replace(self, device=torch.device(device))
