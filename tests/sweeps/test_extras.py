"""Without the extra, one line says how to get it."""

import sys

import pytest

from softsym.runs.errors import UserError
from softsym.sweeps.extras import NEEDED, require_extra


@pytest.mark.parametrize("name", NEEDED)
def test_says_what_is_missing(name, monkeypatch):
    require_extra()
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UserError, match=rf'Searches need {name}: pip install -e "\.\[search\]"'):
        require_extra()
