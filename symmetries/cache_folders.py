"""Tells who may write to the folder of a cache: what others can write, they can forge."""

from __future__ import annotations

import logging
import os
import stat
from functools import lru_cache
from pathlib import Path

log = logging.getLogger(__name__)

ROOT = 0
"""User id of the administrator, who can write anywhere."""


@lru_cache(maxsize=256)
def warn_of_other_writers(folder: Path) -> None:
    """Warns, once per folder and process, if another user can write to a folder that is read."""
    try:
        others = _other_writers(folder.stat())
    except (OSError, AttributeError):  # it is gone, or the system knows no such owners
        return
    if others:
        log.warning(
            "The cache folder %s can be written by %s, who could forge what is read from it. If "
            "you do not trust them, choose a folder of your own, or run chmod go-w on it.",
            folder,
            others,
        )


def _other_writers(status: os.stat_result) -> str | None:
    if status.st_uid not in (os.getuid(), ROOT):
        return f"its owner, the user {status.st_uid}"
    if status.st_mode & stat.S_IWOTH:
        return "everybody"
    # many systems give each user a group of the same number, of which nobody else is a member
    if status.st_mode & stat.S_IWGRP and status.st_gid != status.st_uid:
        return f"the group {status.st_gid}"
    return None
