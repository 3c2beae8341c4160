"""What it costs several processes to stay at one: median time a step, on the CPU over gloo.

    python benchmarks/ranks.py                        # experiment=inertia, two processes
    python benchmarks/ranks.py --processes 4 network.channels=64

Each process calls, around a pause that stands for the training step, what runs before and after
every step: the comparison of strengths and policy state, and the question whether one of them was
told to leave. All are alone in their own thread; the pause lets the exchange go on behind it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from benchmarks.timing import positive
from softsym.cli import resolvers
from softsym.cli.overrides import CONF
from softsym.lightning_modules.callbacks import GracefulStop, RankAgreement

STEPS_AN_EPOCH = 2


def process(rank: int, folder: str, options: argparse.Namespace) -> None:
    """One of the processes; the first prints."""
    torch.set_num_threads(1)
    meeting = f"file://{folder}/meeting"
    dist.init_process_group("gloo", meeting, rank=rank, world_size=options.processes)
    resolvers.register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", [f"experiment={options.experiment}", *options.overrides])
    module = instantiate(config.module)
    trainer = SimpleNamespace(
        world_size=options.processes,
        callback_metrics={"val/mse": torch.tensor(1.0), "val/mae": torch.tensor(1.0)},
        num_training_batches=STEPS_AN_EPOCH,
    )
    agreement, stop = RankAgreement(), GracefulStop()
    stop.on_fit_start(trainer, module)
    agreement.on_train_start(trainer, module)
    times: dict[str, list[float]] = {
        "agreement": [],
        "agreement, first of an epoch": [],
        "stop": [],
    }
    for step in range(options.steps):
        first = step % STEPS_AN_EPOCH == 0
        began = time.perf_counter()
        agreement.on_train_batch_start(trainer, module, None, step % STEPS_AN_EPOCH)
        between = time.perf_counter()
        time.sleep(options.pause)
        asked = time.perf_counter()
        stop.on_train_batch_end(trainer, module, None, None, step % STEPS_AN_EPOCH)
        ended = time.perf_counter()
        times["agreement, first of an epoch" if first else "agreement"].append(between - began)
        times["stop"].append(ended - asked)
    if rank == 0:
        for name, seconds in times.items():
            low, middle, high = statistics.quantiles(seconds[10:], n=4)
            print(f"| {name} | {middle * 1e6:.0f} | {low * 1e6:.0f} to {high * 1e6:.0f} |")
    dist.barrier()
    os._exit(0)  # taking gloo's threads down can wait for Python, which waits for them


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=positive, default=2)
    parser.add_argument("--steps", type=positive, default=1000)
    parser.add_argument("--pause", type=float, default=5e-3, help="seconds a step (default: 5 ms)")
    parser.add_argument("--experiment", default="inertia")
    parser.add_argument("overrides", nargs="*", help="overrides of its config")
    options = parser.parse_intermixed_args()
    print("| | median, µs a step | quartiles |\n|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        mp.spawn(process, (folder, options), nprocs=options.processes)


if __name__ == "__main__":
    main()
