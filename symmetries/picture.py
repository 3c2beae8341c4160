"""Pictures of equivariant bases and projectors.

Only this part of the package needs matplotlib, and imports it when a picture is drawn.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

MOST_VECTORS, MOST_NUMBERS = 24, 1500
"""Most basis vectors in one picture, and most rows of a projector that a page can resolve."""


def draw_projector(projector: Tensor, title: str) -> Figure:
    """One heat map of a projector (size, size), white at zero."""
    figure = _figure(1, 1, (6.0, 5.4))
    axes = figure.axes[0]
    figure.colorbar(_heat_map(axes, projector), ax=axes, shrink=0.85)
    axes.set_title(title, wrap=True)
    return figure


def draw_basis(basis: Tensor, shape: tuple[int, int], title: str) -> Figure:
    """Heat maps of the basis vectors (size, r), the first ``MOST_VECTORS`` of them.

    Args:
        basis: Orthonormal columns.
        shape: Rows and columns in which to draw a vector, such as those of a linear map.
        title: Title of the picture.
    """
    shown = basis.T[:MOST_VECTORS]
    columns = min(len(shown), 6) or 1
    rows = -(-len(shown) // columns) or 1
    width, height = 1.9 * columns + 0.6, 1.9 * rows * min(max(shape[0] / shape[1], 0.35), 2) + 0.7
    figure = _figure(rows, columns, (max(width, 4.0), max(height, 1.8)))
    for axes in figure.axes[len(shown) :]:
        axes.set_axis_off()
    for k, vector in enumerate(shown):
        axes = figure.axes[k]
        _heat_map(axes, vector.reshape(shape))
        axes.set(xlabel=str(k + 1), xticks=[], yticks=[])
    left = basis.shape[1] - len(shown)
    figure.suptitle(title + (f" (and {left} more)" if left else ""), wrap=True)
    return figure


def require_drawable(path: Path) -> None:
    """Checks that a picture can be written to a file, before computing what to draw.

    Raises:
        ValueError: If the folder does not exist or the format is unknown.
    """
    known = _figure(1, 1, (1.0, 1.0)).canvas.get_supported_filetypes()
    if path.suffix.lstrip(".").lower() not in known:
        raise ValueError(
            f"Cannot draw {path.name!r}: the ending must be one of {', '.join(known)}."
        )
    if not path.parent.is_dir():
        raise ValueError(f"Cannot draw {str(path)!r}: there is no folder {str(path.parent)!r}.")


def _heat_map(axes: Axes, matrix: Tensor) -> AxesImage:
    """Draws a matrix in red and blue, with zero in the middle of the colours."""
    limit = float(matrix.abs().max()) or 1.0
    return axes.imshow(
        matrix.numpy(), cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest"
    )


def _figure(rows: int, columns: int, size: tuple[float, float]) -> Figure:
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 (the mathematics does without)
    except ImportError:
        raise ValueError("Pictures need matplotlib: pip install matplotlib.") from None
    figure = Figure(figsize=size, layout="constrained")
    figure.subplots(rows, columns)
    return figure
