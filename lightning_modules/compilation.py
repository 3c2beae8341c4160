"""Runs a network through ``torch.compile``, where that pays and can be done."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import torch
from torch import Tensor, nn

MODES = ("default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs")
"""Of ``torch.compile``; the second and the third replay CUDA graphs."""
CUDA_GRAPHS = ("reduce-overhead", "max-autotune")
CPP_COMPILERS = ("g++", "clang++", "cl")
"""One of these has to be there on the CPU."""
AUTO_EPOCHS = 1000
"""Epochs from which ``auto`` compiles: about where the minute spent on it is won back."""


def compiles(wanted: bool | str, accelerator: str, epochs: int) -> bool:
    """Whether a training is to be compiled.

    Args:
        wanted: True, False, or ``auto``: for trainings of many epochs, if it can be done.
        accelerator: Of the trainer, e.g. ``cpu``.
        epochs: Length of the training.

    Raises:
        ValueError: If ``wanted`` is something else, or compiling is wanted and cannot be done.
    """
    if wanted not in (True, False, "auto"):
        raise ValueError(f"compile must be true, false or auto; got {wanted}.")
    possible = accelerator != "cpu" or any(map(shutil.which, CPP_COMPILERS))
    if wanted == "auto":
        return possible and epochs >= AUTO_EPOCHS
    if wanted and not possible:
        raise ValueError(
            "compile=true needs a C++ compiler on the CPU, and none of "
            f"{', '.join(CPP_COMPILERS)} is installed. Install one, or set compile=false."
        )
    return bool(wanted)


def check_mode(mode: str) -> None:
    """Raises ValueError if there is no such mode."""
    if mode not in MODES:
        raise ValueError(f"compile_mode must be one of {', '.join(MODES)}; got {mode}.")


def compiled(network: nn.Module, mode: str) -> Callable[[Tensor], Tensor]:
    """The network's call, compiled; a function, so that the ``state_dict`` stays as it is.

    Args:
        network: Any module, (batch, in) to (batch, out).
        mode: One of ``MODES``.

    Raises:
        ValueError: If there is no such mode.
    """
    check_mode(mode)

    def predict(inputs: Tensor) -> Tensor:
        prediction: Tensor = network(inputs)
        return prediction

    run = torch.compile(predict, mode=mode)
    if mode not in CUDA_GRAPHS:
        return run

    def replay(inputs: Tensor) -> Tensor:
        # what the last step returned may be written over
        torch.compiler.cudagraph_mark_step_begin()
        return run(inputs)

    return replay
