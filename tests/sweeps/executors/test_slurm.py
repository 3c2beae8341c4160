"""Jobs of SLURM, with programs that stand in for sbatch and squeue."""

import logging
import os
import shlex
import stat
import subprocess

import pytest

from softsym.runs.errors import UserError
from softsym.sweeps.executors import Job, SlurmExecutor, SubmitError, make_executor


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Writes a program that is found before all others."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)

    def write(name, script):
        path = folder / name
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    write("sbatch", 'echo "$@" > ' + str(tmp_path / "called") + '; echo "17;cluster"')
    write("squeue", "true")
    write("scancel", 'echo "$@" > ' + str(tmp_path / "cancelled"))
    write("srun", 'shift 2; "$@"')
    return write


@pytest.fixture
def job(tmp_path):
    return Job(tmp_path / "a trial", "small-abc-3", "17")


def test_submits_a_script_that_asks_for_what_was_said(fake, job, tmp_path):
    executor = SlurmExecutor(
        partition="gpu", gpus_per_node=1, mem_gb=1.5, timeout_min=30, cpus_per_task=4,
        setup=["module load x"], additional_parameters={"exclude": "n7", "exclusive": True},
    )  # fmt: skip
    assert executor.submit(job, ["python", "train.py", "a='b c'"]) == "17"
    assert (tmp_path / "called").read_text().startswith("--parsable --job-name=small-abc-3 ")
    script = (job.folder / "job.sh").read_text()
    lines = [line for line in script.splitlines() if line.startswith("#SBATCH")]
    asked = {shlex.split(line)[1].removeprefix("--") for line in lines}
    assert asked == {
        *("job-name=small-abc-3", f"output={job.folder}/output.log", "partition=gpu"),
        *("time=30", "nodes=1", "ntasks-per-node=1", "cpus-per-task=4", "gpus-per-node=1"),
        *("mem=1536M", "signal=USR1@90", "requeue", "open-mode=append", "exclude=n7", "exclusive"),
    }
    assert "module load x\nsrun --kill-on-bad-exit=1 --cpus-per-task=4 python train.py" in script


@pytest.mark.parametrize("code", [0, 3])
def test_the_script_leaves_the_exit_code(code, fake, job):
    executor = SlurmExecutor()
    executor.submit(job, ["bash", "-c", f"echo hello; exit {code}"])
    done = subprocess.run(
        ["bash", job.folder / "job.sh"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (code, "hello\n")
    assert not executor.poll({3: job})[3].code
    assert executor.poll({3: job})[3].code == code


def test_a_refused_job(fake, job):
    fake("sbatch", "echo 'sbatch: error: invalid partition specified: x' >&2; exit 1")
    with pytest.raises(SubmitError, match="invalid partition specified: x"):
        SlurmExecutor().submit(job, ["true"])


def test_jobs_are_known_by_name_also_when_the_number_was_never_noted(fake, job):
    fake("squeue", "echo '99|other|RUNNING|None'; echo '17|small-abc-3|PENDING|BeginTime'")
    status = SlurmExecutor().poll({3: Job(job.folder, job.name)})[3]
    assert (status.alive, status.id, status.state) == (True, "17", "pending (BeginTime)")


def test_a_job_is_gone_when_it_was_missed_twice(fake, job):
    executor = SlurmExecutor()
    assert executor.poll({3: job})[3].alive
    fake("squeue", "echo '17|small-abc-3|RUNNING|None'")  # it was being requeued
    assert executor.poll({3: job})[3].state == "running"
    fake("squeue", "true")
    assert [executor.poll({3: job})[3].alive for _ in range(2)] == [True, False]


def test_a_job_that_was_killed_with_its_shell_leaves_no_code(fake, job):
    executor = SlurmExecutor()
    executor.submit(job, ["true"])
    assert [executor.poll({3: job})[3].code for _ in range(2)] == [None, None]


def test_while_slurm_cannot_be_reached_nothing_counts_as_gone(fake, job, caplog):
    fake("squeue", "echo 'Unable to contact slurm controller' >&2; exit 1")
    executor = SlurmExecutor()
    with caplog.at_level(logging.WARNING):
        assert [executor.poll({3: job}) for _ in range(3)] == [None] * 3
    assert caplog.text.count("Unable to contact slurm controller") == 1


def test_stop_cancels(fake, job, tmp_path):
    SlurmExecutor().stop([job, Job(job.folder, "never started")])
    assert (tmp_path / "cancelled").read_text() == "17\n"


def test_without_slurm_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"There is no sbatch here.*executor=local for sweep.py"):
        make_executor({"kind": "slurm"})
