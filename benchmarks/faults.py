"""Tries faults in large numbers and counts what comes of them: the campaign of tests/faults.

    python benchmarks/faults.py                       # all parts, a night
    python benchmarks/faults.py flips kills --times 100

Each part tries one kind of fault and sorts every try by its outcome: *named* (one clear message, or
no harm done), *lost* (work that was saved is gone), *silent* (a result that is wrong without a
word), *foreign* (a traceback or an error of another library), *executed* (code of the data ran).
The exit code is 0 if all tries were named. A new part is a function and a line in ``PARTS``.
"""

from __future__ import annotations

import argparse
import io
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# without the folder of this file, which would hide tests/faults behind its name
sys.path = [str(ROOT / "tests"), str(ROOT)] + [
    place for place in sys.path if Path(place).resolve() != Path(__file__).resolve().parent
]

import torch
from cache_trials import ArrayCache, BasisCache, flipped
from cluster.trainings import SMALL, finished, same
from faults.hostile import FOLDERS, MARK, build
from faults.test_settings import FILES, LAUNCHERS, tries, wanted
from torch import nn

from softsym.lightning_modules.checkpoint_io import AtomicCheckpointIO, read_checkpoint
from softsym.runs.errors import UserError

OUTCOMES = ("named", "lost", "silent", "foreign", "executed")


@dataclass(frozen=True)
class Reader:
    """A file of ours whose bits may flip.

    Attributes:
        write: Writes a healthy file into a folder and returns its path.
        read: Reads it to bytes, the same for the same content; a flip that is found may also be
            mended, after which the content is that of before.
        refusals: Errors that name the file and the remedy.
    """

    write: Callable[[Path], Path]
    read: Callable[[Path], bytes]
    refusals: tuple[type[Exception], ...] = (UserError,)


def write_checkpoint(folder: Path) -> Path:
    layers = nn.Sequential(nn.Linear(20, 64), nn.Linear(64, 9))
    weights = {f"network.{name}": weight for name, weight in layers.state_dict().items()}
    content = {"state_dict": weights, "epoch": 3, "optimizer_states": [{"lr": 0.1}]}
    AtomicCheckpointIO().save_checkpoint(content, folder / "last.ckpt")
    return folder / "last.ckpt"


def checkpoint_bytes(path: Path) -> bytes:
    file = io.BytesIO()
    torch.save(read_checkpoint(path), file)
    return file.getvalue()


READERS = {"checkpoint": Reader(write_checkpoint, checkpoint_bytes)}
"""Add a line for each kind of file that is read as a whole."""


