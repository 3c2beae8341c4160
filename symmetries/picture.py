"""Pictures of equivariant bases and projectors.

The only part of the package that needs matplotlib, which is imported when a picture is asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_VECTORS, MOST_NUMBERS = 24, 1500
COLOURS = "RdBu_r"


def draw_projector(projector: Tensor, title: str) -> Figure:
    """One heat map of a projector (size, size), white at zero."""
    figure = _figure(1, 1, (6.0, 5.4))
    axes, limit = figure.axes[0], float(projector.abs().max()) or 1.0
    image = axes.imshow(
        projector.numpy(), cmap=COLOURS, vmin=-limit, vmax=limit, interpolation="nearest"
    )
    figure.colorbar(image, ax=axes, shrink=0.85)
    axes.set_title(title, wrap=True)
    return figure


def require_legible(size: int) -> None:
    """Checks that the rows of a projector can be told apart.

    Raises:
        ValueError: If there are too many.
    """
    if size > MOST_NUMBERS:
        raise ValueError(
            f"A projector of {size} x {size} numbers is too large to look at "
            f"(at most {MOST_NUMBERS}); draw the basis with --draw basis."
        )


def draw_basis(basis: Tensor, shape: tuple[int, int], title: str) -> Figure:
    """Heat maps of the basis vectors (size, r), the first ``MOST_VECTORS`` of them.

    Args:
        basis: Orthonormal columns.
        shape: Rows and columns that a vector is drawn in, such as those of a linear map.
        title: What it is.
    """
    shown = basis.T[:MOST_VECTORS]
    columns = min(len(shown), 6) or 1
    rows = -(-len(shown) // columns) or 1
    width, height = 1.9 * columns + 0.6, 1.9 * rows * min(max(shape[0] / shape[1], 0.35), 2) + 0.7
    figure = _figure(rows, columns, (max(width, 4.0), max(height, 1.8)))
    for axes in figure.axes[len(shown) :]:
        axes.set_axis_off()
    for k, vector in enumerate(shown):
        axes, limit = figure.axes[k], float(vector.abs().max())
        axes.imshow(
            vector.reshape(shape).numpy(),
            cmap=COLOURS,
            vmin=-limit,
            vmax=limit,
            interpolation="nearest",
        )
        axes.set_xlabel(str(k + 1))
        axes.set_xticks([])
        axes.set_yticks([])
    left = basis.shape[1] - len(shown)
    figure.suptitle(title + (f" (and {left} more)" if left else ""), wrap=True)
    return figure


def require_drawable(path: Path) -> None:
    """Checks that a picture can be written to a file, before there is one.

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


def _figure(rows: int, columns: int, size: tuple[float, float]) -> Figure:
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 (the mathematics does without)
    except ImportError:
        raise ValueError("Pictures need matplotlib: pip install matplotlib.") from None
    figure = Figure(figsize=size, layout="constrained")
    figure.subplots(rows, columns)
    return figure
