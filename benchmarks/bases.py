"""Time, peak memory and residual of equivariant bases, from nothing solved before.

    python benchmarks/bases.py                        # the table of benchmarks/RESULTS.md
    python benchmarks/bases.py --repeats 3 --threads 1
    python benchmarks/bases.py "O(2)@xy" "T(8)"       # one of your own

Each basis is solved in a process of its own. Memory is the largest resident size while it is
solved, less that after the import.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import scipy
import torch
from rich.progress import track

from softsym.symmetries import SO, Group, equivariant_basis, group, rep, solver
from softsym.symmetries.constraints import residual

CASES = (
    ("O(3)", "T(6)", 0.05),
    ("O(3)", "T(7)", 0.1),
    ("SO(3)", "T(7)", 0.2),
    ("O(3)", "T(8)", 0.5),
    ("Lorentz", "T(3,3)", 0.3),
    ("S(8)", "T(4)", 0.1),
    ("S(10)", "T(4)", 0.2),
    ("Z(16)", "T(3)", 0.3),
    ("SL(3)", "T(3,3)", 0.1),
    ("RubiksCube", "T(2)", 0.2),
    ("S(30)", "T(4)", 2.0),
    ("O(3)", "T(10)", 10.0),
    # without closed forms of their own
    ("O(2)@xy", "T(8)", None),
    ("SO(3)*Scaling(3)", "T(4,4)", None),
    ("O(2)@xy*O(2)@yz", "T(8)", None),
    ("SE(3)", "T(3,3)", None),
    ("U(2)", "T(6)", None),
    ("SU(2)", "T(6)", None),
    ("S(5)xO(3)", "T(4)", None),
    ("Tilted(3)", "T(6)", None),
    ("Tilted(3)", "T(7)", None),
    ("Tilted(3)", "T(8)", None),
)
"""Group, representation, and the seconds asked for at most."""


class Tilted(Group):
    """SO(n) in random orthonormal coordinates: generators of one's own, dense, no closed form."""

    def __init__(self, n: int) -> None:
        random = torch.Generator().manual_seed(0)
        axes = torch.linalg.qr(torch.randn(n, n, dtype=torch.float64, generator=random)).Q
        super().__init__(n, axes.T @ SO(n).lie_algebra @ axes, name=f"Tilted({n})")


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("group", nargs="?")
    parser.add_argument("rep", nargs="?", default="T(2)")
    parser.add_argument("--repeats", type=int, default=5, help="solves of each basis")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.repeats < 1 or options.threads < 1:
        parser.error("--repeats and --threads must be at least 1")
    if options.one:
        print(json.dumps(measured(options.group, options.rep, options.repeats, options.threads)))
        return
    cases = ((options.group, options.rep, None),) if options.group else CASES
    rows = [(case, in_own_process(*case[:2], options)) for case in track(cases, transient=True)]
    print(table(rows))
    print(
        f"\nMedian (least to most) of {options.repeats}, {options.threads} threads; "
        f"{platform.machine()}, torch {torch.__version__}, scipy {scipy.__version__}, "
        f"Python {platform.python_version()}."
    )


def measured(name: str, text: str, repeats: int, threads: int) -> dict[str, float | list[float]]:
    """Solves one basis several times, each time anew."""
    torch.set_num_threads(threads)
    equivariant_basis("SO(2)", "T2")  # what loads on first use is no part of any basis
    before = peak()
    seconds = []
    for _ in range(repeats):
        solver._solve.cache_clear()
        start = time.perf_counter()
        basis = equivariant_basis(group(name), rep(text))
        seconds.append(time.perf_counter() - start)
        size, rank = basis.shape
        last, basis = basis, None
    memory = peak() - before
    G = group(name)
    return {
        "size": size,
        "rank": rank,
        "seconds": seconds,
        "megabytes": memory / 2**20,
        "residual": residual(G, rep(text), last),
    }


def peak() -> int:
    """Largest resident size of this process so far, in bytes."""
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest if sys.platform == "darwin" else 1024 * largest


def in_own_process(name: str, text: str, options: argparse.Namespace) -> dict:
    """The measurements of one basis."""
    settings = ["--repeats", str(options.repeats), "--threads", str(options.threads)]
    command = [sys.executable, __file__, "--one", name, text, *settings]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{name} {text}: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def table(rows: list) -> str:
    """As Markdown, to be kept."""
    lines = [
        "| group | rep | size | rank | seconds | asked | peak memory | residual |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for (name, text, asked), one in rows:
        times = one["seconds"]
        spread = f"{statistics.median(times):.3f} ({min(times):.3f} to {max(times):.3f})"
        lines.append(
            f"| {name} | {text} | {one['size']} | {one['rank']} | {spread} | {asked or '-'} "
            f"| {one['megabytes']:.0f} MB | {one['residual']:.0e} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
