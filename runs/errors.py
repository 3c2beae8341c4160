"""The base class of errors that users can mend."""

from __future__ import annotations


class UserError(Exception):
    """An error whose message says what was given, what is allowed, and how to fix it."""
