"""Settings that do not fit their annotation, in plain words and before any work."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pytest
from omegaconf import OmegaConf

from softsym.datamodules import base
from softsym.datamodules.setting_checks import (
    Count,
    NonNegative,
    Positive,
    Seed,
    Share,
    checked,
    require,
    require_choice,
)

NAN, INF = float("nan"), float("inf")

REFUSED = [
    # (annotation, values, what the message says is allowed)
    (Count, [0, -1, 1.5, "2", True, None, NAN, [1]], "a whole number of at least 1"),
    (Seed, [-1, 2**63, 1.0, "0"], "a whole number from 0 to 4611686018427387904"),
    (Share, [-0.1, 1.1, NAN, INF, "0.5", True, None], "a finite number from 0 to 1"),
    (NonNegative, [-1e-9, NAN, -INF, INF, "1", {}], "a finite number of at least 0"),
    (Positive | None, [0, -1, NAN, "1", False], "a finite number above 0 or null"),
    (float, [NAN, INF, "1", None], "a finite number"),
    (bool, [0, 1, "true", None], "true or false"),
    (str | None, [1, ["a"], b"a"], "text or null"),
    (Literal[2, 3], [4, 2.5, "2", None], "2 or 3"),
    (Literal[0, 1, 2], [3], "0, 1 or 2"),
    (Sequence[str], [1, [1], None], "a list"),
    (Mapping[str, str] | None, [1, ["a"], {"a": 1}], "a mapping or null"),
]
ALLOWED = [
    (Count, [1, 10**9, np.int64(3)]),
    (Share, [0, 1, 0.5, np.float32(0.5)]),
    (float, [-7.5, 3]),
    (Positive | None, [None, 1e-9]),
    (Literal[2, 3], [2, 3]),
    (Sequence[str], [["a"], ("a",), OmegaConf.create(["a"])]),
    (Mapping[str, str], [{"a": "b"}, OmegaConf.create({"a": "b"})]),
    (Any, [object()]),
]


@pytest.mark.parametrize(
    ("annotation", "value", "allowed"), [(a, v, words) for a, vs, words in REFUSED for v in vs]
)
def test_what_is_refused(annotation, value, allowed):
    with pytest.raises(ValueError, match="x must be ") as raised:
        require("x", value, annotation)
    assert str(raised.value) == f"x must be {allowed}; got {value!r}."


@pytest.mark.parametrize(("annotation", "value"), [(a, v) for a, vs in ALLOWED for v in vs])
def test_what_is_allowed(annotation, value):
    require("x", value, annotation)


def test_a_long_value_is_cut():
    with pytest.raises(ValueError, match="got 'a") as raised:
        require("x", "a" * 10_000, Count)
    assert len(str(raised.value)) < 200


def test_a_choice():
    require_choice("kind", None, ("a", None))
    with pytest.raises(ValueError, match=r"datamodule\.kind must be one of a, null; got 'b'"):
        require_choice("kind", "b", ("a", None))


class Mine(base.TensorDataModule):
    """A class of a user's own, with an annotation that no module knows at run time."""

    def __init__(self, size: Count, other=None, more: "Unknown" = 1, **settings: Any):  # noqa: F821
        super().__init__("T0", "T0", 3, size, **settings)

    def load(self):
        return {}


def test_constructors_of_ones_own_are_checked_where_they_can_be():
    assert Mine(3, object(), "anything").batch_size == 3
    with pytest.raises(ValueError, match=r"datamodule\.batch_size must be a whole .*; got 'a'"):
        Mine("a")
    with pytest.raises(ValueError, match=r"datamodule\.seed must be a whole number from 0"):
        Mine(3, seed=-1)
    with pytest.raises(TypeError, match=r"missing 1 required positional argument: 'size'"):
        Mine()


def test_positions_and_names_are_checked_alike():
    @checked
    def constructor(self, a: Count, b: Share = 0.5, *args: Count, **settings: Count):
        self.append((a, b, args, settings))

    made = []
    constructor(made, 1, 0.2, "free", c="free")
    assert made == [(1, 0.2, ("free",), {"c": "free"})]
    for arguments, named in [((0,), {}), ((), {"a": 0}), ((1, 2.0), {}), ((1,), {"b": 2.0})]:
        with pytest.raises(ValueError, match=r"datamodule\.[ab] must be"):
            constructor(made, *arguments, **named)
