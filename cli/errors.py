"""Reports errors that the user can mend as one message, without a traceback."""

from __future__ import annotations

import errno
import inspect
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeGuard

from hydra.errors import InstantiationException
from hydra.utils import get_object
from omegaconf.errors import OmegaConfBaseException

from softsym.cli.preemption import INTERRUPTED, interrupts_raised
from softsym.runs.errors import UserError

log = logging.getLogger(__name__)

USERS = (
    UserError,
    OmegaConfBaseException,
    InstantiationException,
    ValueError,
    FileNotFoundError,
    PermissionError,
    ImportError,
    NotADirectoryError,
    IsADirectoryError,
    FileExistsError,
)


RESOLVING = re.compile(r"^\w+ raised while resolving interpolation: ")
"""OmegaConf's prefix to the message of an error in a value that it computes."""


UNUSABLE = (errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP)
"""Errors of the system about a place that the user chose."""


@contextmanager
def reported(debug: bool = False, command: str = "train") -> Iterator[None]:
    """Ends the process with a message and exit code 1 when the body raises a user's error.

    Ctrl-C ends it with a line and exit code 130. The traceback goes to the log file, and to the
    terminal if asked for.

    Args:
        debug: Let the error through, with its traceback.
        command: What runs; advice about checkpoints and keys is for those that have them.
    """
    interrupted = INTERRUPTED if command == "train" else "\nInterrupted.\n"
    try:
        with interrupts_raised():
            yield
    except KeyboardInterrupt:
        sys.stderr.write(interrupted)
        sys.exit(130)
    except (*USERS, OSError) as error:
        if _comes_from_interrupt(error):  # a library's import turned Ctrl-C into its own error
            sys.stderr.write(interrupted)
            sys.exit(130)
        if debug or not (isinstance(error, USERS) or is_full(error) or _of_path(error)):
            raise
        logging.raiseExceptions = not is_full(error)  # the log is on that disk
        log.debug("traceback of the error below", exc_info=True)
        sys.stderr.write(f"\nerror: {explain(error, command)}\n")
        if not isinstance(error, UserError) and command in ("train", "sweep"):
            sys.stderr.write("(add debug=true for the traceback)\n")
        sys.stderr.flush()
        sys.exit(1)


def _comes_from_interrupt(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def explain(error: BaseException, command: str = "train") -> str:
    """Explains an error; one from building an object by its cause and its key in the config."""
    if is_full(error):
        if command != "train":
            return f"{error}. Make room, then give the same command again."
        remedy = "make room, then continue with ckpt_path=last"
        return f"{error}. What was saved before is whole: {remedy}."
    if _of_path(error):
        return (
            f"{str(error.filename)!r} cannot be used: {error.strerror}. Name another place for it."
        )
    if not isinstance(error, InstantiationException):
        return _without_decoration(str(error)) or type(error).__name__
    place = re.search(r"full_key: (\S+)", str(error))
    target = re.search(r"(?:target|locating) '([^']+)'", str(error))
    cause: BaseException = error
    while isinstance(cause.__cause__, BaseException):
        cause = cause.__cause__
    message = str(cause).splitlines()[0] if str(cause) else type(cause).__name__
    if isinstance(cause, TypeError) and target and "argument" in message:
        message = f"{message}. {_arguments(target[1])}"
    prefix = place[1] if place else (target[1] if target else "config")
    return f"{prefix}: {message}"


def is_full(error: BaseException) -> bool:
    """Whether the disk is full or a quota is used up."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _of_path(error: BaseException) -> TypeGuard[OSError]:
    return isinstance(error, OSError) and bool(error.filename) and error.errno in UNUSABLE


def _without_decoration(message: str) -> str:
    """Strips what OmegaConf adds before and after the message of an error."""
    lines = RESOLVING.sub("", message).splitlines()
    place = re.search(r"full_key: (\S+)", message)
    kept = [line for line in lines if not line.lstrip().startswith(("full_key", "object_type"))]
    text = "\n".join(kept).strip()
    return f"{place[1]}: {text}" if place and "Interpolation" in text else text


def _arguments(target: str) -> str:
    """Lists the arguments that the class of a config entry takes."""
    try:
        parameters = inspect.signature(get_object(target)).parameters
    except (ValueError, TypeError, ImportError, AttributeError):
        return f"See the arguments of {target}."
    return f"{target} takes: {', '.join(parameters)}."
