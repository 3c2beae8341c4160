"""Turns a finished run into metrics, a table, the report and the loggers' pictures."""

from __future__ import annotations

import logging
import math
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
from softsym.cli.fold_results import fold_record, sharper, source_of_verdicts
from softsym.cli.records import portable_config
from softsym.cli.selection import FINAL, finished_folds
from softsym.datamodules.base import TensorDataModule
from softsym.lightning_modules import SymmetryModule
from softsym.lightning_modules.callbacks import GracefulStop
from softsym.lightning_modules.held_out import chosen_rows
from softsym.metrics import SymmetryTest, equivariance_error, symmetry_test
from softsym.reporting import (
    Predictions,
    RunSummary,
    SymmetryResult,
    all_figures,
    show,
    write_report,
)
from softsym.reporting.environments import metrics_of, pooled_test
from softsym.reporting.number_format import listing
from softsym.reporting.tracks import sample_tracks
from softsym.runs.files import write_json
from softsym.runs.layout import COST, METRICS, PREDICTIONS, RECORD, REPORT, VERDICTS
from softsym.runs.strengths import StrengthRow
from softsym.symmetries import Group
from softsym.symmetries.elements import Element

log = logging.getLogger(__name__)

TESTED = ("p", "lower", "upper", "estimate")
"""Numbers of each verdict that are metrics too."""
SAMPLES_SHOWN = 2000
"""Test samples in the report: more make its file large and its scatter plots no clearer."""
ELEMENTS_SHOWN = 12
"""Group elements that move each scene in the pictures of tracks."""
HELD_OUT = 4000
"""Samples of each held-out split that the symmetry test uses."""
HELD_OUT_FAST = 300
"""The same in a run that only tries whether everything works (``trainer.fast_dev_run``)."""


@dataclass(frozen=True)
class RunResult:
    """The objects and numbers that a run leaves in memory after its test.

    Attributes:
        module: Holds the weights of the tested model.
        datamodule: The data, set up.
        trainer: The trainer after the test.
        history: Strengths and penalties of all epochs.
        metrics: Flat results of the test.
        epochs: Number of epochs that the tested model has trained.
    """

    module: SymmetryModule
    datamodule: TensorDataModule
    trainer: Trainer
    history: Sequence[StrengthRow]
    metrics: Mapping[str, float]
    epochs: int = 0

    @property
    def model(self) -> nn.Module:
        """The mean of the targets given the input: probabilities where the network has logits."""
        return nn.Sequential(self.module.network, self.module.link)

    @property
    def last(self) -> dict[str, StrengthRow]:
        """The last row of each symmetry."""
        return {row.name: row for row in self.history}

    @property
    def status(self) -> str:
        """``finished``, or ``interrupted`` if the user stopped the training."""
        return "interrupted" if stopped_by(self.trainer) else "finished"


def stopped_by(trainer: Trainer) -> int:
    """Number of the signal that ended the training early; 0 if none did."""
    callbacks = cast(Any, trainer).callbacks
    return max((c.stopped for c in callbacks if isinstance(c, GracefulStop)), default=0)


