"""What all benchmarks of time share: waiting for the device, naming the machine, medians."""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable, Mapping

import torch

WARM_UP = 3
"""First calls that allocate, and are not counted."""


def synchronise(device: torch.device) -> None:
    """Waits until the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def default_device() -> torch.device:
    """The GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_name(device: torch.device) -> str:
    """The model of the GPU, or the kind of processor."""
    return torch.cuda.get_device_name() if device.type == "cuda" else platform.machine()


def positive(text: str) -> int:
    """A whole number of at least 1, for arguments."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1; got {number}")
    return number


def in_turns(
    timed: Mapping[str, Callable[[], object]], repeats: int, device: torch.device
) -> dict[str, list[float]]:
    """Milliseconds of each, in turns, so that a busy moment of the machine falls on all."""
    found: dict[str, list[float]] = {name: [] for name in timed}
    for repeat in range(repeats + WARM_UP):
        for name, step in timed.items():
            synchronise(device)
            began = time.perf_counter()
            step()
            synchronise(device)
            if repeat >= WARM_UP:
                found[name].append(1e3 * (time.perf_counter() - began))
    return found


def spread(times: list[float]) -> str:
    """Median, and the least and the most."""
    return f"{statistics.median(times):.2f} ({min(times):.2f} to {max(times):.2f})"
