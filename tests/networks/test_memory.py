"""The estimate of memory that the command line makes is the networks' own."""

import inspect

import pytest

from softsym import networks
from softsym.networks.memory import HIDDEN
from softsym.symmetries.limits import TooLargeError

SETTINGS = {"rep_in": "2T1", "rep_out": "2T1", "dim": 2, "group": "O(2)", "residual_group": "SO(2)"}


@pytest.mark.parametrize("name", HIDDEN)
@pytest.mark.parametrize("size", [{"width": 10**7, "layers": 3}, {"width": 8, "layers": 10**8}])
def test_networks_and_estimate_refuse_the_same(name, size):
    make, estimate = getattr(networks, name), HIDDEN[name]
    # the transformer's own names differ
    renamed = {"channels": size["width"], "hidden_layers": size["layers"], **size, **SETTINGS}
    refused = []
    for function in (make, lambda **values: estimate(**values).require_memory(name)):
        names = inspect.signature(make if function is make else estimate).parameters
        with pytest.raises(TooLargeError, match=f"Training {name} with") as told:
            function(**{n: renamed[n] for n in names if n in renamed})
        refused.append(str(told.value).partition(" needs ")[0])
    assert refused[0] == refused[1]


@pytest.mark.parametrize("name", HIDDEN)
def test_what_fits_is_not_refused(name):
    given = {"channels": 128, "hidden_layers": 3, "width": 64, "layers": 2, "dim": 3}
    names = inspect.signature(HIDDEN[name]).parameters
    HIDDEN[name](**{n: given[n] for n in names}).require_memory(name, 1000, 1000)
