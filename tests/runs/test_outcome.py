"""A trial's folder says how it ended."""

import json

import pytest

from softsym.runs.outcome import End, read_outcome, tail


def leave(folder, name, **content):
    (folder / name).write_text(json.dumps(content))


def test_complete_by_validation_never_by_test(tmp_path):
    leave(tmp_path, "run.json", status="finished")
    leave(tmp_path, "metrics.json", **{"val/mse": 0.25, "test/mse": 0.1})
    found = read_outcome(tmp_path, "val/mse", 0)
    assert (found.end, found.value) == (End.COMPLETE, 0.25)


def test_a_record_counts_whatever_the_exit_code(tmp_path):
    leave(tmp_path, "run.json", status="finished")
    leave(tmp_path, "metrics.json", **{"val/mse": 0.25})
    assert read_outcome(tmp_path, "val/mse", -9).end == End.COMPLETE


def test_pruned(tmp_path):
    leave(tmp_path, "pruned.json", epochs=9, value=0.5)
    found = read_outcome(tmp_path, "val/mse", 0)
    assert (found.end, found.value, found.reason) == (End.PRUNED, 0.5, "pruned after 9 epochs")


@pytest.mark.parametrize("metrics", ['{"val/mse": NaN}', "{}", '{"val/mse": null}', "{"])
def test_no_value(metrics, tmp_path):
    leave(tmp_path, "run.json", status="finished")
    (tmp_path / "metrics.json").write_text(metrics)
    found = read_outcome(tmp_path, "val/mse", 0)
    assert found.end == End.FAILED
    assert "val/mse is" in found.reason


def test_stopped_by_hand(tmp_path):
    leave(tmp_path, "run.json", status="interrupted")
    found = read_outcome(tmp_path, "val/mse", 0)
    assert (found.end, found.reason) == (End.FAILED, "interrupted by hand")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (-9, "killed by SIGKILL, as when memory runs out"),
        (137, "killed by SIGKILL, as when memory runs out"),
        (143, "killed by SIGTERM"),
        (None, "gone without a trace"),
        (255, "exit code 255"),
    ],
)
def test_killed(code, reason, tmp_path):
    found = read_outcome(tmp_path, "val/mse", code)
    assert (found.end, found.reason) == (End.KILLED, reason)


def test_the_error_of_a_user_is_the_reason(tmp_path):
    (tmp_path / "output.log").write_text("begin\n\nerror: wrong.\n(add debug=true ...)\n")
    found = read_outcome(tmp_path, "val/mse", 1)
    assert (found.end, found.reason, found.error) == (End.FAILED, "wrong.", "wrong.")


def test_any_other_end(tmp_path):
    assert read_outcome(tmp_path, "val/mse", 0).reason == "ended with exit code 0 and no run.json"
    (tmp_path / "output.log").write_text("Traceback\nKeyError: 3\n")
    found = read_outcome(tmp_path, "val/mse", 1)
    assert found.reason == "ended with exit code 1 and no run.json: KeyError: 3"
    assert found.error is None


def test_the_last_lines_of_a_long_output(tmp_path):
    (tmp_path / "output.log").write_bytes(b"\xff" + b"line\n" * 100_000 + b"last")
    assert tail(tmp_path, 2) == "line\nlast"
