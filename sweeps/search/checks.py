"""Composes train.py's config for a search: to check it, and to read from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from softsym.cli.overrides import check_command_line
from softsym.runs.errors import UserError
from softsym.sweeps.command_line import train_values
from softsym.sweeps.search.plan import Plan
from softsym.sweeps.search.space import Choice
from softsym.sweeps.search.trials import Trials


def check_trials(plan: Plan, folder: Path, name: str) -> None:
    """Composes train.py's config for a few trials, which together try every choice.

    Args:
        plan: What is searched.
        folder: The search's folder.
        name: Name of the search, for the message.

    Raises:
        UserError: If train.py would refuse a trial; with its message.
    """
    trials = Trials(plan, folder, name, ())
    for params in sample_params(plan):
        try:
            check_command_line(trials.command(0, params))
        except UserError as error:
            hint = " (for a search: in overrides=[...])" if "; pass " in str(error) else ""
            raise UserError(f"search {name}: {error}{hint}") from None


def sample_params(plan: Plan) -> Iterator[Mapping[str, Choice]]:
    """Parameters of a trial with the first value of each, and of one for each further choice."""
    first = {p.key: p.samples()[0] for p in plan.space}
    yield first
    for p in plan.space:
        for choice in p.samples()[1:]:
            if isinstance(choice, int | float) and type(choice) is type(first[p.key]):
                continue  # composing is slow, and other numbers of one type pass as the first does
            yield first | {p.key: choice}


def monitor_and_defaults(plan: Plan) -> tuple[str, dict[str, Any] | None]:
    """The metric to minimize, and the experiment's own values if they lie within the space."""
    params = next(sample_params(plan))
    metric = train_values([*plan.fixed, *plan.drawn(params)], ["monitor"])["monitor"]
    values = train_values(plan.fixed, [p.key for p in plan.space])
    inside = all(p.key in values and p.contains(values[p.key]) for p in plan.space)
    return str(metric), values if inside else None
