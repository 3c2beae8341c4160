"""Search spaces are checked before any work."""

import pytest
from optuna.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from softsym.runs.errors import UserError
from softsym.sweeps.search.space import parse_space


def one(**given):
    return parse_space({"key": given})[0]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"type": "float", "low": 0, "high": 1}, FloatDistribution(0, 1)),
        ({"type": "float", "low": 1e-4, "high": 1, "log": True}, FloatDistribution(1e-4, 1, True)),
        ({"type": "float", "low": 0, "high": 1, "step": 0.5}, FloatDistribution(0, 1, step=0.5)),
        ({"type": "int", "low": 1, "high": 9, "step": 2}, IntDistribution(1, 9, step=2)),
        ({"type": "int", "low": 1, "high": 9, "log": True}, IntDistribution(1, 9, True)),
        (
            {"type": "categorical", "choices": [1, "a", None]},
            CategoricalDistribution([1, "a", None]),
        ),
    ],
)
def test_distributions(given, expected):
    assert one(**given).distribution() == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"low": 0, "high": 1}, "needs a type, one of float, int, categorical"),
        ({"type": "real", "low": 0, "high": 1}, "one of float, int, categorical; got"),
        ({"type": "float", "low": 1, "high": 1}, "low must be less than high; got 1 and 1"),
        ({"type": "float", "low": 0, "high": 1, "log": True}, "needs low > 0; got 0"),
        ({"type": "float", "low": 0}, "high must be a number; got None"),
        ({"type": "float", "low": "a", "high": 1}, "low must be a number; got a"),
        ({"type": "float", "low": 0, "high": float("inf")}, "high must be a number; got inf"),
        (
            {"type": "float", "low": 0, "high": 1, "lgo": True},
            "float has no lgo; it takes low, high",
        ),
        ({"type": "float", "low": 0, "high": 1, "log": 3}, "log must be true or false; got 3"),
        ({"type": "float", "low": 0, "high": 1, "step": 2}, "step must be within"),
        ({"type": "float", "low": 1, "high": 9, "step": 2, "log": True}, "takes no step; got 2"),
        ({"type": "int", "low": 0.5, "high": 2}, "low of an int must be whole; got 0.5"),
        ({"type": "categorical"}, "choices must be a list"),
        ({"type": "categorical", "choices": "ab"}, "choices must be a list"),
        ({"type": "categorical", "choices": [[1], 2]}, "choices are numbers, words"),
        ({"type": "categorical", "choices": [1, 1]}, "appear twice"),
    ],
)
def test_mistakes(given, message):
    with pytest.raises(UserError, match=f"space of key: .*{message}"):
        one(**given)


@pytest.mark.parametrize("space", [None, {}, [1], "x"])
def test_a_space_is_a_mapping(space):
    with pytest.raises(UserError, match="The space of a search maps keys"):
        parse_space(space)


def test_contains():
    number = one(type="int", low=40, high=120, step=40)
    assert [number.contains(v) for v in (40, 80, 60, 160, "40", True)] == [
        *(True, True, False, False, False, False)
    ]
    assert one(type="float", low=0, high=1).contains(0.3)
    choice = one(type="categorical", choices=[1.0, "a"])
    assert [choice.contains(v) for v in (1.0, "a", 1, "b")] == [True, True, False, False]


def test_samples_lie_within():
    for given in ({"type": "int", "low": 3, "high": 4}, {"type": "float", "low": 100, "high": 200}):
        parameter = one(**given)
        (sample,) = parameter.samples()
        assert parameter.contains(sample)
    assert not float(sample).is_integer()  # so that a float for a whole number is found out
