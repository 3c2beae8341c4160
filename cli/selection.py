"""``select=leave_one_environment_out``: folds that hold out environments, then a final training.

One command becomes a training for each fold, in ``fold_0``, ``fold_1``, ... below the run folder,
and then a training on all environments in the run folder itself, with what the folds chose.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf, open_dict

from softsym.cli.quoting import quoted
from softsym.runs.errors import UserError
from softsym.runs.files import read_json
from softsym.runs.layout import FOLD, RECORD, REPORT

if TYPE_CHECKING:
    from softsym.datamodules.base import TensorDataModule
    from softsym.reporting.environments import EnvironmentResult

FINAL = "final"
FINAL_WORD = f"select_fold={FINAL}"
FIXED = "softsym.regularizers.Fixed"
FINAL_TRAININGS: list[tuple[Path, list[str]]] = []
"""Run folders and arguments of the final trainings that this process still has to run."""


def count_folds(config: DictConfig) -> int:
    """The number of folds that the environments make, for which the data are read.

    Raises:
        UserError: If the data have too few environments, or know none.
    """
    from softsym.datamodules.environment_folds import environment_folds  # noqa: PLC0415 (numpy)

    datamodule = instantiate(config.datamodule)
    datamodule.prepare_data()
    try:
        return len(environment_folds(datamodule.environments(), config.select_folds))
    except ValueError as error:
        raise UserError(str(error)) from error


def over_folds(count: int, folder: Path, given: Sequence[str]) -> list[str]:
    """The arguments that make one command a run for each fold.

    Notes those of the final training, which ``train.py`` runs once all folds have finished.

    Args:
        count: Number of folds.
        folder: The run folder.
        given: The arguments of the command.
    """
    place = [f"hydra.sweep.dir={quoted(folder)}"]
    last = [*given, *place, "hydra.sweep.subdir=.", FINAL_WORD, "--multirun"]
    FINAL_TRAININGS.append((folder, last))
    numbers = ",".join(map(str, range(count)))
    return [
        *place,
        f"hydra.sweep.subdir={FOLD}${{select_fold}}",
        f"select_fold={numbers}",
        "--multirun",
    ]


def show_final(folder: Path, arguments: Sequence[str]) -> None:
    """Shows the results of a final training that ran as a job, whose output is in a file."""
    if any(word.startswith("hydra/launcher=") for word in arguments):
        from softsym.reporting.stored import report_run  # noqa: PLC0415 (loads matplotlib)

        report_run(folder, folder / REPORT)


def hold_out(config: DictConfig, datamodule: TensorDataModule) -> None:
    """Makes the data those of one fold, or of the final training, if the config asks for it.

    Raises:
        ValueError: If there is no such fold, or there are no environments.
    """
    if config.select is not None:
        number = None if config.select_fold in (None, FINAL) else config.select_fold
        datamodule.leave_out(number, config.select_folds)


def apply_choices(config: DictConfig) -> None:
    """Gives the final training of a selection the strengths and epochs that its folds chose.

    The strength of a symmetry is the median of those of the folds' best models; of an even number
    of folds, the geometric mean of the middle two. It stays fixed, over the median of their epochs.
    Nothing stops the training early or chooses among its models, since it has no validation.

    Args:
        config: The composed config with its named symmetries, which is changed; that of any other
            training stays as it is.

    Raises:
        UserError: If a fold has not finished.
    """
    if config.select_fold != FINAL:
        return
    found = finished_folds(Path(config.paths.output))
    with open_dict(config):
        config.policy = OmegaConf.create({"_target_": FIXED})
        for name in found[0].strengths:
            strengths = [each.strengths[name] for each in found]
            config.regularizers[name].strength = middle_strength(strengths)
        config.trainer.max_epochs = max(1, round(median(each.epochs for each in found)))
        config.trainer.max_steps = -1
        config.trainer.limit_val_batches = 0
        config.test_model = "last"
        for name in [n for n, each in config.callbacks.items() if _chooses(each)]:
            del config.callbacks[name]


def finished_folds(folder: Path) -> tuple[EnvironmentResult, ...]:
    """What the folds of a selection found.

    Raises:
        UserError: If one is missing or has not finished.
    """
    from softsym.reporting.stored import read_folds  # noqa: PLC0415 (loads matplotlib)

    record = _record(folder / f"{FOLD}0")
    count = int((record.get("fold") or {}).get("of", 1))
    missing = [k for k in range(count) if _record(folder / f"{FOLD}{k}").get("fold") is None]
    if missing:
        raise UserError(
            f"The final training of {str(folder)!r} needs all folds, and those of "
            f"{', '.join(f'{FOLD}{k}' for k in missing)} have not finished. Give the command "
            f"without {FINAL_WORD}, which trains what is missing first."
        )
    return read_folds(folder)


def middle_strength(strengths: Sequence[float]) -> float:
    """The median of the logarithms of strengths, of which that of 0 is minus infinity.

    Example:
        >>> middle_strength([1.0, 100.0]), middle_strength([0.0, 0.0, 5.0]), middle_strength([0, 2])
        (10.0, 0.0, 0.0)
    """
    ordered, half = sorted(strengths), len(strengths) // 2
    if len(ordered) % 2:
        return ordered[half]
    # of each by itself: their product may overflow
    return float(ordered[half - 1] ** 0.5 * ordered[half] ** 0.5)


def _chooses(callback: Any) -> bool:
    """Whether a callback chooses or stops by a metric of the validation."""
    return OmegaConf.is_dict(callback) and bool({"mode", "study"} & set(callback))


def _record(folder: Path) -> dict[str, Any]:
    """How a fold ended; empty if it has not finished."""
    try:
        record = read_json(folder / RECORD) or {}
    except (OSError, ValueError):
        return {}
    return record if record.get("status") == "finished" else {}
