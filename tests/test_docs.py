"""Every example in the documentation runs, and its commands do what they say."""

import doctest
import re
import shlex
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from omegaconf import OmegaConf

from benchmarks import eth_ucy, paper
from softsym.cli import convert, resolvers, selection
from softsym.cli.overrides import CONF, check_command_line, hydra_arguments
from softsym.cli.report import parser as report_parser
from softsym.dashboards.wandb_workspace import parse as workspace_arguments
from softsym.datamodules.motion.environments import ENVIRONMENTS
from softsym.symmetries import cache_bases
from softsym.symmetries.__main__ import main

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(DOCS.glob("*.md"))
resolvers.register()


def blocks(page, language):
    """Fenced blocks of one language with the line they start in."""
    text = page.read_text()
    for found in re.finditer(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        yield found.group(1), text[: found.start()].count("\n") + 1


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield
    cache_bases(None)


WITH_EXAMPLES = [page for page in PAGES if any(blocks(page, "python"))]


# Lightning asks torch in a way that is going to change
@pytest.mark.filterwarnings("ignore:.isinstance.treespec, LeafSpec:FutureWarning")
@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda page: page.name)
def test_python_of(page):
    names = {"__name__": f"docs.{page.stem}"}
    runner = doctest.DocTestRunner()
    for code, line in blocks(page, "python"):
        if ">>>" in code:
            example = doctest.DocTestParser().get_doctest(code, names, page.name, str(page), line)
            runner.run(example, clear_globs=False)
            names |= example.globs
        else:
            exec(compile(code, f"{page.name}:{line}", "exec"), names)
    assert runner.summarize(verbose=False).failed == 0


def commands(page):
    """Every command of a page, in blocks and in tables, as its words."""
    whole = [text.replace("\\\n", " ") for text, _ in blocks(page, "bash")]
    lines = [line for text in whole for line in text.splitlines()]
    lines += re.findall(r"`(python [^`]+)`", page.read_text())
    return [shlex.split(line, comments=True) for line in lines]


def test_commands_of_the_mathematics(capsys):
    pages = [page for page in PAGES if page.stem == "symmetries"]
    for words in commands(pages[0]):
        assert words[:2] == ["softsym", "groups"]
        assert main(words[2:]) == 0
    assert "rank" in capsys.readouterr().out


def require_whole(overrides):
    """Composes the config of a command and resolves every value; returns the config."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", [*overrides, "paths.output=none"])
    OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    return config


def test_commands_of_the_paper():
    seen = {"train.py": 0, "benchmarks/paper.py": 0}
    for program, *given in (words[1:] for words in commands(DOCS / "reproducing.md")):
        seen[program] += 1
        if program == "train.py":
            require_whole(given)
        else:
            grid = paper.arguments(given)
            with initialize_config_dir(str(CONF), version_base="1.3"):
                compose("train", [*grid.set, "experiment=paper/inertia/per", "paths.output=none"])
    assert min(seen.values()) > 5


def test_commands_of_arrays_read_the_files_of_the_page():
    page = DOCS / "your_arrays.md"
    code, _ = next(blocks(page, "python"))
    exec(compile(code, page.name, "exec"), {})
    targets = set()
    for program, *given in (words[1:] for words in commands(page)):
        assert program == "train.py"
        data = instantiate(require_whole(hydra_arguments(given)).datamodule)
        data.setup()
        targets |= {len(data.splits["test"][1]), data.classes, data.dtype, data.partial_targets}
    assert targets >= {60, 90, 150, 2, torch.float64, True}


def test_commands_of_trajectories():
    seen = {"train.py": 0, "benchmarks/eth_ucy.py": 0, "convert": 0}
    for program, *given in (words[1:] for words in commands(DOCS / "trajectories.md")):
        seen[program] += 1
        if program == "train.py":
            require_whole(given)
        elif program == "convert":
            assert convert._parser().parse_args(given).target.parts[:2] == ("data", "eth_ucy")
        else:
            assert str(eth_ucy.arguments(given).data_dir) == "data/eth_ucy"
    assert seen == {"train.py": 14, "benchmarks/eth_ucy.py": 2, "convert": 2}


def test_commands_of_strengths(monkeypatch):
    monkeypatch.setattr(selection, "FINAL_TRAININGS", [])
    page = DOCS / "strengths.md"
    code, _ = next(blocks(page, "python"))
    exec(compile(code, page.name, "exec"), {})
    folds = []
    for given in (words[2:] for words in commands(page)):
        require_whole(hydra_arguments(given))
        if "experiment=arrays" in given:
            folds += check_command_line(hydra_arguments(given))
    assert "select_fold=0,1,2,3,4" in folds


def test_commands_of_clusters(monkeypatch):
    pytest.importorskip("optuna", reason="the extra 'search' is not installed")
    from softsym.sweeps.command_line import check_arguments

    monkeypatch.setattr("shutil.which", lambda name, **_: f"/usr/bin/{name}")  # a cluster's
    seen = dict.fromkeys(("train.py", "sweep.py", "report.py", "dashboards/wandb_workspace.py"), 0)
    for words in commands(DOCS / "cluster.md"):
        if "python" not in words[:2] or words[1] == "-m":
            continue
        program, *given = words[words.index("python") + 1 :]
        seen[program] += 1
        if program == "train.py":
            check_command_line(hydra_arguments(given)) if given != ["..."] else None
        elif program == "sweep.py":
            check_arguments(given)
        elif program == "report.py":
            report_parser().parse_args(given)
        else:
            workspace_arguments(given)
    assert min(seen.values()) > 2


def test_every_environment_is_in_the_documentation():
    text = (DOCS / "trajectories.md").read_text()
    for name in ENVIRONMENTS:
        family, _, rest = name.partition("_")
        assert f"`{name}`" in text or f"`_{rest}`" in text, (family, name)
