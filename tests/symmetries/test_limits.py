"""Results that would not fit into memory are refused, and the message tells their size."""

import pytest

from softsym.symmetries import limits
from softsym.symmetries.limits import NO_LIMIT_KNOWN, TooLargeError, memory_limit, require_memory


def test_says_what_is_too_large_and_what_to_do(monkeypatch):
    monkeypatch.setattr(limits, "memory_limit", lambda: 2**30)
    message = r"^The basis needs 1,024\.0 GiB, more than half of this machine's memory \(1\.0 GiB\)"
    with pytest.raises(TooLargeError, match=message + r"\. Use lower ranks\.$"):
        require_memory(2**37, "The basis", "Use lower ranks.")


def test_exactly_as_much_as_allowed_is_fine(monkeypatch):
    monkeypatch.setattr(limits, "memory_limit", lambda: 800)
    require_memory(100, "The basis", "")
    with pytest.raises(TooLargeError):
        require_memory(101, "The basis", "")


@pytest.mark.parametrize("kind", [ValueError, MemoryError])
def test_is_caught_as_bad_input_and_as_lack_of_memory(kind):
    with pytest.raises(kind, match="more than half"):
        require_memory(2**60, "The basis", "")


@pytest.mark.parametrize("error", [AttributeError, ValueError, OSError])
def test_a_system_that_does_not_tell_its_memory_has_a_default(monkeypatch, error):
    def sysconf(name):
        raise error(name)

    monkeypatch.setattr("os.sysconf", sysconf)
    assert memory_limit() == NO_LIMIT_KNOWN


def test_half_of_the_memory_is_allowed(monkeypatch):
    monkeypatch.setattr("os.sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 1000}.__getitem__)
    assert memory_limit() == 4096 * 500
