"""Overrides as text, which Hydra reads as they were meant."""

import doctest

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from softsym.sweeps import overrides
from softsym.sweeps.overrides import key_of, merged, override, quote_list

AWKWARD = [
    *(1e-4, 0.1, 3, True, None, "adjust_once", "O(3)", "a b", "true", "1", "it's", 'say "x"'),
    *("a=b,c", "[1]", "/a/b-c.d/trials/3", "back\\slash", "ends\\", "${x}", "é", ""),
]


@pytest.mark.parametrize("value", AWKWARD)
def test_hydra_reads_what_was_meant(value):
    parsed = OverridesParser.create().parse_override(override("key", value))
    assert (parsed.key_or_group, parsed.value()) == ("key", value)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("overrides=[a.b=1]", ["a.b=1"]),
        ("overrides=[a.b=1, ~c , +d.e=x]", ["a.b=1", "~c", "+d.e=x"]),
        ("overrides=['a=1',\"b=2\"]", ["a=1", "b=2"]),
        ("overrides=[a=[1,2],b={c:1,d:2}]", ["a=[1,2]", "b={c:1,d:2}"]),
        ('overrides=[g="O(2)*S(2)",h=1]', ['g="O(2)*S(2)"', "h=1"]),
        ("overrides=[g='SL(3)']", ["g='SL(3)'"]),
        ("overrides=[]", []),
    ],
)
def test_items_of_a_list_need_no_quotes(text, items):
    assert OverridesParser.create().parse_override(quote_list(text)).value() == items


def test_what_is_no_list_is_left_alone():
    assert quote_list("overrides=abc") == "overrides=abc"


def test_the_second_wins():
    assert merged(["a=1", "+b=2"], ["b=3", "~c"]) == ["a=1", "b=3", "~c"]
    assert key_of("++a.b=c=d") == "a.b"


def test_examples():
    assert doctest.testmod(overrides) == (0, 4)