def publish(
    config: DictConfig, command: str, folder: Path, result: RunResult, seconds: float
) -> None:
    """Writes metrics, cost and report, passes them to the loggers, and prints the table.

    Args:
        config: The composed config.
        command: The command line.
        folder: The run folder.
        result: The finished run.
        seconds: Duration of the run.
    """
    folds = finished_folds(folder) if config.select_fold == FINAL else ()
    test, untested = pooled_test(folds) if folds else held_out_test(result)
    metrics = flat_metrics(result, test) | metrics_of(folds, config.monitor)
    parameters = sum(p.numel() for p in result.module.network.parameters())
    # kept apart, because the metrics of a resumed run equal those of an undisturbed one
    cost = {"run/seconds": seconds, "run/parameters": parameters}
    write_json(folder / COST, cost)
    write_json(folder / METRICS, metrics)
    write_json(folder / VERDICTS, verdict_records(result, test, untested))
    summary = RunSummary(
        title=config.name,
        status=result.status,
        symmetries=symmetry_results(result),
        test=test,
        untested=untested,
        history=tuple(result.history),
        metrics=metrics,
        predictions=predictions(result, config.track_dim),
        adjusted_at=result.module.tuning.policy.adjusted_epoch,
        config=OmegaConf.to_yaml(OmegaConf.create(portable_config(config, folder))),
        command=command,
        versions=versions(),
        seconds=seconds,
        parameters=parameters,
        bound=bound_weights(result.module),
        measures=what_penalties_measure(result.module),
        data=result.datamodule.note,
        monitor=config.monitor,
        higher_is_better=config.monitor in better_if_higher(result.module),
        unmoved=result.module.moved.reasons if result.module.moved else {},
        environments=folds,
        held_out=source_of_verdicts(result.datamodule),
    )
    if summary.predictions is not None:
        summary.predictions.save(folder / PREDICTIONS)
    report = folder / REPORT
    write_report(summary, report)
    log_results(result.trainer, metrics)
    log_media(result.trainer, all_figures(summary), folder)
    record = {
        "status": result.status,
        "name": config.name,
        "command": command,
        "monitor": config.monitor,
        "higher_is_better": better_if_higher(result.module),
        "ended": datetime.now().astimezone().isoformat(timespec="seconds"),
        "versions": summary.versions,
        "adjusted_at": summary.adjusted_at,
        "bound": summary.bound,
        "measures": summary.measures,
        "data": summary.data,
        "unmoved": summary.unmoved,
        "test": {} if test is None else test.settings,
        "epochs": result.epochs,
        "held_out": summary.held_out,
        **fold_record(result.datamodule),
    }
    # written last: a reader who finds it knows that everything else is complete
    write_json(folder / RECORD, record)
    show(summary, report, Console())


def better_if_higher(module: SymmetryModule) -> list[str]:
    """The validation metrics of which more is better."""
    measured = module.val_metrics.plain.items(keep_base=True)
    return [name for name, metric in measured if metric.higher_is_better]


def bound_weights(module: SymmetryModule) -> str:
    """Says once what part of the weights each kind of regularizer measures."""
    found = {
        f"{type(r).__name__}: {r.coverage}."
        for r in module.regularizers.values()
        if r.coverage is not None and r.group is not None
    }
    return " ".join(sorted(found))


def what_penalties_measure(module: SymmetryModule) -> str:
    """Says once what each kind of penalty is, with the names it belongs to if there are several."""
    names: dict[str, list[str]] = {}
    for name, regularizer in module.regularizers.items():
        if regularizer.group is not None and regularizer.measures:
            names.setdefault(regularizer.measures, []).append(name)
    several = len(names) > 1
    return " ".join(
        f"The penalty {f'of {listing(of)} ' if several else ''}is {text}"
        for text, of in names.items()
    )


def flat_metrics(result: RunResult, test: SymmetryTest | None) -> dict[str, float]:
    """Joins test metrics, numbers of the symmetry test, final strengths and penalties."""
    metrics = dict(result.metrics)
    for name, verdict in (test or {}).items():
        known = {key: getattr(verdict, key) for key in TESTED}
        metrics |= {f"symmetry/{name}/{k}": v for k, v in known.items() if math.isfinite(v)}
    for part, (value, low, high) in (test.explained if test else {}).items():
        key = "r2" if part == "all" else f"r2/{part}"
        metrics |= {key: value, f"{key}/lower": low, f"{key}/upper": high}
    metrics |= paper_errors_of_truth(result)
    metrics |= {f"strength/{n}": result.module.regularizers[n].strength for n in result.last}
    return metrics | {f"penalty/{row.name}": row.penalty for row in result.last.values()}


