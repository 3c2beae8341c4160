"""Gathers what a run found into metrics, table, report and the loggers' media."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import lightning
import numpy as np
import torch
from lightning import Trainer
from lightning.pytorch.loggers import TensorBoardLogger, WandbLogger
from matplotlib.figure import Figure
from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from torch import Tensor, nn

import softsym
from softsym.datamodules.base import TensorDataModule
from softsym.lightning_modules import SymmetryModule
from softsym.lightning_modules.callbacks import GracefulStop
from softsym.metrics import equivariance_error, nearest_neighbour_error
from softsym.regularizers.tuning import StrengthRow
from softsym.reporting import (
    Predictions,
    RunSummary,
    SymmetryResult,
    all_figures,
    show,
    write_report,
)
from softsym.reporting.tracks import sample_tracks
from softsym.runs.files import write_json
from softsym.runs.layout import COST, METRICS, RECORD, REPORT
from softsym.symmetries import Group
from softsym.symmetries.elements import Element

SAMPLES_SHOWN = 2000
ELEMENTS_SHOWN = 12
QUERIES = 1000
REFERENCES = 20000

DataErrors = dict[str, tuple[float, float | None]]
"""For each symmetry the data's equivariance error, and its floor where it is an estimate."""


@dataclass(frozen=True)
class Found:
    """What is there after the test.

    Attributes:
        module: With the weights of the tested model.
        datamodule: Set up.
        trainer: After the test.
        history: Strengths and penalties of all epochs.
        metrics: Flat results of the test.
    """

    module: SymmetryModule
    datamodule: TensorDataModule
    trainer: Trainer
    history: Sequence[StrengthRow]
    metrics: Mapping[str, float]

    @property
    def last(self) -> dict[str, StrengthRow]:
        """The last row of each symmetry."""
        return {row.name: row for row in self.history}

    @property
    def status(self) -> str:
        """``finished``, or ``interrupted`` by the user."""
        return "interrupted" if stopped_by(self.trainer) else "finished"


def stopped_by(trainer: Trainer) -> int:
    """The signal that ended the training early, 0 if none did."""
    callbacks = cast(Any, trainer).callbacks
    return max((c.stopped for c in callbacks if isinstance(c, GracefulStop)), default=0)


def publish(config: DictConfig, command: str, folder: Path, found: Found, seconds: float) -> None:
    """Writes metrics, cost and report, tells the loggers, shows the table.

    Args:
        config: The composed config.
        command: The command line.
        folder: The run folder.
        found: What the run found.
        seconds: Time the run took.
    """
    data = data_errors(found)
    metrics = flat_metrics(found, data)
    parameters = sum(p.numel() for p in found.module.network.parameters())
    # what the clock says is no part of the metrics: those of a resumed run are the same
    cost = {"run/seconds": seconds, "run/parameters": parameters}
    write_json(folder / COST, cost)
    write_json(folder / METRICS, metrics)
    summary = RunSummary(
        title=config.name,
        status=found.status,
        symmetries=symmetry_results(found, data),
        history=tuple(found.history),
        metrics=metrics,
        predictions=predictions(found, config.track_dim),
        adjusted_at=found.module.tuning.policy.adjusted_epoch,
        config=OmegaConf.to_yaml(config, resolve=True),
        command=command,
        versions=versions(),
        seconds=seconds,
        parameters=parameters,
    )
    report = folder / REPORT
    write_report(summary, report)
    log_results(found.trainer, metrics)
    log_media(found.trainer, all_figures(summary), folder)
    record = {
        "status": found.status,
        "name": config.name,
        "command": command,
        "monitor": config.monitor,
        "ended": datetime.now().astimezone().isoformat(timespec="seconds"),
        "versions": summary.versions,
    }
    # last of all: whoever finds it knows that the rest is whole
    write_json(folder / RECORD, record)
    show(summary, report, Console())


def flat_metrics(found: Found, data: DataErrors) -> dict[str, float]:
    """Test metrics, the data's equivariance errors, final strengths and penalties."""
    metrics = dict(found.metrics)
    metrics |= {f"data/equivariance_error/{name}": error for name, (error, _) in data.items()}
    metrics |= {f"strength/{n}": found.module.regularizers[n].strength for n in found.last}
    return metrics | {f"penalty/{row.name}": row.penalty for row in found.last.values()}


def symmetry_results(found: Found, data: DataErrors) -> tuple[SymmetryResult, ...]:
    """One result for each candidate symmetry, with the strength that the run ended with."""
    last, results = found.last, []
    for name, group in found.module.symmetries.items():
        regularizer = found.module.regularizers.get(name)
        error, floor = data[name]
        results.append(
            SymmetryResult(
                name=name,
                group=str(group),
                strength=regularizer.strength if regularizer else 0.0,
                penalty=last[name].penalty if name in last else float("nan"),
                model_error=found.metrics.get(f"test/equivariance_error/{name}"),
                data_error=None if floor is None else error,
                data_floor=floor,
                truth_error=error if floor is None else None,
            )
        )
    return tuple(results)


def data_errors(found: Found) -> DataErrors:
    """Equivariance error of the data for each symmetry, and the floor where it is an estimate."""
    datamodule, module = found.datamodule, found.module
    types, truth = (datamodule.rep_in, datamodule.rep_out), datamodule.true_function()
    queries = _spread(datamodule, "test", QUERIES)
    references = _spread(datamodule, "train", REFERENCES)
    errors: DataErrors = {}
    for name, G in module.symmetries.items():
        if truth is not None:
            errors[name] = (equivariance_error(truth, *types, G, queries[0]), None)
        else:
            errors[name] = nearest_neighbour_error(queries, references, *types, G)
    return errors


