"""Checks the names of groups and types by the grammar that reads them in the run: without torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from softsym.cli.settings.check import Setting, alternatives, settings
from softsym.cli.settings.kinds import BatchTypes, Group, Types
from softsym.runs.errors import UserError
from softsym.symmetries.grammar import GroupGrammar
from softsym.symmetries.rep_grammar import RepGrammar

NO_FAMILIES = {"softsym", "torch", "torchmetrics", "lightning", "wandb", "hydra_plugins"}
"""Packages whose classes define no families of groups but those that the grammar knows."""
Grammar = Callable[[str], GroupGrammar | RepGrammar]


def check_names(config: DictConfig, schema: Any) -> None:
    """Checks all names of groups and of types.

    Where a class of the user's own is to be made, the run alone can tell: the module of that class
    may define families.

    Args:
        config: The composed config, whose settings are of the right types.
        schema: The typed dictionary of its top.

    Raises:
        UserError: If a name is not understood; the message names the key.
    """
    plain = cast("dict[str, Any]", OmegaConf.to_container(config, resolve=False))
    found = list(settings({k: v for k, v in plain.items() if k != "hydra"}, schema))
    made = {str(each.value) for each in found if each.key.endswith("_target_")}
    if {target.partition(".")[0] for target in made} - NO_FAMILIES:
        return
    for each in found:
        for name, grammar in _names(each):
            try:
                grammar(name).read()
            except ValueError as error:
                raise UserError(f"{each.key}: {error}") from None


def _names(setting: Setting) -> Iterator[tuple[str, Grammar]]:
    """The names that a setting gives, and what reads them; none where it refers to other keys."""
    kinds, value = alternatives(setting.kind), setting.value
    grammar: Grammar = GroupGrammar
    if Types in kinds or BatchTypes in kinds:
        grammar = RepGrammar
    elif list[Group] not in kinds and Group not in kinds:
        return
    for name in value if isinstance(value, list) else [value]:
        if isinstance(name, str) and "${" not in name:
            yield name, grammar