def paper_errors_of_truth(result: RunResult) -> dict[str, float]:
    """The paper's equivariance error of the function that made the data, where it is asked for."""
    truth, data = result.datamodule.true_function(), result.datamodule
    if truth is None or not result.module.paper_errors:
        return {}
    x = data.splits["test"][0][_spread(data, "test", SAMPLES_SHOWN)].cpu()
    types = data.rep_in, data.rep_out
    return {
        f"data/equivariance_error/{name}": equivariance_error(
            truth, *types, G, x, relative_to="paper"
        )
        for name, G in result.module.symmetries.items()
    }


def symmetry_results(result: RunResult) -> tuple[SymmetryResult, ...]:
    """Collects one result for each candidate symmetry, with its final strength."""
    last, results = result.last, []
    for name, group in result.module.symmetries.items():
        regularizer = result.module.regularizers.get(name)
        results.append(
            SymmetryResult(
                name=name,
                group=str(group),
                strength=regularizer.strength if regularizer else 0.0,
                penalty=last[name].penalty if name in last else float("nan"),
                model_error=result.metrics.get(f"test/equivariance_error/{name}"),
            )
        )
    return tuple(results)


def held_out_test(result: RunResult) -> tuple[SymmetryTest | None, str]:
    """Tests the candidate symmetries with the trained model, on samples that it did not train on.

    Returns:
        The test, or None and the reason why there is none.
    """
    module, data = result.module, result.datamodule
    if not module.symmetries:
        return None, ""
    most = HELD_OUT_FAST if getattr(result.trainer, "fast_dev_run", False) else HELD_OUT
    rows = {split: _spread(data, split, most) for split in data.held_out}
    x, y = (
        torch.cat([data.splits[split][i][chosen].cpu() for split, chosen in rows.items()])
        for i in range(2)
    )
    labels = data.clusters
    clusters = None if labels is None else torch.cat([labels[s][r] for s, r in rows.items()])
    types = data.rep_in, data.rep_out
    try:
        test = symmetry_test(
            x, data.vectors(y), module.symmetries, *types, model=result.model, clusters=clusters
        )
        if data.fold is not None:
            test = sharper(test, (x, data.vectors(y), clusters), module.symmetries, data)
    # of numbers, such as a singular system: a report without a test is better than none
    except (ValueError, RuntimeError) as reason:
        log.warning("The symmetries were not tested: %s", reason)
        return None, str(reason)
    return test, ""


def verdict_records(
    result: RunResult, test: SymmetryTest | None, untested: str
) -> dict[str, dict[str, Any]]:
    """What verdicts.json holds: name -> the fields of its verdict."""
    if test is not None:
        return test.to_dict()
    numbers = dict.fromkeys(TESTED)
    verdict = {"verdict": f"no verdict: {untested}", "how": "none", "n": 0, "clusters": 0}
    return {
        name: {"group": str(group), **numbers, **verdict}
        for name, group in result.module.symmetries.items()
    }


def predictions(result: RunResult, track_dim: int | None) -> Predictions:
    """Predicts test samples spread over the split, with the network and the baselines."""
    module, data = result.module, result.datamodule
    rows = _spread(data, "test", SAMPLES_SHOWN)
    inputs, targets = (values[rows].cpu() for values in data.splits["test"])
    module.eval()  # dropout would make predictions random
    drawn = Predictions(
        inputs=_array(data.observed_path(inputs)),
        targets=_in_units(data, data.vectors(targets)),
        outputs=_in_units(data, _predict(result.model, inputs, module.device)),
        baselines={
            name: _in_units(data, _predict(model, inputs, module.device))
            for name, model in module.baselines.items()
        },
        track_dim=track_dim,
    )
    return drawn if track_dim is None else _with_moved_scenes(result, drawn, inputs)


