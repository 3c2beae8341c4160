"""What the other tests of this folder take for granted of the cluster."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

import cluster.settings
import cluster.slurm
import pytest
from cluster.slurm import Slurm, SlurmError, missing

REQUEUE_ON_SIGTERM = """
import os, signal, subprocess, sys, time

def come_back(*_):
    subprocess.run(["scontrol", "requeue", os.environ["SLURM_JOB_ID"]], check=True)
    sys.exit(143)

signal.signal(signal.SIGTERM, come_back)
print("restarts", os.environ.get("SLURM_RESTART_COUNT"), flush=True)
if "SLURM_RESTART_COUNT" not in os.environ:
    time.sleep(60)
"""
SLEEP_AT_FIRST = 'echo ran; test -n "$SLURM_RESTART_COUNT" || exec sleep 60'


def test_an_array_runs_and_each_task_has_its_output(slurm, tmp_path):
    array = slurm.sbatch("echo task $SLURM_ARRAY_TASK_ID", "--array=0-2", cwd=tmp_path)
    tasks = slurm.wait(array, "COMPLETED")
    assert {t["Job"] for t in tasks} == {f"{array}_{i}" for i in range(3)}
    assert slurm.state(array) == slurm.state(f"{array}_1") == "COMPLETED"
    assert slurm.output(f"{array}_1") == "task 1\n"
    assert slurm.output(array) == "task 0\ntask 1\ntask 2\n"


def test_two_nodes_with_two_tasks_each_are_four_ranks(slurm, tmp_path):
    script = "srun bash -c 'echo $SLURMD_NODENAME $SLURM_PROCID of $SLURM_NTASKS at $MASTER_ADDR'"
    job = slurm.sbatch(script, "--nodes=2", "--ntasks-per-node=2", cwd=tmp_path)
    slurm.wait(job, "COMPLETED")
    tasks = [line.split(maxsplit=1) for line in slurm.output(job).splitlines()]
    nodes = Counter(node for node, _ in tasks)
    assert nodes.keys() <= set(slurm.nodes)
    assert list(nodes.values()) == [2, 2]
    assert sorted(rank for _, rank in tasks) == [f"{i} of 4 at 127.0.0.1" for i in range(4)]


def test_a_job_requeues_itself(slurm, tmp_path):
    (tmp_path / "job.py").write_text(REQUEUE_ON_SIGTERM)
    job = slurm.sbatch(f"srun {sys.executable} -S job.py", cwd=tmp_path)
    slurm.until(lambda: "restarts None" in slurm.output(job), 30, "the job to start")
    slurm.scancel(job, "TERM")
    (record,) = slurm.wait(job, timeout=20)
    assert (record["JobState"], record["Restarts"]) == ("COMPLETED", "1"), slurm.output(job)
    assert slurm.output(job).endswith("restarts 1\n")


def test_a_job_comes_back_from_a_requeue_and_from_a_lost_node(slurm, tmp_path):
    jobs = [slurm.sbatch(SLEEP_AT_FIRST, f"--nodelist={n}", cwd=tmp_path) for n in ("n1", "n2")]
    slurm.until(lambda: all(slurm.output(job) == "ran\n" for job in jobs), 30, "the jobs to start")
    slurm.requeue(jobs[0])
    slurm.fail_node("n2")
    slurm.restore_node("n2")
    for job in jobs:
        (record,) = slurm.wait(job, "COMPLETED", timeout=20)
        assert record["Restarts"] == "1"
        assert slurm.output(job).endswith("ran\n")


def test_a_cancelled_job_says_so(slurm, tmp_path):
    job = slurm.sbatch("exec sleep 60", cwd=tmp_path)
    slurm.wait(job, "RUNNING")
    slurm.scancel(job)
    slurm.wait(job, "CANCELLED")


def test_waiting_ends_with_what_is_known(slurm, tmp_path):
    job = slurm.sbatch("echo here; exit 3", cwd=tmp_path)
    slurm.wait(job)
    with pytest.raises(SlurmError, match=r"(?s)in vain for job \d+ to be RUNNING.*FAILED.*here"):
        slurm.wait(job, "RUNNING")


def test_the_environment_of_the_tests_stays_as_it_is(slurm):
    assert os.environ.get("SLURM_CONF") != slurm.environment["SLURM_CONF"]


@pytest.mark.skipif(missing() is not None, reason=str(missing()))
def test_a_failed_start_says_why_and_leaves_nothing(monkeypatch):
    monkeypatch.setattr(cluster.settings, "CONFIG", cluster.settings.CONFIG + "Nonsense=1\n")
    second = Slurm()
    with pytest.raises(SlurmError, match=r"(?s)SLURM did not start: .*slurmctld.*Nonsense"):
        second.start()
    assert not second.folder.exists()
    assert not processes_with(str(second.folder))


def test_a_machine_without_slurm_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(cluster.slurm, "PROGRAMS", ("no-slurmctld",))
    assert missing() == (
        "no SLURM here (no-slurmctld not found): "
        "apt-get install slurmctld slurmd slurm-client munge"
    )


def processes_with(text: str) -> list[Path]:
    """Those with the text in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if text.encode() in path.read_bytes():
                found.append(path)
        except OSError:
            continue
    return found
