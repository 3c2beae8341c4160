"""Regularizers from names of groups alone."""

import pytest
from omegaconf import OmegaConf

from softsym.cli.named_symmetries import add_named_symmetries
from softsym.runs.errors import UserError


def config(symmetries, kind="function"):
    return OmegaConf.create(
        {"symmetries": symmetries, "symmetry_kind": kind, "regularizers": {"decay": {"x": 1}}}
    )


def test_each_group_becomes_a_regularizer_of_its_name():
    made = config(["O(2)@xy", "Reflect(3, 1)"])
    add_named_symmetries(made)
    assert list(made.regularizers) == ["decay", "O(2)@xy", "Reflect(3-1)"]
    assert made.regularizers["Reflect(3-1)"].group == "Reflect(3, 1)"
    assert made.regularizers["O(2)@xy"]._target_.endswith("FunctionRegularizer")


def test_a_mapping_names_them():
    made = config({"flat": "O(2)@xy"}, "projection")
    add_named_symmetries(made)
    assert made.regularizers.flat._target_.endswith("ProjectionRegularizer")


@pytest.mark.parametrize(
    ("symmetries", "kind", "message"),
    [
        (["O(3)", "O(3)"], "function", "listed twice"),
        ("O(3)", "function", "must be a list of groups"),
        ({"decay": "O(3)"}, "function", "that of another regularizer"),
        (["O(3)"], "magic", "symmetry_kind must be one of"),
    ],
)
def test_mistakes_are_named(symmetries, kind, message):
    with pytest.raises(UserError, match=message):
        add_named_symmetries(config(symmetries, kind))


def test_nothing_is_added_where_nothing_is_named():
    made = config([])
    add_named_symmetries(made)
    assert list(made.regularizers) == ["decay"]
