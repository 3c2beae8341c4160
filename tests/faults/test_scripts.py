"""Text of settings, names and folders runs as no shell command on a cluster."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from softsym.runs.errors import UserError
from softsym.sweeps.executors import Job, make_executor

MARK = "softsym-was-here"
"""File that a command leaves if it runs."""
COMMANDS = [
    f"a\ntouch {MARK}\n",
    f"a\r\ntouch {MARK}",
    f"a\x0btouch {MARK}",
    f"a\u2028touch {MARK}",
    f"a; touch {MARK}",
    f"a && touch {MARK} #",
    f"$(touch {MARK})",
    f"`touch {MARK}`",
    f"a' ; touch {MARK} ; '",
    f'a" ; touch {MARK} ; "',
    f"a\\\ntouch {MARK}",
    f"a|touch {MARK}",
    f"a\x00touch {MARK}",
]
SETTINGS = [
    "additional value",
    "additional key",
    "qos",
    "account",
    "gpus_per_node",
    "cpus_per_task",
    "nodes",
]
SETTINGS += ["tasks_per_node", "timeout_min", "signal_delay_s"]


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """A SLURM whose sbatch runs what it is given at once, where a mark would be seen."""
    programs = {
        "sbatch": 'bash "${@: -1}" > said 2>&1; echo 17',
        "squeue": "true",
        "srun": 'while [ "${1#--}" != "$1" ]; do shift; done; "$@"',
    }
    (tmp_path / "bin").mkdir()
    for name, script in programs.items():
        path = tmp_path / "bin" / name
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def submitted(settings, job, words=("touch", "trained")):
    """Submits a job; returns whether it ran, or was refused in words for a user."""
    refusal = ""
    try:
        make_executor({"kind": "slurm", **settings}).submit(job, words)
    except UserError as error:
        refusal = str(error)
    assert bool(refusal) != Path("trained").exists()
    assert refusal.isprintable()
    allowed = ("control character", "must be", "option")
    assert not refusal or any(reason in refusal for reason in allowed)
    return not refusal


@pytest.mark.parametrize(
    ("setting", "text"),
    [("partition", text) for text in COMMANDS]
    + [(setting, text) for setting in SETTINGS for text in COMMANDS[::4]],
)
def test_a_setting_is_one_option_or_refused(setting, text, cluster):
    settings = {
        "additional value": {"additional_parameters": {"comment": text}},
        "additional key": {"additional_parameters": {text: "x"}},
    }.get(setting, {setting: text})
    ran = submitted(settings, Job(cluster / "run", "name"))
    assert not list(cluster.rglob(MARK))
    assert not (ran and not text.isprintable())


@pytest.mark.parametrize("text", COMMANDS)
def test_so_are_the_names_of_folders_and_jobs(text, cluster):
    if "\x00" not in text:  # no folder can have it
        submitted({}, Job(cluster / f"run {text.replace('/', '')}", "name"))
    submitted({}, Job(cluster / "run", text))
    assert not list(cluster.rglob(MARK))


@pytest.mark.parametrize("text", [text for text in COMMANDS if "\x00" not in text])
def test_words_of_the_command_arrive_as_they_are(text, cluster):
    program = ["bash", "-c", 'printf %s "$1" > trained', "bash"]
    assert submitted({}, Job(cluster / "run", "name"), [*program, text])
    assert Path("trained").read_bytes() == text.encode()
    assert not list(cluster.rglob(MARK))


def test_setup_is_the_users_own_shell(cluster):
    assert submitted(
        {"setup": ["x=$(echo trained)", "touch $x"]}, Job(cluster / "run", "n"), ["true"]
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"setup": "module load cuda"}, r"setup must be a list of lines of shell, .* got 'module"),
        ({"additional_parameters": {"--exclude": "n7"}}, "'--exclude' is no option of sbatch"),
        ({"partition": ["a", "b"]}, r"partition must be text or a number; got \['a', 'b'\]"),
        ({"partition": "a\nb"}, r"partition holds a line break .*: 'a\\nb'\. Write it as one line"),
        ({"mem_gb": "much"}, "mem_gb must be a number of GB; got 'much'"),
    ],
)
def test_what_is_refused_is_named(settings, message, cluster):
    with pytest.raises(UserError, match=message):
        make_executor({"kind": "slurm", **settings})


def test_a_job_that_was_refused_leaves_no_script(cluster):
    (cluster / "bin" / "sbatch").write_text("#!/bin/bash\necho no such partition >&2; exit 1\n")
    from softsym.sweeps.executors import SubmitError

    with pytest.raises(SubmitError, match="no such partition"):
        make_executor({"kind": "slurm"}).submit(Job(cluster / "run", "name"), ["true"])
    assert list((cluster / "run").iterdir()) == []


def test_jobs_of_other_programs_may_have_any_name(cluster):
    rows = "1|a|b|c|RUNNING|None\n|\n\n7|name|RUNNING|None"
    (cluster / "bin" / "squeue").write_text(f"#!/bin/bash\necho {shlex.quote(rows)}\n")
    job = Job(cluster / "run", "name")
    assert make_executor({"kind": "slurm"}).poll({0: job})[0].id == "7"
