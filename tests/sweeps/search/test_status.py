"""The table of a search; it changes nothing."""

from rich.console import Console

from softsym.runs.optuna_journal import EXECUTOR, JOB, MONITOR, SLOTS, TOTAL
from softsym.runs.outcome import End, Outcome
from softsym.sweeps.search.status import show_status
from softsym.sweeps.search.study import Study


def shown(study, folder):
    console = Console(record=True, width=120)
    show_status(study, folder, console)
    return console.export_text()


def test_counts_best_running_and_failed(study, plan, folder):
    study.note_settings(**{TOTAL: 9, SLOTS: 2, MONITOR: "val/mse"})
    for value in (0.5, 0.25, 0.75):
        study.tell(study.ask(plan.space, 0, 10), Outcome(End.COMPLETE, value))
    study.tell(study.ask(plan.space, 0, 10), Outcome(End.KILLED, reason="killed by [SIGKILL]"))
    running = study.ask(plan.space, 0, 10)
    study.note(running, **{EXECUTOR: "slurm", JOB: "17"})
    study.optuna._storage.set_trial_intermediate_value(running._trial_id, 40, 0.5)
    before = study.path.read_bytes()
    text = shown(Study(folder), folder)
    assert study.path.read_bytes() == before
    for said in ("4 of 9 trials have ended", "3 complete, 1 failed, 1 running", "Best by val/mse"):
        assert said in text
    for said in (
        "optimizer.lr=0.00",
        "slurm 17",
        "0.5 (epoch 40)",
        "killed by [SIGKILL]",
        "an hour",
    ):
        assert said in text
    best = [line.split()[:2] for line in text.splitlines() if line.strip()[:1].isdigit()]
    assert best[1:4] == [["1", "0.25"], ["0", "0.5"], ["2", "0.75"]]


def test_before_the_first_trial(study, folder):
    assert "0 of 0 trials have ended" in shown(study, folder)
