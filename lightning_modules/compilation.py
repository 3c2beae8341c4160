"""Runs a network through ``torch.compile`` where that pays and is possible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

MODES = ("default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs")
"""Modes of ``torch.compile``."""
CUDA_GRAPHS = ("reduce-overhead", "max-autotune")
"""Modes that replay CUDA graphs."""
AUTO_EPOCHS = 1000
"""Number of epochs from which ``auto`` compiles: about where the minute it takes is won back."""


def compiles(wanted: bool | str, device: str, epochs: int) -> bool:
    """Decides whether a training is compiled.

    ``auto`` compiles long trainings where a compiler exists; -1 ``epochs`` are one without end.
    """
    check_settings(wanted)
    if not wanted:
        return False
    long = epochs >= AUTO_EPOCHS or epochs < 0  # without end
    if wanted == "auto":
        return long and has_compiler()
    if device == "cpu" and not has_compiler():
        raise ValueError(
            "compile=true needs a C++ compiler on the CPU: g++, or the one that CXX names. "
            "Install one, or set compile=false."
        )
    return True


def check_settings(wanted: bool | str, mode: str = "default") -> None:
    """Raises a ValueError unless ``wanted`` is a bool or ``auto`` and the mode is known."""
    if not isinstance(wanted, bool) and wanted != "auto":
        raise ValueError(f"compile must be true, false or auto; got {wanted}.")
    if mode not in MODES:
        raise ValueError(f"compile_mode must be one of {', '.join(MODES)}; got {mode}.")


def has_compiler() -> bool:
    """Whether ``torch.compile`` finds a C++ compiler, which it needs for code on GPUs as well."""
    from torch._inductor import cpp_builder, exc  # noqa: PLC0415  takes seconds to load

    try:
        return bool(cpp_builder.get_cpp_compiler())
    except exc.InvalidCxxCompiler:
        return False


def compiled(network: nn.Module, mode: str) -> Callable[[Any], Any]:
    """Compiles the network's call to a function, which leaves the ``state_dict`` as it is."""
    check_settings(True, mode)

    def predict(inputs: Any) -> Any:
        return network(inputs)

    run = torch.compile(predict, mode=mode)
    if mode not in CUDA_GRAPHS:
        return run

    def replay(inputs: Any) -> Any:
        # allows the graph to overwrite what the last step returned
        torch.compiler.cudagraph_mark_step_begin()
        return run(inputs)

    return replay
