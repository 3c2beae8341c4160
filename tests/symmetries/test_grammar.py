"""Names are checked without torch by the rules that read them."""

import inspect

import pytest
from market import GROUPS

from softsym.symmetries import Group, group
from softsym.symmetries.grammar import NO_NAMES, GroupGrammar, shipped


def called(signature):
    return [(p.name, p.default is p.empty) for p in signature.parameters.values()]


def test_families_are_read_from_their_files_as_they_are_registered():
    registered = {
        name: called(inspect.signature(family))
        for name, family in Group.families.items()
        if family.__module__.startswith("softsym.") and name not in NO_NAMES
    }
    found = {name: called(how) for name, how in shipped().items() if name not in NO_NAMES}
    assert found == registered


@pytest.mark.parametrize("name", GROUPS)
def test_names_of_groups_pass(name):
    GroupGrammar(name).read()


@pytest.mark.parametrize(
    "name",
    [
        "SO3",
        "Scalling(3)",
        "SO(3",
        "SO()",
        "Lorentz(3)",
        "Reflect(1, 2, 3)",
        "O(2)@xw",
        "S(5)xo(3)",
    ],
)
def test_a_mistake_is_answered_as_where_the_group_is_made(name):
    with pytest.raises(ValueError, match=r".") as checked:
        GroupGrammar(name).read()
    with pytest.raises(ValueError, match=r".") as made:
        group(name)
    assert str(checked.value) == str(made.value)
