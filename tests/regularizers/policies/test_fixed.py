"""Fixed leaves every strength as it was given."""

from compliance.policies import START, PolicySuite, run

from softsym.regularizers import Fixed


class TestFixed(PolicySuite):
    def make(self):
        return Fixed()

    def test_never_changes_anything(self):
        assert all(strengths == START for strengths in run(Fixed()))
        assert Fixed().settled_epoch == 0
