"""Checks where a run goes and where it comes from: name, run_dir, ckpt_path, init_from.

Nothing here imports torch, so that a mistake is answered at once.
"""

from __future__ import annotations

import os
import shlex
import tempfile
import unicodedata
from pathlib import Path, PurePath
from typing import Any

from omegaconf import DictConfig, OmegaConf

from softsym.cli.quoting import override
from softsym.runs.archives import verify_archive
from softsym.runs.errors import UserError
from softsym.runs.layout import BEST_CHECKPOINT, CONFIG, LAST_CHECKPOINT

EXAMPLES = {
    "name": "name=mine",
    "run_dir": "run_dir=outputs/mine/1, or run_dir=. for the current folder",
    "ckpt_path": "ckpt_path=last, ckpt_path=auto, the path of a checkpoint, or null",
    "init_from": "init_from=outputs/mine/1, the path of a checkpoint, or null",
    "test_model": "test_model=best or test_model=last",
    "paths.output": "run_dir=<folder>, which paths.output follows",
    "hydra.run.dir": "run_dir=<folder>, which hydra.run.dir follows",
}
OPTIONAL = ("ckpt_path", "init_from")
LONGEST = 255
"""Bytes of the longest name of a file or folder on Linux and macOS."""
IN_FOLDER = ("last", "auto")
"""Values of ckpt_path that mean the last checkpoint of the run folder."""


def check_places(config: DictConfig) -> None:
    """Checks all keys that name a run, a folder or a checkpoint.

    Args:
        config: The composed config, not resolved, with Hydra's own.

    Raises:
        UserError: If one is empty, is no text or holds line breaks; if a name leads out of
            ``outputs/``; if a checkpoint is missing or damaged.
    """
    for key in EXAMPLES:
        _require_text(key, _unresolved(config, key))
    name = PurePath(str(config.name))
    if name.is_absolute() or ".." in name.parts or name.parts[:1] in ((), ("~",)):
        raise UserError(
            f"name={config.name} leads out of the folder outputs/. Give a plain name, or the whole "
            "folder with run_dir=<folder>."
        )
    if config.test_model not in ("best", "last"):
        raise UserError(f"test_model must be best or last; got {config.test_model!r}.")
    if config.ckpt_path is not None and config.ckpt_path not in IN_FOLDER:
        verify_archive(Path(str(config.ckpt_path)))
    if config.init_from is not None:
        weights_file(config.init_from)


def check_run_folder(folder: Path, ckpt_path: object) -> None:
    """Checks the folder of a single run, which need not exist yet.

    Raises:
        UserError: If it cannot be written, or if there is no run to resume in it.
    """
    require_writable(folder)
    if ckpt_path == "last":
        require_run(folder)
    if ckpt_path in IN_FOLDER and (folder / LAST_CHECKPOINT).exists():
        verify_archive(folder / LAST_CHECKPOINT)


def require_run(folder: Path) -> None:
    """Raises a UserError unless a run has started in the folder."""
    if not (folder / CONFIG).exists():
        raise UserError(
            f"ckpt_path=last: no run has started in {str(folder)!r}. Name the folder of the run to "
            "continue with run_dir=<folder>; ckpt_path=auto starts one where there is none."
        )


def weights_file(init_from: object) -> Path:
    """The checkpoint that ``init_from`` means: in a run folder the best one, else the last one.

    Raises:
        UserError: If it is missing or damaged.
    """
    path = Path(str(init_from))
    if path.is_dir():
        best, last = path / BEST_CHECKPOINT, path / LAST_CHECKPOINT
        path = last if last.exists() and not best.exists() else best
    verify_archive(path)
    return path


def writable_file(path: Path, what: str, example: Path) -> Path:
    """A file to write, if its place looks writable: better to know before any work.

    Args:
        path: The file.
        what: What it is, such as "The page".
        example: Another file, for a message about a folder.

    Raises:
        UserError: If it is a folder, or in a place that cannot be written.
    """
    if path.is_dir():
        raise UserError(f"{str(path)!r} is a folder. Give a file, such as --output {example}.")
    above = next(parent for parent in path.absolute().parents if parent.exists())
    if above.is_dir() and os.access(above, os.W_OK):
        return path
    why = f"{str(above)!r} is {'not writable' if above.is_dir() else 'no folder'}"
    raise UserError(
        f"{what} {str(path)!r} cannot be written: {why}. Name another place with --output FILE."
    )


def require_writable(folder: Path) -> None:
    """Raises a UserError unless the folder can be made and written."""
    # where a folder above is missing, the system would tell of the length only later
    if any(len(os.fsencode(part)) > LONGEST for part in folder.parts):
        raise UserError(refusal(folder, "File name too long"))
    existing = next(p for p in (folder, *folder.absolute().parents) if os.path.lexists(p))
    if reason := _unwritable(existing):
        raise UserError(refusal(folder, f"{str(existing)!r} {reason}"))


def _unwritable(folder: Path) -> str:
    """Why nothing can be written to a folder that exists; empty if something can."""
    if not folder.is_dir():
        return "is no folder"
    if not os.access(folder, os.W_OK | os.X_OK):
        return "does not allow it"
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:  # root may write anywhere, but not to /proc or a read-only disk
        return f"does not allow it ({error.strerror})"
    return ""


def refusal(folder: Path, why: str) -> str:
    """The message about a run folder that cannot be made or written."""
    return (
        f"The output folder {str(folder)!r} cannot be written: {why}. Choose another with "
        "run_dir=<folder>."
    )


def _unresolved(config: DictConfig, key: str) -> Any:
    """The value as written, since only a run can resolve some interpolations."""
    node: Any = OmegaConf.to_container(config, resolve=False)
    for part in key.split("."):
        node = node[part] if isinstance(node, dict) else node
    return node


def near(folder: Path) -> Path:
    """A folder as seen from the current one, if it is inside; such a command may move with both."""
    return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder


def resume_words(folder: Path) -> str:
    """What to add to the command line of a run to continue it, as a shell takes it.

    Example:
        >>> resume_words(Path("runs/one"))
        'ckpt_path=last run_dir=runs/one'
    """
    return shlex.join(["ckpt_path=last", override("run_dir", near(folder))])


def _require_text(key: str, value: object) -> None:
    """Raises a UserError unless the value is text of one line; numbers count as text."""
    if value is None and key in OPTIONAL:
        return
    problem = ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        problem = f"must be text; got {value!r}"
    elif not str(value).strip():
        problem = "is empty, as a variable is that the shell does not know"
    elif any(unicodedata.category(letter)[0] == "C" for letter in str(value)):
        problem = f"holds line breaks or other control characters: {value!r}"
    if problem:
        raise UserError(f"{key} {problem}. Give {EXAMPLES[key]}.")
