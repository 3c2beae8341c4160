"""Figures as SVG inside a page, whose light or dark scheme they follow."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import TypeVar

import matplotlib
from markupsafe import Markup
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from softsym.reporting.palette import GRID, INK, MUTED, SERIES

T = TypeVar("T")

# A page that does not define these variables shows the colours as they were drawn.
VARIABLES = {INK: "--ink", MUTED: "--muted", GRID: "--grid"} | {
    color: f"--series-{i}" for i, color in enumerate(SERIES)
}


@dataclass(frozen=True)
class Picture:
    """A figure as the templates take it; without an ``image`` only its title and caption show."""

    key: str
    title: str
    caption: str
    image: Markup


def inline_svg(figure: Figure, key: str, title: str) -> Markup:
    """An ``<svg>`` element for an HTML page, with a title for screen readers.

    All ids begin with ``key``, which must differ between the figures of a page.
    """
    buffer = io.StringIO()
    settings = matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": key})
    with settings, warnings.catch_warnings():
        # matplotlib's own font may lack a letter of a name; the browser has it
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        # hundreds of symmetries leave no room beside their legend; the table has them too
        warnings.filterwarnings("ignore", message="constrained_layout not applied")
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None})
    return Markup(_embeddable(buffer.getvalue(), key, title))


def pictures(
    subject: T,
    figures: Mapping[str, tuple[Callable[[T], Figure | None], str, str]],
    remarks: Callable[[str], list[str]],
) -> list[Picture]:
    """All figures of a run or of a sweep that have data, with remarks below their captions."""
    return [
        Picture(key, title, " ".join([caption, *remarks(key)]), inline_svg(figure, key, title))
        for key, (draw, title, caption) in figures.items()
        if (figure := draw(subject)) is not None
    ]


def _embeddable(svg: str, key: str, title: str) -> str:
    """Removes the headers of an SVG file, makes ids unique and colours follow the page."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<(metadata|style)\b.*?</\1>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{key}-', svg)
    svg = svg.replace("url(#", f"url(#{key}-").replace('href="#', f'href="#{key}-')
    for color, variable in VARIABLES.items():
        svg = svg.replace(f": {color}", f": var({variable}, {color})")
    opening, rest = svg.split(">", 1)
    opening = re.sub(r' (?:xmlns(?::\w+)?|version|height)="[^"]*"', "", opening)
    # without a background of its own the figure shows that of the page
    rest = re.sub(rf'<g id="{key}-patch_1">.*?</g>', "", rest, count=1, flags=re.DOTALL)
    rest = re.sub(r"fill: #ffffff", "fill: none", rest)
    return f'{opening} role="img" aria-label="{escape(title)}">{rest}'.strip()
