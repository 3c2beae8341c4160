"""What Lightning says about trainings as small as these."""

import pytest


@pytest.fixture(autouse=True)
def _advice():
    import warnings

    from softsym.cli.quiet import quiet

    with warnings.catch_warnings():
        quiet()
        yield
