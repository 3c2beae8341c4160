"""Defaults of the contract of a policy."""

import pytest

from softsym.regularizers import StrengthPolicy


class Nothing(StrengthPolicy):
    def update(self, epochs, penalties, strengths):
        return dict(strengths)


def test_defaults():
    policy = Nothing()
    assert (policy.settled_epoch, policy.adjusted_epoch, policy.state_dict()) == (0, None, {})
    policy.load_state_dict({})


def test_update_must_be_given():
    with pytest.raises(TypeError, match="abstract"):
        StrengthPolicy()
