"""Tries, before the first step, what optimizer, test and report will need at the end."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

import torch

from softsym.datamodules.base import TensorDataModule
from softsym.lightning_modules import SymmetryModule
from softsym.metrics.equivariance import EquivarianceError
from softsym.runs.errors import UserError


def rehearse(module: SymmetryModule, datamodule: TensorDataModule, track_dim: int | None) -> None:
    """Raises a UserError if training, test or report would fail by their settings.

    Args:
        module: The module, which has not been trained.
        datamodule: Its data, which have not been loaded.
        track_dim: Dimension of the tracks to draw; None without tracks.
    """
    _try_optimizer(module)
    _try_targets(module, datamodule)
    for name, group in module.symmetries.items():
        _try_symmetry(name, group, datamodule)
    if track_dim is not None:
        _try_tracks(datamodule, track_dim)


def _try_optimizer(module: SymmetryModule) -> None:
    try:
        module.configure_optimizers()
    except (TypeError, ValueError, RuntimeError, ZeroDivisionError) as error:
        made = getattr(module.optimizer, "func", module.optimizer)
        given = getattr(module.optimizer, "keywords", {})
        strange = [name for name in given if not _takes(made, name)]
        if strange:
            remedy = f" Leave it out with '~optimizer.{strange[0]}'."
            reason = f"{_name(made)} takes no {strange[0]!r}."
        else:
            reason, remedy = f"{_name(made)}: {error}.", ""
            listed = ", ".join(f"{name}={value}" for name, value in given.items())
            remedy = f" Settings: {listed or 'none'}."
        raise UserError(f"The optimizer cannot be made. {reason}{remedy}") from error


def _try_targets(module: SymmetryModule, datamodule: TensorDataModule) -> None:
    """Tries the loss and the metrics on targets of the shape that the data have."""
    size, classes = datamodule.rep_out.size(datamodule.dim), datamodule.classes
    prediction = torch.zeros(2, size)
    targets = torch.zeros(2, dtype=torch.int64) if classes else torch.zeros(2, size)
    tried: dict[str, tuple[Callable[..., object], torch.Tensor]]
    tried = {"loss": (module.task_loss, prediction)}
    for name, metric in module.val_metrics.plain.items(keep_base=True, copy_state=False):
        tried[f"metrics.{name}"] = copy.deepcopy(metric).update, module.link(prediction)
    for key, (measure, predicted) in tried.items():
        try:
            measure(predicted, targets)
        except (TypeError, ValueError, RuntimeError, IndexError) as error:
            kind = f"labels of {classes} classes" if classes else f"vectors of {size} numbers"
            others = {"loss": ("mse", "cross_entropy")}.get(key, ("regression", "classification"))
            other = f"{key.partition('.')[0]}={others[classes is not None]}"
            raise UserError(
                f"{key} does not go with the targets, which are {kind}: {str(error).rstrip('.')}. "
                f"Change its settings, or choose another one, such as {other}."
            ) from error


def _takes(made: Any, name: str) -> bool:
    parameters = inspect.signature(made).parameters.values()
    return any(p.name == name or p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)


def _name(made: Any) -> str:
    return getattr(made, "__qualname__", repr(made))


def _try_symmetry(name: str, group: Any, datamodule: TensorDataModule) -> None:
    try:
        EquivarianceError(datamodule.rep_in, datamodule.rep_out, group)
        elements = group.sample_elements(1, torch.Generator().manual_seed(0))
        for rep in (datamodule.rep_in, datamodule.rep_out):
            vector = torch.zeros(1, rep.over(group).size(group.dim), dtype=torch.float64)
            moved = rep.over(group).act(elements, vector)
            if moved.shape[-1] != rep.size(datamodule.dim):
                raise ValueError(
                    f"{group} acts on R^{group.dim}, but the data live over R^{datamodule.dim}"
                )
    except (TypeError, ValueError, NotImplementedError) as error:
        reason = str(error).rstrip(".")
        raise UserError(f"The test cannot measure the symmetry {name!r}: {reason}.") from error


def _try_tracks(datamodule: TensorDataModule, track_dim: int) -> None:
    observed = datamodule.observed_path(torch.zeros(1, datamodule.rep_in.size(datamodule.dim)))
    sizes = {
        "the observed path": observed.shape[-1],
        "a target": datamodule.rep_out.size(datamodule.dim),
    }
    for what, size in sizes.items():
        if size % track_dim:
            raise UserError(
                f"track_dim={track_dim}: {what} has {size} numbers, which are no track in "
                f"{track_dim} dimensions. Set track_dim=null where samples are no tracks."
            )
