"""Lists of overrides."""

import doctest

from softsym.sweeps import overrides
from softsym.sweeps.overrides import key_of, merged


def test_the_second_wins():
    assert merged(["a=1", "+b=2"], ["b=3", "~c"]) == ["a=1", "b=3", "~c"]
    assert key_of("++a.b=c=d") == "a.b"


def test_examples():
    assert doctest.testmod(overrides) == (0, 2)
