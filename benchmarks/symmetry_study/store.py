"""Results of a study, a json line each, so that it goes on where it was stopped."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import track

Task = tuple[str, int]
"""Name of a cell, and the seed of one repetition."""
Work = Callable[[str, int], Any]


def in_turns(names: Sequence[str], repetitions: int) -> list[Task]:
    """Tasks for all cells, seed by seed, so that a study that is cut short is short everywhere."""
    return [(name, seed) for seed in range(repetitions) for name in names]


def results(file: Path) -> dict[str, list[dict[str, Any]]]:
    """Reads what is done: name of a cell -> its repetitions by seed.

    Each has ``seed``, ``cpu`` in seconds, and ``result``. Lines cut short by a kill are left out.
    """
    found: dict[str, dict[int, dict[str, Any]]] = {}
    for line in file.read_text().splitlines() if file.is_file() else ():
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue
        found.setdefault(record["cell"], {})[record["seed"]] = record
    return {cell: [runs[seed] for seed in sorted(runs)] for cell, runs in found.items()}


def run(
    work: Work, tasks: Sequence[Task], file: Path, workers: int = 1, minutes: float = float("inf")
) -> dict[str, list[dict[str, Any]]]:
    """Does the tasks that the file does not hold yet, and adds each to it.

    Args:
        work: Computes what json can hold from the name of a cell and a seed; a module's function.
        tasks: What to do, in this order.
        file: Where results are, and go.
        workers: Number of processes, each with one thread; 1 stays in this one.
        minutes: No more results are awaited after this time.

    Returns:
        All results of the file.
    """
    done = {(cell, record["seed"]) for cell, runs in results(file).items() for record in runs}
    left = [task for task in tasks if task not in done]
    file.parent.mkdir(parents=True, exist_ok=True)
    ends = time.monotonic() + 60 * minutes
    with file.open("a") as out:
        out.write("\n")  # a line cut short by a kill must not swallow the next one
        shown = track(
            _records(partial(_record, work), left, workers),
            total=len(left),
            console=Console(stderr=True),
            description=file.stem,
        )
        for record in shown:
            out.write(json.dumps(record) + "\n")
            out.flush()
            if time.monotonic() > ends:
                break
    return results(file)


def _records(record: Callable[[Task], Any], left: Sequence[Task], workers: int) -> Iterator[Any]:
    if workers == 1:
        torch.set_num_threads(1)
        yield from map(record, left)
        return
    with get_context("spawn").Pool(workers, torch.set_num_threads, (1,)) as pool:
        yield from pool.imap_unordered(record, left)


def _record(work: Work, task: Task) -> dict[str, Any]:
    cell, seed = task
    began = time.process_time()
    result = work(cell, seed)
    return {"cell": cell, "seed": seed, "cpu": time.process_time() - began, "result": result}
