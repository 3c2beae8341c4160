"""What each process hands in, all know one step later."""

import os
from types import SimpleNamespace

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from softsym.lightning_modules.callbacks.step_exchange import StepExchange

PROCESSES = 3


def process(rank, folder):
    dist.init_process_group("gloo", f"file://{folder}/meeting", rank=rank, world_size=PROCESSES)
    exchange = StepExchange(SimpleNamespace(world_size=PROCESSES))
    rows = [torch.tensor([10.0 * step + rank, step]).double() for step in range(4)]
    tables = [exchange.step(row) for row in rows]
    tables += [exchange.drain(), exchange.drain()]
    torch.save(tables, f"{folder}/{rank}.pt")
    dist.barrier()
    os._exit(0)  # taking gloo's threads down can wait for Python, which waits for them


def test_tables_come_a_step_later_and_are_the_same_everywhere(tmp_path):
    mp.start_processes(process, (str(tmp_path),), nprocs=PROCESSES, start_method="fork")
    wanted = [
        torch.tensor([[10.0 * step + rank, step] for rank in range(PROCESSES)]).double()
        for step in range(4)
    ]
    for rank in range(PROCESSES):
        first, *tables, nothing = torch.load(tmp_path / f"{rank}.pt")
        assert first is None
        assert nothing is None
        for table, should_be in zip(tables, wanted, strict=True):
            assert torch.equal(table, should_be)
