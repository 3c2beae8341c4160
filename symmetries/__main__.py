"""``softsym groups``: shows a group and what it leaves unchanged."""

from __future__ import annotations

import argparse
import inspect
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from softsym.plugins import PluginError, load_plugin, plugins
from softsym.symmetries import picture
from softsym.symmetries.basis import equivariant_basis, equivariant_blocks, equivariant_projector
from softsym.symmetries.constraints import residual
from softsym.symmetries.disk_cache import cache_bases
from softsym.symmetries.grammar import NO_NAMES
from softsym.symmetries.group import Group
from softsym.symmetries.parsing import group, rep
from softsym.symmetries.representations import Rep

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXAMPLES = """examples:
  softsym groups "O(2)@xy" "T(2)"
  softsym groups "SO(3)" "T1 >> T2" --plot
  softsym groups "S(5)xO(3)" "V(S(5)) x V(O(3)) >> V(O(3))"
  softsym groups --list
"""


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.list:
        _load_all()
        Console().print(_families())
        return 0
    if not options.group:
        parser.print_help()
        return 2
    try:
        _show(options, Console(highlight=False))
    except (ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="softsym groups",
        description="What a group leaves unchanged: dimension, rank and time of a basis.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("group", nargs="?", help="such as 'SO(3)', 'O(2)@xy', 'S(5)xO(3)'")
    add("rep", nargs="?", default="T1 >> T1", help="such as 'T(2)'; T1 >> T1 by default")
    add("--dim", type=int, help="dimension of the base space, for G@axes (3)")
    add("--plot", nargs="?", const="", metavar="FILE", help="draw a picture (.png, .svg, .pdf)")
    drawn = "what to draw: by default the basis of a map 'A >> B', or else the projector"
    add("--draw", choices=["basis", "projector"], help=drawn)
    add("--cache", metavar="FOLDER", help="keep bases in a folder")
    add("--list", action="store_true", help="list the families of groups")
    return parser


def _show(options: argparse.Namespace, console: Console) -> None:
    cache_bases(options.cache)
    G, R = group(options.group, options.dim), rep(options.rep)
    path = None if options.plot is None else Path(options.plot or _file_name(options))
    if path is not None:
        picture.require_drawable(path)
    start = time.perf_counter()
    blocks = equivariant_blocks(G, R)
    seconds = time.perf_counter() - start
    rank = sum(len(block.index) * block.basis.shape[1] for block in blocks)
    left = max((residual(G, block.tensor, block.basis) for block in blocks), default=0.0)
    lines = {
        "group": _description(G),
        "representation": f"{options.rep}: {R.over(G).size(G.space)} numbers",
        "rank": rank,
        "residual": f"{left:.1e}",
        "time": f"{1e3 * seconds:.1f} ms",
    }
    for what, value in lines.items():
        console.print(f"{what:<16}{value}", markup=False, soft_wrap=True)
    if path is not None and not rank:
        console.print("nothing to draw: the rank is 0", soft_wrap=True)
    elif path is not None:
        _figure(options, G, R).savefig(path, dpi=150)
        console.print(f"drawn in {path}", markup=False, soft_wrap=True)


def _figure(options: argparse.Namespace, G: Group, R: Rep) -> Figure:
    title = f"{options.group}: {options.rep}"
    columns = _input_size(options.rep, G)
    size = R.over(G).size(G.space)
    if (options.draw or ("basis" if columns else "projector")) == "projector":
        if size > picture.MOST_NUMBERS:
            raise ValueError(
                f"A projector of {size} x {size} numbers is too large to look at "
                f"(at most {picture.MOST_NUMBERS}); draw the basis with --draw basis."
            )
        return picture.draw_projector(equivariant_projector(G, R), f"projector of {title}")
    columns = columns or G.dim
    shape = (size // columns, columns) if size % columns == 0 else (1, size)
    return picture.draw_basis(equivariant_basis(G, R), shape, f"basis of {title}")


def _input_size(text: str, G: Group) -> int | None:
    """Size of the inputs of a map ``A >> B``; None for any other type, such as a sum of maps."""
    inputs, _, outputs = text.partition(">>")
    try:
        rep(outputs)
        return rep(inputs).over(G).size(G.space)
    except ValueError:
        return None


def _load_all() -> None:
    """Imports the families of installed packages; one that is broken is said and left out."""
    for name in plugins("groups").keys() - Group.families:
        try:
            load_plugin("groups", name)
        except PluginError as error:
            sys.stderr.write(f"warning: {error}\n")


def _families() -> Table:
    table = Table(
        title="Families of groups",
        caption="d, generators (infinitesimal + discrete) and kind are those of the example",
        box=None,
        padding=(0, 2, 0, 0),
        pad_edge=False,
    )
    for heading in ("family", "example"):
        table.add_column(heading, no_wrap=True)
    for heading in ("d", "generators"):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in _kinds(group("SO(3)")):
        table.add_column(heading, justify="center", no_wrap=True)
    for name in sorted(set(Group.families) - NO_NAMES):
        written, G = _example(name)
        generators = f"{len(G.lie_algebra)} + {len(G.discrete_generators)}"
        kinds = ("yes" if holds else "-" for holds in _kinds(G).values())
        table.add_row(written, str(G), str(G.dim), generators, *kinds)
    return table


def _example(family: str) -> tuple[str, Group]:
    """How a family is written, and the group with 3 for each argument that it needs."""
    make: Callable[..., Group] = Group.families[family]
    parameters = inspect.signature(make).parameters.values()
    needed = [p.name for p in parameters if p.default is inspect.Parameter.empty]
    return f"{family}({', '.join(needed)})" if needed else family, make(*[3 for _ in needed])


def _description(G: Group) -> str:
    kinds = ", ".join(kind for kind, holds in _kinds(G).items() if holds)
    return (
        f"{G} on R^{G.dim}; {kinds or 'not compact'}; generators: "
        f"{len(G.lie_algebra)} infinitesimal, {len(G.discrete_generators)} discrete"
    )


def _kinds(G: Group) -> dict[str, bool]:
    is_permutation = G.permutations is not None
    return {"compact": G.is_compact, "orthogonal": G.is_orthogonal, "permutation": is_permutation}


def _file_name(options: argparse.Namespace) -> str:
    names = (options.group, options.rep.replace(">>", "to"))
    return "_".join(re.sub(r"[^\w,]+", "", name) for name in names) + ".png"


if __name__ == "__main__":
    sys.exit(main())