def flips(folder: Path, times: int, draw: random.Random) -> Counter[str]:
    """Flips single bits anywhere in each kind of file, and reads it."""
    counts: Counter[str] = Counter()
    for name, reader in READERS.items():
        path = reader.write(folder)
        healthy, content = path.read_bytes(), reader.read(path)
        for _ in range(times):
            place = draw.randrange(8 * len(healthy))
            flipped = bytearray(healthy)
            flipped[place // 8] ^= 1 << place % 8
            path.write_bytes(flipped)
            outcome, why = flip_outcome(reader, path, content)
            counts[outcome] += 1
            if outcome != "named":
                print(f"  flips: {name}, bit {place}: {outcome} {why}", flush=True)
    return counts


def flip_outcome(reader: Reader, path: Path, content: bytes) -> tuple[str, str]:
    """What reading the file comes to, and why."""
    try:
        return ("named" if reader.read(path) == content else "silent"), ""
    except reader.refusals as error:
        return ("named" if path.name in str(error) else "foreign"), str(error)
    except Exception as error:
        return "foreign", repr(error)


def kills(folder: Path, times: int, draw: random.Random) -> Counter[str]:
    """Kills small trainings at random moments, several times each, until one comes through."""
    started = time.monotonic()
    calm = folder / "calm"
    if train(calm).wait():
        raise RuntimeError(f"the undisturbed run failed: {calm}.log")
    seconds = time.monotonic() - started
    counts: Counter[str] = Counter()
    while (left := times - counts.total()) > 0:
        run = folder / "killed"
        shutil.rmtree(run, ignore_errors=True)
        for _ in range(min(left, 5)):
            process = train(run)
            try:
                process.wait(timeout=draw.uniform(0.0, 1.1 * seconds))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
            process.wait()
            counts["tried"] += 1
        outcome = "lost" if train(run).wait() or not finished(run) else compared(calm, run)
        counts[outcome] += counts.pop("tried")
        if outcome != "named":
            print(f"  kills: {outcome}, see {shutil.copytree(run, f'{run}-{left}')}", flush=True)
    return counts


def train(folder: Path) -> subprocess.Popen[Any]:
    """Starts a small training, or goes on with it; half of its time is that of its steps."""
    words = [f"run_dir={folder}", "ckpt_path=auto", "callbacks.last.every_n_epochs=4"]
    command = [sys.executable, str(ROOT / "train.py"), *SMALL, *words, "trainer.max_epochs=200"]
    with folder.with_suffix(".log").open("a") as log:
        print(shlex.join(command), file=log, flush=True)
        return subprocess.Popen(command, cwd=folder.parent, stdout=log, stderr=log)


def compared(calm: Path, run: Path) -> str:
    try:
        same(calm, run)
    except AssertionError:
        return "silent"
    return "named" if not list(run.rglob(".*.tmp")) else "lost"


def caches(folder: Path, times: int, draw: random.Random) -> Counter[str]:
    """Flips single bits in caches of arrays and of bases, and reads them."""
    counts: Counter[str] = Counter()
    for number in range(times):
        place = folder / str(number)
        place.mkdir()
        cache = (ArrayCache, BasisCache)[number % 2](place)
        file = draw.choice(cache.files)
        bit = draw.randrange(8 * file.stat().st_size)
        flipped(file, bit)
        read = cache.read()
        counts["silent" if read.startswith("wrong") else "named"] += 1
        if read.startswith("wrong"):
            print(f"  caches: {file.name}, bit {bit}: {read}", flush=True)
        shutil.rmtree(place)
    return counts


def folders(folder: Path, times: int, draw: random.Random) -> Counter[str]:
    """Makes pages of many runs over random sets of hostile folders."""
    counts: Counter[str] = Counter()
    while counts.total() < times:
        top = build(folder / f"runs-{counts.total()}", draw.sample(FOLDERS, 8))
        command = [sys.executable, str(ROOT / "report.py"), str(top)]
        ended = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=600, check=False
        )
        outcome = "named" if ended.returncode == 0 and (top / "overview.html").exists() else "lost"
        outcome = "foreign" if "Traceback" in ended.stderr else outcome
        counts["executed" if list(folder.rglob(MARK)) else outcome] += 8
        if outcome != "named":
            print(f"  folders: {outcome}: {ended.stderr[-300:]}", flush=True)
    return counts


def keys(folder: Path, times: int, draw: random.Random) -> Counter[str]:
    """Tries wrong values at every key of every yaml, all of them, however often is asked for."""
    counts: Counter[str] = Counter()
    for file in FILES + LAUNCHERS:
        for setting, wrong, said in tries(file):
            silent = not said and wanted(setting, wrong)
            outcome = (
                "silent" if silent else "named" if setting.key in said or not said else "foreign"
            )
            counts[outcome] += 1
            if outcome != "named":
                print(f"  keys: {file}, {setting.key}, {wrong}: {outcome} {said}", flush=True)
    return counts


PARTS: dict[str, Callable[[Path, int, random.Random], Counter[str]]] = {
    "flips": flips,
    "caches": caches,
    "folders": folders,
    "kills": kills,
    "keys": keys,
}
"""Name of a part -> the function that tries it a number of times in a folder."""
TIMES = {"flips": 2000, "caches": 2000, "folders": 640, "kills": 100, "keys": 1}
"""Tries of each part in a campaign of a night."""


def main() -> None:
    """Prints a table for RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of: {', '.join(PARTS)}")
    parser.add_argument("--times", type=int, help="tries of each part (default: those of a night)")
    parser.add_argument("--seed", type=int, default=0, help="of what is tried (default: 0)")
    parser.add_argument("--folder", help="where to work (default: the system's)")
    given = parser.parse_args()
    if unknown := [part for part in given.parts if part not in PARTS]:
        parser.error(f"there is no part {unknown[0]!r}; choose from {', '.join(PARTS)}")
    bad = 0
    print("| fault | tried | named | lost | silently wrong | foreign tracebacks | executed |")
    print("|---|---|---|---|---|---|---|")
    for part in given.parts or PARTS:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            draw, times = random.Random(f"{given.seed}/{part}"), given.times or TIMES[part]
            counts = PARTS[part](Path(folder), times, draw)
        print(f"| {part} | {counts.total()} | {' | '.join(str(counts[o]) for o in OUTCOMES)} |")
        bad += counts.total() - counts["named"]
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