def _with_moved_scenes(result: RunResult, drawn: Predictions, inputs: Tensor) -> Predictions:
    """Adds predictions for a few scenes that elements of each group have moved."""
    chosen = sample_tracks(drawn, 5)
    # the best predictions are often of agents that do not move, the worst are not typical
    chosen = chosen[1:-1] if len(chosen) > 3 else chosen
    data, x = result.datamodule, inputs[torch.from_numpy(chosen)]
    moved = {
        name: _in_units(data, moved_predictions(result, G, x, ELEMENTS_SHOWN))
        for name, G in result.module.symmetries.items()
    }
    return replace(drawn, moved=moved, moved_samples=chosen)


def moved_predictions(
    result: RunResult, G: Group, x: Tensor, elements: int, seed: int = 0
) -> Tensor:
    """Predicts moved inputs and moves the predictions back: rho_out(g)^-1 f(rho_in(g) x).

    Args:
        result: The finished run.
        G: The group; each element is drawn at random and moves all inputs.
        x: Inputs (m, size in), on the CPU.
        elements: Number of group elements.
        seed: Seed of the group elements.

    Returns:
        (m, elements, size out), float64.
    """
    module, data = result.module, result.datamodule
    g = G.sample_elements(elements, torch.Generator().manual_seed(seed))
    scenes = data.rep_in.over(G).act(g, x.double()[:, None])
    outputs = _predict(module.network, scenes.flatten(0, 1), module.device)
    return data.rep_out.over(G).act(_inverse(g), outputs.double().unflatten(0, scenes.shape[:2]))


def _inverse(g: Element) -> Element:
    return tuple(torch.linalg.inv(h) for h in g) if isinstance(g, tuple) else torch.linalg.inv(g)


def _predict(network: nn.Module, inputs: Tensor, device: torch.device) -> Tensor:
    """Predicts in the network's precision and on its device; (n, size out) on the CPU."""
    dtype = next((p.dtype for p in network.parameters()), torch.float32)
    with torch.no_grad():
        outputs: Tensor = network(inputs.to(device, dtype))
    return outputs.cpu()


def _in_units(datamodule: TensorDataModule, values: Tensor) -> np.ndarray:
    """Converts target values (..., size out) to the datamodule's units."""
    scale = datamodule.target_scale
    values = values if scale is None else values * scale.to(values.dtype)
    mean = datamodule.target_mean
    return _array(values if mean is None else values + mean.to(values.dtype))


def log_results(trainer: Trainer, metrics: Mapping[str, float]) -> None:
    """Logs the symmetry test, and replaces the summary of Weights & Biases.

    Its sweeps and bar charts read the summary, which would otherwise hold the last epoch's values
    and not those of the tested model.
    """
    tested = {key: value for key, value in metrics.items() if key.startswith(("symmetry/", "r2"))}
    for logger in trainer.loggers:
        if tested:
            logger.log_metrics(tested, step=trainer.global_step)
        if isinstance(logger, WandbLogger):
            logger.experiment.summary.update(dict(metrics))


def log_media(trainer: Trainer, figures: Mapping[str, Figure], folder: Path) -> None:
    """Writes the figures to ``figures/*.png`` and passes them to loggers that show pictures."""
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
    """Makes offline W&B write its memory to disk before a scheduler kills the process."""
    for logger in trainer.loggers:
        if isinstance(logger, WandbLogger) and logger.experiment.settings.mode == "offline":
            logger.experiment.finish()


def versions() -> dict[str, str]:
    """Versions of the software that results may depend on."""
    return {
        "softsym": softsym.__version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "lightning": lightning.__version__,
        "numpy": np.__version__,
    }


def _spread(datamodule: TensorDataModule, split: str, most: int) -> Tensor:
    """Selects the rows (m,) of at most ``most`` samples, evenly spread over a split."""
    return chosen_rows(datamodule.splits[split][1], most, datamodule.partial_targets)


def _array(values: Tensor) -> np.ndarray:
    return values.detach().float().cpu().numpy()
