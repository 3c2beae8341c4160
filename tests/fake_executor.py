"""An executor whose jobs end as a test decides."""

from __future__ import annotations

from softsym.sweeps.executors import Status, SubmitError


class FakeExecutor:
    """Jobs that end as told: ``ends[number]`` gets the folder of the run at each look.

    It returns the exit code, or None as long as the job is alive. Jobs without one end at the
    first look with what a run leaves.
    """

    kind, poll_seconds, survives = "fake", 0.0, True

    def __init__(self, ends=None, most=99):
        self.ends, self.most = ends or {}, most
        self.alive, self.started, self.stopped, self.looks = {}, [], [], 0
        self.most_at_once = 0

    def submit(self, job, command):
        number = int(job.folder.name)
        if len(self.alive) >= self.most:
            raise SubmitError("the queue is full")
        assert number not in self.alive
        job.folder.mkdir(parents=True, exist_ok=True)
        self.alive[number] = job
        self.started.append(number)
        self.most_at_once = max(self.most_at_once, len(self.alive))
        return f"j{number}"

    def poll(self, jobs):
        self.looks += 1
        return {number: self.look(number, job) for number, job in jobs.items()}

    def look(self, number, job):
        if number not in self.alive:
            return Status(False, "gone", None, job.id)
        end = self.ends.get(number, finish)
        code = end(job.folder)
        if code is None:
            return Status(True, "running", id=f"j{number}")
        del self.alive[number]
        return Status(False, "gone", code, job.id)

    def stop(self, jobs):
        self.stopped += jobs


def finish(folder, value=None, **more):
    """Leaves the files of a finished run, with a lower metric the higher its number."""
    value = 1 / (1 + int(folder.name)) if value is None else value
    (folder / "metrics.json").write_text(f'{{"val/mse": {value}, "test/mse": 0.0}}')
    (folder / "run.json").write_text('{"status": "finished"}')
    return 0


def fail(message):
    """Ends a job as train.py ends with a user error."""

    def end(folder):
        (folder / "output.log").write_text(f"[12:00] begin\n\nerror: {message}\n")
        return 1

    return end
