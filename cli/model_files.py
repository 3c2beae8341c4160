"""Files of trained models that other programs read, checked before they are kept."""

from __future__ import annotations

import copy
import logging
import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from softsym.cli.trained import TrainedModel
from softsym.runs.errors import UserError
from softsym.runs.files import replacing

Predict = Callable[[Tensor], Tensor]

TOLERANCE = 1e-5
"""Largest difference of predictions, relative to the largest of them."""
PROBES = (1, 2, 300)
"""Sizes of the batches by which a file is checked."""
TRACED = 3
"""Samples of the batch that is traced; 1 would be taken for a constant."""


def export(model: TrainedModel, path: Path, kind: str) -> float:
    """Writes a model; the file takes its place if it predicts what the model predicts.

    Args:
        model: The trained model, on the CPU.
        path: The file.
        kind: ``safetensors``, ``torch_export`` or ``onnx``.

    Returns:
        The largest difference of predictions, relative to the largest of them.

    Raises:
        UserError: If the model cannot be traced, its inputs are not known, or the difference is
            above 1e-5.
    """
    write = {"safetensors": _weights, "torch_export": _program, "onnx": _onnx}[kind]
    with replacing(path) as temporary:
        difference = _difference(model, write(model, temporary))
        if not difference <= TOLERANCE:
            raise UserError(
                f"{kind}: the exported model differs from the trained one by {difference:.1g} of "
                f"the largest prediction, more than {TOLERANCE:g}. No file is kept."
            )
    return difference


def _weights(model: TrainedModel, path: Path) -> Predict:
    """Writes weights and scales; returns a copy of the model that has them from the file."""
    types = {key: str(getattr(model, key)) for key in ("rep_in", "rep_out")}
    weights = {name: w.contiguous() for name, w in model.in_units.state_dict().items()}
    save_file(weights, path, {"format": "pt", **types})
    again = copy.deepcopy(model.in_units)
    for values in again.state_dict().values():
        values.zero_()
    again.load_state_dict(load_file(path))
    return again


def _program(model: TrainedModel, path: Path) -> Predict:
    """Writes what ``torch.export`` traces."""
    batch = torch.export.Dim("batch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch about its own modules
        try:
            traced = torch.export.export(
                model.in_units, (inputs(model, TRACED),), dynamic_shapes=({0: batch},)
            )
        except Exception as error:  # torch has no common class for them
            raise _untraced(model, error) from error
        with path.open("wb") as file:
            torch.export.save(traced, file)
        with path.open("rb") as file:
            return torch.export.load(file).module()


def _onnx(model: TrainedModel, path: Path) -> Predict:
    """Writes what ``torch.onnx`` traces, with ``inputs`` and ``predictions`` as names."""
    import onnxruntime  # noqa: PLC0415 (an optional package)

    # it warns of torchvision, which is not needed
    logging.getLogger("torch.onnx._internal.exporter").setLevel(logging.ERROR)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            program: Any = torch.onnx.export(
                model.in_units,
                (inputs(model, TRACED),),
                dynamo=True,
                dynamic_shapes=({0: torch.export.Dim("batch")},),
                input_names=["inputs"],
                output_names=["predictions"],
                verbose=False,
            )
        except ImportError as error:
            raise UserError(
                f"Packages that --to onnx needs do not fit together: {error}. Install "
                "'softsym[onnx]' in an environment without the extra trajectory, which needs an "
                "older protobuf."
            ) from error
        except Exception as error:
            raise _untraced(model, error) from error
        program.save(str(path))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return lambda x: torch.from_numpy(session.run(None, {"inputs": x.numpy()})[0])


def _untraced(model: TrainedModel, error: Exception) -> UserError:
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return UserError(
        f"{type(model.network).__name__} cannot be traced by PyTorch: {reason} Its weights can be "
        "had with --to safetensors."
    )


def inputs(model: TrainedModel, count: int) -> Tensor:
    """Random inputs (count, size in), as large as those that the model was trained on.

    Raises:
        UserError: If their number is not known.
    """
    if model.size_in is None:
        raise UserError(
            f"{type(model.network).__name__} does not say how many inputs it takes. Give it an "
            "attribute rep_in, such as rep('5T0 + 5T1')."
        )
    like: Any = next(model.network.parameters(), torch.zeros(()))
    x = torch.randn(count, model.size_in, generator=torch.Generator().manual_seed(count)).double()
    mean, scale = model.scales.get("inputs", (0.0, 1.0))
    return (x * scale + mean).to(like.dtype)


@torch.no_grad()
def _difference(model: TrainedModel, predict: Predict) -> float:
    """The largest difference of predictions, relative to the largest of them."""
    worst = 0.0
    for count in PROBES:
        x = inputs(model, count)
        wanted, found = model(x), predict(x)
        if found.shape != wanted.shape:
            return math.inf
        apart = (found - wanted).abs().max() / wanted.abs().max().clamp_min(1e-30)
        if not apart <= TOLERANCE:
            return float(apart)
        worst = max(worst, float(apart))
    return worst
