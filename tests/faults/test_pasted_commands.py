"""Commands that the product prints run as pasted, and values run as typed."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from omegaconf import OmegaConf
from run_folders import write_run

from softsym.cli.jobs import command_of_job
from softsym.cli.overrides import CONF, hydra_arguments
from softsym.cli.quoting import override, readable
from softsym.runs.reading import Run, read_run
from softsym.runs.untrusted import literal

HOME = str(Path.home())

# What a user types after "key=" -> the text that is meant.
TYPED = {
    text: text
    for text in (
        *("outputs/name=c2,optimizer.lr=1e+30", "a=b", "a#b", "a&b", "a;b", "100%", "a!b", "a(b"),
        *(
            "\xe9t\xe9/donn\xe9es",
            "\u65e5\u672c",
            "O(2)@xy",
            "SO(3)*Scaling(3)",
            "it's",
            "<a>",
            "a]",
            "a b",
        ),
        *(
            "a:b",
            "a|b",
            "a*b?",
            "C:\\x",
            "2024-01-01",
            "@x",
            "-x",
            "+x",
            "a\\",
            "\U0001f600",
            "a$b",
        ),
    )
} | {"~/data": f"{HOME}/data", "~": "~"}

# Texts of keys that take text alone, which Hydra would read as something else.
TEXTS = ["2024", "1e5", "1_000", "-3", "a,b", "outputs/a,b=1"]

# Folders whose names Hydra, OmegaConf or the shell would read as something else.
FOLDERS = [
    *TYPED,
    *TEXTS,
    *("${x}", "\\${x}", "a'b\\", "\\'", "[a]", "{a:1}", "$(touch x)", "`touch x`", "null", "true"),
]  # fmt: skip


def read(words):
    """The overrides of a command line, as the config gets them."""
    parser = OverridesParser.create()
    parsed = [parser.parse_override(word) for word in hydra_arguments(words)]
    values = OmegaConf.create({each.key_or_group: each.value() for each in parsed})
    return OmegaConf.to_container(values, resolve=True)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("text", TYPED)
def test_a_value_means_what_was_typed(text):
    assert read([f"key={text}"]) == {"key": TYPED[text]}


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("key", ["ckpt_path", "run_dir", "name", "sweep", "+name"])
def test_text_that_looks_like_something_else_stays_text(key, text):
    assert read([f"{key}={text}"]) == {key.lstrip("+"): text}


def test_words_that_mean_something_keep_their_meaning():
    assert read(["ckpt_path=null", "ckpt_path=last"]) == {"ckpt_path": "last"}
    assert read(["ckpt_path=null"]) == {"ckpt_path": None}
    assert read(["ckpt_path=2024"]) == {"ckpt_path": "2024"}


@pytest.fixture
def job_of_grid(monkeypatch):
    """Makes this process look like one run of a grid in a given folder."""

    def make(folder, *overrides):
        config = SimpleNamespace(
            mode=RunMode.MULTIRUN,
            runtime=SimpleNamespace(output_dir=str(folder), choices={}),
            overrides=SimpleNamespace(
                task=list(overrides), hydra=["hydra.searchpath=['file:///c']"]
            ),
        )
        monkeypatch.setattr(HydraConfig, "get", lambda: config)
        monkeypatch.setattr("sys.orig_argv", ["python", "train.py", "-m"])
        return command_of_job(["train.py", "-m"])

    return make


@pytest.mark.parametrize("name", FOLDERS)
def test_the_command_of_a_failed_run(name, job_of_grid):
    folder = Path("/runs") / name
    program, script, *words = shlex.split(job_of_grid(folder, "seed=1", "x='a,b'"))
    assert (program, script) == ("python", "train.py")
    expected = {"seed": 1, "x": "a,b", "run_dir": str(folder), "ckpt_path": "auto"}
    assert read(words) == expected | {"hydra.searchpath": ["file:///c"]}


@pytest.mark.parametrize("text", [*TYPED, *FOLDERS])
def test_the_command_of_the_best_run(text, tmp_path):
    folder = write_run(tmp_path / "run")
    given = readable(f"key={text}") if text in TYPED else override("key", text)
    (folder / "started.json").write_text(json.dumps({"overrides": [given], "choices": {}}))
    words = shlex.split(read_run(folder).command)
    assert words[:2] == ["python", "train.py"]
    before = OverridesParser.create().parse_override(given).value()
    assert OverridesParser.create().parse_override(words[2]).value() == before
    assert hydra_arguments(words[2:]) == words[2:]


@pytest.mark.parametrize(
    "recorded",
    [
        "rm -rf /",
        "python -c 'import os'",
        "curl x | sh",
        "softsym init",
        "python",
        "sh train.py",
        "'",
    ],
)
def test_a_report_names_no_program_of_somebody_else(recorded):
    run = Run(Path("x"), overrides=("seed=1",), record={"command": recorded})
    assert run.command == "python train.py seed=1"


def test_own_programs_and_configs_are_kept():
    for program in ("softsym train", "python -m softsym.train", "python ../train.py"):
        for more in ("", " --config-dir mine"):
            run = Run(Path("x"), record={"command": f"{program}{more} -m seed=1,2 run_dir=x"})
            assert run.command == f"{program}{more} -m seed=1,2"


@pytest.mark.parametrize("name", FOLDERS)
def test_the_status_of_a_search(name):
    pytest.importorskip("optuna", reason="the extra 'search' is not installed")
    from filelock import FileLock

    from softsym.runs.errors import UserError
    from softsym.sweeps.search.run import _alone

    folder = Path.cwd() / name
    folder.mkdir(parents=True)
    with FileLock(folder / ".sweep.lock"), pytest.raises(UserError) as refused, _alone(folder):
        pass
    printed = re.search(r"with: (.*)\. Or start", str(refused.value), re.S)[1]
    assert read([w for w in shlex.split(printed) if "=" in w]) == {"folder": str(folder)}


@pytest.mark.parametrize("text", FOLDERS)
def test_the_best_trial_by_hand_and_the_jobs_of_trials(text):
    pytest.importorskip("optuna", reason="the extra 'search' is not installed")
    from softsym.sweeps.search.plan import make_plan
    from softsym.sweeps.search.trials import Trials, by_hand

    space = {"x": {"type": "categorical", "choices": [literal(text), 2]}}
    plan = make_plan({"experiment": "quickstart", "space": space}, ["y=a=b", "z=2024"])
    program, command, *words = shlex.split(by_hand(plan, {"x": literal(text)}))
    assert (program, command) == ("softsym", "train")
    expected = {"experiment": "quickstart", "x": text, "y": "a=b", "z": 2024}
    assert read(words) == expected
    folder = Path("/searches") / text
    words = Trials(plan, folder, "2024", ("train",)).command(3, {"x": literal(text)})[1:]
    places = {"run_dir": str(folder / "trials" / "3"), "sweep": "2024", "ckpt_path": "auto"}
    assert read(words) == expected | places


def test_a_folder_of_a_grid_can_be_typed_whole():
    with initialize_config_dir(str(CONF), version_base="1.3"):
        typed = hydra_arguments(["run_dir=multirun/a/name=c2,optimizer.lr=1e+30"])
        config = compose("train", typed)
    assert config.run_dir == "multirun/a/name=c2,optimizer.lr=1e+30"
