"""Checks a search against train.py's config before any work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from softsym.cli.overrides import check_command_line
from softsym.runs.errors import UserError
from softsym.sweeps.plan import Plan
from softsym.sweeps.space import Choice
from softsym.sweeps.trials import Trials


def check_trials(plan: Plan, folder: Path, name: str) -> None:
    """Composes train.py's config for a few trials, which between them try all choices.

    Args:
        plan: The search.
        folder: The search's folder.
        name: Its name, for the message.

    Raises:
        UserError: If train.py would refuse a trial; with its message.
    """
    trials = Trials(plan, folder, name, ())
    for params in samples(plan):
        try:
            check_command_line(trials.command(0, params))
        except UserError as error:
            hint = " (for a search: in overrides=[...])" if "; pass " in str(error) else ""
            raise UserError(f"search {name}: {error}{hint}") from None


def samples(plan: Plan) -> Iterator[Mapping[str, Choice]]:
    """A trial of the first values of each parameter, and one for each further choice."""
    first = {p.key: p.samples()[0] for p in plan.space}
    yield first
    for p in plan.space:
        for choice in p.samples()[1:]:
            if isinstance(choice, int | float) and type(choice) is type(first[p.key]):
                continue  # one number is as good as another; composing takes its time
            yield first | {p.key: choice}
