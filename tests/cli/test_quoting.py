"""Overrides as text, which Hydra reads as they were meant."""

import doctest

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from softsym.cli import quoting
from softsym.cli.quoting import override, readable
from softsym.runs.errors import UserError

AWKWARD = [
    *(1e-4, 0.1, 3, True, None, "adjust_once", "O(3)", "a b", "true", "1", "it's", 'say "x"'),
    *("a=b,c", "[1]", "/a/b-c.d/trials/3", "back\\slash", "ends\\", "${x}", "\xe9", "a\xe9", ""),
]


def read(text):
    return OverridesParser.create().parse_override(text).value()


@pytest.mark.parametrize("value", AWKWARD)
def test_hydra_reads_what_was_meant(value):
    assert read(override("key", value)) == value


@pytest.mark.parametrize("value", AWKWARD)
def test_what_is_quoted_stays_as_it_is(value):
    assert readable(override("key", value)) == override("key", value)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("overrides=[a.b=1]", ["a.b=1"]),
        ("overrides=[a.b=1, ~c , +d.e=x]", ["a.b=1", "~c", "+d.e=x"]),
        ("overrides=['a=1',\"b=2\"]", ["a=1", "b=2"]),
        ("overrides=[a=[1,2],b={c:1,d:2}]", ["a=[1,2]", "b={c:1,d:2}"]),
        ('overrides=[g="O(2)*S(2)",h=1]', ['g="O(2)*S(2)"', "h=1"]),
        ("overrides=[g='SL(3)']", ["g='SL(3)'"]),
        ("overrides=[\n  a=1,\n  b=2\n]", ["a=1", "b=2"]),
        ("overrides=[]", []),
        ("overrides=abc", "abc"),
        ("candidates={c4:C(4),xy:O(2)@xy}", {"c4": "C(4)", "xy": "O(2)@xy"}),
    ],
)
def test_items_need_no_quotes(text, items):
    assert read(readable(text)) == items


@pytest.mark.parametrize("text", ["a=[1,2", "a={b:1", "a='b", "--cfg", "-m", "~a", "seed", "a b=1"])
def test_what_hydra_explains_is_left_alone(text):
    assert readable(text) == text


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("group=O(2)@xy,SO(3)", ["O(2)@xy", "SO(3)"]),
        ("group=choice(O(2)@xy,SO(3))", ["O(2)@xy", "SO(3)"]),
        ("name=it's,b", ["it's", "b"]),
        ("name=a,2024", ["a", "2024"]),
        ("seed=range(3)", [0, 1, 2]),
        ("lr=1e-3,1e-2", [0.001, 0.01]),
    ],
)
def test_commas_of_a_sweep_still_separate(text, values):
    swept = OverridesParser.create().parse_override(readable(text, sweep=True))
    assert [read(f"key={value}") for value in swept.sweep_string_iterator()] == values


@pytest.mark.parametrize("text", ["name=a\nb", "name='a\nb'", "a=[b,c\x1b]", "a\tb=1"])
def test_control_characters_are_refused(text):
    with pytest.raises(UserError, match="holds a line break or another control character"):
        readable(text)


def test_examples():
    assert doctest.testmod(quoting) == (0, 2)
