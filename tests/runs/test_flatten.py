from __future__ import annotations

from softsym.runs.flatten import flatten


def test_flat_keys_are_dotted():
    assert flatten({"a": {"b": 1, "c": {}}, "d": [1, 2]}) == {"a.b": 1, "a.c": {}, "d": [1, 2]}


def test_keys_with_dots_need_another_separator():
    assert flatten({"a.b": {"c": 1}}, separator="/") == {"a.b/c": 1}
