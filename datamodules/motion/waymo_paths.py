"""Finds the shards of the Waymo Open Motion Dataset and notices missing ones."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Sequence
from pathlib import Path

log = logging.getLogger(__name__)

NAME = re.compile(r".*\.tfrecord(-(?P<number>\d+)-of-(?P<count>\d+))?$")
"""Names of shards; partial downloads and compressed files have other names."""

COMPRESSED = (".gz", ".zip", ".tar")
SOURCE = (
    "Get the Waymo Open Motion Dataset, after agreeing to its licence, from "
    "https://waymo.com/open/download: from a bucket like waymo_open_dataset_motion_v_1_2_0, the "
    "folders training and validation of either uncompressed/tf_example or uncompressed/scenario."
)
LAYOUT = (
    "The folder must contain training/ and validation/ with files named *.tfrecord or "
    "*.tfrecord-00000-of-01000."
)


def shard_paths(data_dir: Path, part: str) -> list[Path]:
    """Lists the shards of one folder of the dataset, ``training`` or ``validation``, by name."""
    folder = data_dir / part
    if not folder.is_dir():
        raise FileNotFoundError(f"{str(folder)!r} does not exist. {LAYOUT} {SOURCE}")
    files = sorted(path for path in folder.iterdir() if path.is_file())
    packed = [path.name for path in files if path.suffix in COMPRESSED]
    if packed:
        raise ValueError(
            f"{str(folder)!r} has compressed files, such as {packed[0]}. Unpack them, or move them "
            "elsewhere."
        )
    paths = [path for path in files if NAME.match(path.name)]
    if not paths:
        raise FileNotFoundError(f"{str(folder)!r} has no TFRecord files. {LAYOUT} {SOURCE}")
    return paths


def first_tenth(paths: Sequence[Path]) -> list[Path]:
    """Selects the first tenth of the dataset's shards, by their numbers if they have any."""
    count = _total(paths)
    if count is None:
        return list(paths[: math.ceil(len(paths) / 10)])
    wanted = math.ceil(count / 10)
    first = [path for path in paths if _named_number(path, "number") < wanted]
    if not first:
        raise ValueError(
            f"None of the first {wanted} of {count} shards is in {str(paths[0].parent)!r}, which "
            "datamodule.splits=training_tenth reads. Fetch them, or use datamodule.splits=own."
        )
    warn_of_missing(first, wanted)
    return first


def warn_of_missing(paths: Sequence[Path], wanted: int | None = None) -> None:
    """Warns of missing shards, because an incomplete copy would otherwise pass for the whole.

    ``wanted`` is the number of shards to read; by default the total in their names.
    """
    count = _total(paths) if wanted is None else wanted
    if count is not None and len(paths) < count:
        log.warning(
            "%s has %d of the %d shards to read, by their names; the others are left out.",
            *(paths[0].parent, len(paths), count),
        )


def _total(paths: Sequence[Path]) -> int | None:
    """Returns the total number of shards if all names agree on it."""
    counts = {_named_number(path, "count") for path in paths}
    return counts.pop() or None if len(counts) == 1 else None


def _named_number(path: Path, which: str) -> int:
    """Reads the ``number`` or ``count`` in a name; 0 if it has none."""
    match = NAME.match(path.name)
    return int(match[which] or 0) if match else 0
