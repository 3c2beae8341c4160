"""How a run ended, as its folder tells."""

from __future__ import annotations

import math
import os
import signal
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from softsym.runs.files import read_json
from softsym.runs.layout import METRICS, OUTPUT, PRUNED, RECORD
from softsym.runs.text import visible
from softsym.runs.untrusted import UnreadableError, open_regular

TAIL = 20
"""Lines of the output of a failed run that are kept."""
TAIL_BYTES = 20_000


class End(Enum):
    """The ways in which a run ends."""

    COMPLETE = "complete"
    PRUNED = "pruned"
    FAILED = "failed"
    KILLED = "killed"


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        end: In one word.
        value: Its monitored metric; that of a pruned run at its end.
        reason: Why there is no final value.
        error: Message of the user error that train.py ended with, if it did.
    """

    end: End
    value: float | None = None
    reason: str = ""
    error: str | None = None


def read_outcome(folder: Path, monitor: str, code: int | None) -> Outcome:
    """How a run ended whose process is gone.

    Args:
        folder: The run folder.
        monitor: The metric to read.
        code: Exit code of the process, negative or above 128 for a signal; None if unknown.
    """
    pruned, record = _json(folder / PRUNED), _json(folder / RECORD)
    if pruned is not None:
        return Outcome(
            End.PRUNED, pruned.get("value"), f"pruned after {pruned.get('epochs')} epochs"
        )
    if record is not None and record.get("status") == "finished":
        return _measured(folder, monitor)
    if record is not None:
        return Outcome(End.FAILED, reason=f"{record.get('status')} by hand")
    if code is None or code < 0 or code > 128:
        return Outcome(End.KILLED, reason=killed_by(code))
    return _failed(folder, code)


def killed_by(code: int | None) -> str:
    """Names the signal that killed a process."""
    if code is None:
        return "gone without a trace"
    number = -code if code < 0 else code - 128
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"exit code {code}"
    more = ", as when memory runs out" if name == "SIGKILL" else ""
    return f"killed by {name}{more}"


def tail(folder: Path, lines: int = TAIL) -> str:
    """The last lines of a run's output."""
    try:
        with open_regular(folder / OUTPUT) as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            text = file.read(TAIL_BYTES).decode(errors="replace")
    except (OSError, UnreadableError):
        return ""
    return visible("\n".join(text.splitlines()[-lines:]))


def _measured(folder: Path, monitor: str) -> Outcome:
    value = (_json(folder / METRICS) or {}).get(monitor)
    if not isinstance(value, int | float) or not math.isfinite(value):
        return Outcome(End.FAILED, reason=f"{monitor} is {value} in {METRICS}")
    return Outcome(End.COMPLETE, float(value))


def _failed(folder: Path, code: int) -> Outcome:
    output = tail(folder).strip().splitlines()
    errors = [line.removeprefix("error: ") for line in output if line.startswith("error: ")]
    if errors:
        return Outcome(End.FAILED, reason=errors[-1], error=errors[-1])
    last = f": {output[-1]}" if output else ""
    return Outcome(End.FAILED, reason=f"ended with exit code {code} and no {RECORD}{last}")


def is_finished(folder: Path) -> bool:
    """Whether the run in a folder has finished, so that all its files are complete."""
    return (_json(folder / RECORD) or {}).get("status") == "finished"


def _json(path: Path) -> dict[str, Any] | None:
    try:
        return read_json(path)
    except (OSError, ValueError):
        return None