def predictions(found: Found, track_dim: int | None) -> Predictions:
    """Test samples spread over the whole split, with what network and baselines say of them."""
    module, data = found.module, found.datamodule
    inputs, targets = _spread(data, "test", SAMPLES_SHOWN)
    module.eval()  # with dropout each answer would be another
    drawn = Predictions(
        inputs=_array(data.observed_path(inputs)),
        targets=_metres(data, targets),
        outputs=_metres(data, _answers(module.network, inputs, module.device)),
        baselines={
            name: _metres(data, _answers(model, inputs, module.device))
            for name, model in module.baselines.items()
        },
        track_dim=track_dim,
    )
    return drawn if track_dim is None else _with_moved_scenes(found, drawn, inputs)


def _with_moved_scenes(found: Found, drawn: Predictions, inputs: Tensor) -> Predictions:
    """Adds what the network says of a few of the scenes once a group has moved them."""
    chosen = sample_tracks(drawn, 5)
    # the best predicted are often those who stand, and the worst are no typical ones
    chosen = chosen[1:-1] if len(chosen) > 3 else chosen
    data, x = found.datamodule, inputs[torch.from_numpy(chosen)]
    moved = {
        name: _metres(data, moved_answers(found, G, x, ELEMENTS_SHOWN))
        for name, G in found.module.symmetries.items()
    }
    return replace(drawn, moved=moved, moved_samples=chosen)


def moved_answers(found: Found, G: Group, x: Tensor, elements: int, seed: int = 0) -> Tensor:
    """The network's answers to moved inputs, carried back: rho_out(g)^-1 f(rho_in(g) x).

    Args:
        found: With the network and the types of its input and output.
        G: The group; each of its elements is drawn at random and moves all inputs.
        x: Inputs (m, size in), on the CPU.
        elements: Number of group elements.
        seed: Seed of the group elements.

    Returns:
        (m, elements, size out), float64.
    """
    module, data = found.module, found.datamodule
    g = G.sample_elements(elements, torch.Generator().manual_seed(seed))
    scenes = data.rep_in.over(G).act(g, x.double()[:, None])
    answers = _answers(module.network, scenes.flatten(0, 1), module.device)
    return data.rep_out.over(G).act(_inverse(g), answers.double().unflatten(0, scenes.shape[:2]))


def _inverse(g: Element) -> Element:
    return tuple(torch.linalg.inv(h) for h in g) if isinstance(g, tuple) else torch.linalg.inv(g)


def _answers(network: nn.Module, inputs: Tensor, device: torch.device) -> Tensor:
    """What the network says, in its own precision and on its device, (n, size out) on the CPU."""
    dtype = next((p.dtype for p in network.parameters()), torch.float32)
    with torch.no_grad():
        answers: Tensor = network(inputs.to(device, dtype))
    return answers.cpu()


def _metres(datamodule: TensorDataModule, values: Tensor) -> np.ndarray:
    """Numbers of the targets (..., size out) in the units that the datamodule tells."""
    scale = datamodule.target_scale
    return _array(values if scale is None else values * scale.to(values.dtype))


def log_results(trainer: Trainer, metrics: Mapping[str, float]) -> None:
    """Tells the loggers of the data's errors, and Weights & Biases of the tested model.

    Its summary, which sweeps and bar charts go by, is that of the last epoch otherwise.
    """
    errors = {key: value for key, value in metrics.items() if key.startswith("data/")}
    for logger in trainer.loggers:
        if errors:
            logger.log_metrics(errors, step=trainer.global_step)
        if isinstance(logger, WandbLogger):
            logger.experiment.summary.update(dict(metrics))


def log_media(trainer: Trainer, figures: Mapping[str, Figure], folder: Path) -> None:
    """Writes the figures to ``figures/*.png`` and hands them to loggers that show pictures."""
    (folder / "figures").mkdir(exist_ok=True)
    paths = {name: folder / "figures" / f"{name}.png" for name in figures}
    for name, figure in figures.items():
        figure.savefig(paths[name], dpi=120)
    for logger in trainer.loggers:
        if isinstance(logger, WandbLogger):
            for name, path in paths.items():
                logger.log_image(f"figures/{name}", [str(path)])
        elif isinstance(logger, TensorBoardLogger):
            for name, figure in figures.items():
                logger.experiment.add_figure(name, figure)
        logger.finalize("success")


def finish_loggers(trainer: Trainer) -> None:
    """Lets offline W&B write what it still holds in memory, before the process is killed."""
    for logger in trainer.loggers:
        if isinstance(logger, WandbLogger) and logger.experiment.settings.mode == "offline":
            logger.experiment.finish()


def versions() -> dict[str, str]:
    """Versions that a result may depend on."""
    return {
        "softsym": softsym.__version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "lightning": lightning.__version__,
        "numpy": np.__version__,
    }


def _spread(datamodule: TensorDataModule, split: str, most: int) -> tuple[Tensor, Tensor]:
    """At most so many samples, evenly spread over a split."""
    inputs, targets = datamodule.splits[split]
    chosen = torch.linspace(0, len(inputs) - 1, min(most, len(inputs))).long()
    return inputs[chosen].cpu(), targets[chosen].cpu()


def _array(values: Tensor) -> np.ndarray:
    return values.detach().float().cpu().numpy()
