"""Plain networks with function regularizers on tasks whose symmetries are known.

    python benchmarks/function_tasks.py dials
    python benchmarks/function_tasks.py inertia
    python benchmarks/function_tasks.py inertia_long --minutes 30

``dials`` trains an MLP on the known-answer task with no symmetry broken, and with each of three
broken alone. ``inertia`` compares it with networks that are built or regularized in weight space,
on a task that keeps O(2)@xy; ``inertia_long`` trains four times as long. Every run is one of
``train.py``, in this process, with one thread.

*told* is given the symmetries that hold, at a fixed strength; the policies are given all. Strengths
are in the right order if every symmetry that holds has a larger one than every broken one, and
verdicts are right if each broken symmetry is called broken, and no other is.

Results are added to ``<task>.jsonl`` in the folder ``--out`` one by one, and a second run goes on
where the first was stopped.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("OMP_NUM_THREADS", "1")

from hydra import compose, initialize_config_dir

from benchmarks.symmetry_study.store import in_turns, run
from softsym.cli import resolvers
from softsym.cli.overrides import CONF, hydra_arguments
from softsym.cli.quiet import quiet
from softsym.cli.run import run as train
from softsym.runs.files import read_json
from softsym.runs.layout import METRICS, VERDICTS

Results = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Setting:
    """A task, and which of the candidate groups hold.

    Attributes:
        overrides: Settings of ``train.py`` that all methods share.
        groups: The candidates.
        broken: Those that do not hold.
        methods: Method -> its settings; ``{all}`` and ``{kept}`` stand for groups.
    """

    overrides: tuple[str, ...]
    groups: tuple[str, ...]
    broken: tuple[str, ...]
    methods: Mapping[str, tuple[str, ...]]

    @property
    def kept(self) -> tuple[str, ...]:
        """The groups that hold."""
        return tuple(name for name in self.groups if name not in self.broken)

    def arguments(self, method: str, seed: int) -> list[str]:
        """The command line of a run."""
        lists = {"{all}": ",".join(self.groups), "{kept}": ",".join(self.kept)}
        words = [*self.overrides, *self.methods[method], f"seed={seed}"]
        words.append(f"datamodule.data_seed={seed}")
        for mark, names in lists.items():
            words = [word.replace(mark, names) for word in words]
        return words


DIALS = ("SO(3)", "Scaling(3)", "Reflect(3)")
PLANES = ("O(2)@xy", "O(2)@yz", "O(2)@xz")
EACH = ("logger=none", "threads=1", "datamodule.ood=null", "optimizer.lr=3e-3", "hidden_layers=2")
MLP = ("network=mlp", "regularizers=none")
TOLD = ("policy=fixed", "symmetries=[{kept}]", "initial_strength=1.0")
# A network has to learn the task before its penalties tell symmetries apart: a penalty that is
# strong from the start keeps it from learning what breaks a symmetry.
ADJUST_ONCE = (
    *("policy=adjust_once", "symmetries=[{all}]", "initial_strength=0.3"),
    *("adjust_epoch=100", "adjust_exponent=2.0"),
)
GROW = (
    *("policy=grow_then_adjust", "symmetries=[{all}]", "initial_strength=0.01"),
    *("policy.growth=100", "adjust_epoch=150", "adjust_exponent=2.0"),
)
CONSTRAIN = ("policy=constrain", "symmetries=[{all}]")


def named(groups: Sequence[str]) -> str:
    """Candidates that are tested without being regularized."""
    listed = ", ".join(f"c{place}: {name}" for place, name in enumerate(groups))
    return f"candidates={{{listed}}}"


def dials(*values: float) -> Setting:
    """The known-answer task with its three dials."""
    turned = zip(("rotation", "scale", "reflection"), values, strict=True)
    data = ("datamodule=known_answer", *(f"datamodule.{key}={value}" for key, value in turned))
    return Setting(
        (*data, *MLP, *EACH, "channels=64", "trainer.max_epochs=300"),
        DIALS,
        tuple(name for name, value in zip(DIALS, values, strict=True) if value),
        {
            "plain": ("policy=fixed", named(DIALS)),
            "told": TOLD,
            "adjust_once": ADJUST_ONCE,
            "grow_then_adjust": GROW,
            "constrain": CONSTRAIN,
        },
    )


INERTIA = Setting(
    (
        *("datamodule=inertia", "datamodule.axis=2", "datamodule.eps=-1"),
        *(*EACH, "channels=128", "trainer.max_epochs=300", "policy=fixed"),
    ),
    PLANES,
    ("O(2)@yz", "O(2)@xz"),
    {
        "plain MLP": MLP,
        "MLP, told": (*MLP, *TOLD),
        "MLP, function regularizers, adjust_once": (*MLP, *ADJUST_ONCE),
        "MLP, function regularizers, grow_then_adjust": (*MLP, *GROW),
        "MLP, function regularizers, constrain": (*MLP, *CONSTRAIN),
        "MLP, augmentation by {kept}": (*MLP, "augmentation={kept}"),
        "MLP, augmentation by O(3)": (*MLP, "augmentation=O(3)"),
        "PER": (
            *("network=soft_emlp", "regularizers=planes", "policy=adjust_once"),
            *("initial_strength=10", "adjust_epoch=60", "adjust_exponent=4.0"),
        ),
        "RPP": ("network=rpp", "regularizers=rpp", "channels=89"),
        "EMLP, O(3)": ("network=emlp", "regularizers=weight_decay"),
        "EMLP, told": ("network=emlp", "regularizers=weight_decay", "constraint={kept}"),
    },
)
LONG = replace(
    INERTIA,
    overrides=(*INERTIA.overrides, "trainer.max_epochs=1200"),
    methods={n: words for n, words in INERTIA.methods.items() if not n.endswith("O(3)")},
)
TASKS = {
    "dials": {
        "nothing": dials(0.0, 0.0, 0.0),
        "rotation": dials(1.0, 0.0, 0.0),
        "scale": dials(0.0, 1.0, 0.0),
        "reflection": dials(0.0, 0.0, 1.0),
    },
    "inertia": {"O(2)@yz and O(2)@xz": INERTIA},
    "inertia_long": {"O(2)@yz and O(2)@xz": LONG},
}
"""Task -> what is broken -> setting."""
CELLS = {
    f"{task}|{broken}|{method}": (setting, method)
    for task, settings in TASKS.items()
    for broken, setting in settings.items()
    for method in setting.methods
}


def repetition(cell: str, seed: int) -> dict[str, Any]:
    """Trains and tests once; what is kept of the run folder."""
    setting, method = CELLS[cell]
    resolvers.register()
    quiet()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "run"
        places = [f"paths.output='{folder}'", f"paths.cache='{scratch}'"]
        arguments = [*hydra_arguments(setting.arguments(method, seed)), *places]
        with initialize_config_dir(str(CONF), version_base="1.3"):
            config = compose("train", arguments)
        with redirect_stdout(io.StringIO()):
            train(config, {"command": "", "overrides": [], "choices": {}})
        metrics, verdicts = (read_json(folder / name) or {} for name in (METRICS, VERDICTS))
    strengths = {each["group"]: metrics.get(f"strength/{n}") for n, each in verdicts.items()}
    return {
        "mse": metrics["test/mse"],
        "strengths": strengths,
        "verdicts": {each["group"]: each["verdict"] for each in verdicts.values()},
    }


def right_order(setting: Setting, strengths: Mapping[str, float]) -> bool | None:
    """Whether all groups that hold have larger strengths than all broken; None if not tuned."""
    tuned = {name: value for name, value in strengths.items() if value is not None}
    if not (setting.kept and setting.broken and set(setting.groups) <= tuned.keys()):
        return None
    return min(tuned[n] for n in setting.kept) > max(tuned[n] for n in setting.broken)


def right_verdicts(setting: Setting, verdicts: Mapping[str, str]) -> bool | None:
    """Whether the broken groups, and no others, are called broken; None if not all are tested."""
    if not set(setting.groups) <= verdicts.keys():
        return None
    return all(verdicts[n].startswith("broken") == (n in setting.broken) for n in setting.groups)


def table(found: Results, task: str) -> Iterator[str]:
    """The lines of the table; the last are means over the settings, where there are several."""
    yield "| broken | method | test error | over plain | order | verdicts | seconds |"
    yield "|---" * 7 + "|"
    means: dict[str, list[float]] = {}
    for broken, setting in TASKS[task].items():
        plain: dict[int, float] = {}
        for method in setting.methods:
            runs = found.get(f"{task}|{broken}|{method}", [])
            errors = {r["seed"]: r["result"]["mse"] for r in runs}
            plain = plain or errors
            if runs:
                means.setdefault(method, []).append(statistics.mean(errors.values()))
                cells = (_spread(list(errors.values())), _ratio(errors, plain))
                counts = (
                    _count([right_order(setting, r["result"]["strengths"]) for r in runs]),
                    _count([right_verdicts(setting, r["result"]["verdicts"]) for r in runs]),
                )
                seconds = f"{statistics.mean(r['cpu'] for r in runs):.0f}"
                name = method.replace("{kept}", ", ".join(setting.kept))
                yield f"| {' | '.join((broken, name, *cells, *counts, seconds))} |"
    if len(TASKS[task]) > 1:
        whole = [statistics.mean(each) for each in means.values()]
        for method, mean in zip(means, whole, strict=True):
            yield f"| mean of all | {method} | {mean:.3f} | {mean / whole[0]:.2f} | | | |"


def _spread(values: Sequence[float]) -> str:
    deviation = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.3f}{deviation}"


def _ratio(errors: Mapping[int, float], plain: Mapping[int, float]) -> str:
    """The mean of the ratios seed by seed, and the largest."""
    ratios = [errors[seed] / plain[seed] for seed in errors if seed in plain]
    return f"{statistics.mean(ratios):.2f} (to {max(ratios):.2f})" if ratios else "-"


def _count(outcomes: Sequence[bool | None]) -> str:
    known = [each for each in outcomes if each is not None]
    return f"{sum(known)} of {len(known)}" if known else "-"


def main(given: Sequence[str] | None = None) -> None:
    """Prints the table for RESULTS.md."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=list(TASKS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1, help="processes of one thread")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after these")
    parser.add_argument("--out", type=Path, default=Path("outputs/function_tasks"))
    options = parser.parse_args(given)
    cells = [cell for cell in CELLS if cell.startswith(f"{options.task}|")]
    file = options.out / f"{options.task}.jsonl"
    tasks = in_turns(cells, options.seeds)
    found = run(repetition, tasks, file, options.workers, options.minutes)
    print("\n".join(table(found, options.task)))


if __name__ == "__main__":
    main()
