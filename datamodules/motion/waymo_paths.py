"""Where the shards of the Waymo Open Motion Dataset lie, and which of them there should be."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Sequence
from pathlib import Path

log = logging.getLogger(__name__)

NAME = re.compile(r".*\.tfrecord(-(?P<number>\d+)-of-(?P<count>\d+))?$")
"""Names of shards; what is still being fetched or is compressed has others."""

COMPRESSED = (".gz", ".zip", ".tar")
SOURCE = (
    "Get the Waymo Open Motion Dataset, after agreeing to its licence, from "
    "https://waymo.com/open/download: of a bucket like waymo_open_dataset_motion_v_1_2_0, the "
    "folders training and validation of either uncompressed/tf_example or uncompressed/scenario."
)
LAYOUT = (
    "The folder has to hold training/ and validation/ with files named *.tfrecord or "
    "*.tfrecord-00000-of-01000."
)


def shard_paths(data_dir: Path, part: str) -> list[Path]:
    """The shards of one folder of the dataset, by name.

    Args:
        data_dir: Folder of the dataset.
        part: ``training`` or ``validation``.

    Raises:
        FileNotFoundError: If the folder is not there or has no shard.
        ValueError: If it has compressed files.
    """
    folder = data_dir / part
    if not folder.is_dir():
        raise FileNotFoundError(f"{str(folder)!r} does not exist. {LAYOUT} {SOURCE}")
    there = sorted(path for path in folder.iterdir() if path.is_file())
    packed = [path.name for path in there if path.suffix in COMPRESSED]
    if packed:
        raise ValueError(
            f"{str(folder)!r} has compressed files, such as {packed[0]}. Unpack them, or move them "
            "elsewhere."
        )
    paths = [path for path in there if NAME.match(path.name)]
    if not paths:
        raise FileNotFoundError(f"{str(folder)!r} has no TFRecord files. {LAYOUT} {SOURCE}")
    return paths


def first_tenth(paths: Sequence[Path]) -> list[Path]:
    """The first tenth of the dataset's shards, as their names count them.

    Args:
        paths: The shards that are there; those without numbers are counted as they are.

    Raises:
        ValueError: If none of the first tenth is there.
    """
    count = _expected(paths)
    if count is None:
        return list(paths[: math.ceil(len(paths) / 10)])
    wanted = math.ceil(count / 10)
    first = [path for path in paths if _number(path) < wanted]
    if not first:
        raise ValueError(
            f"None of the first {wanted} of {count} shards is in {str(paths[0].parent)!r}, which "
            "datamodule.splits=training_tenth reads. Fetch them, or use datamodule.splits=own."
        )
    warn_of_missing(first, wanted)
    return first


def _number(path: Path) -> int:
    found = NAME.match(path.name)
    return int(found["number"]) if found and found["number"] else 0


def _expected(paths: Sequence[Path]) -> int | None:
    """How many shards there are in all, by their names; None if these do not say so."""
    found = [NAME.match(path.name) for path in paths]
    counts = {int(match["count"]) if match and match["count"] else None for match in found}
    return counts.pop() if len(counts) == 1 else None


def warn_of_missing(paths: Sequence[Path], wanted: int | None = None) -> None:
    """Says so where shards are missing; a copy that was cut short would else pass for the whole.

    Args:
        paths: The shards of one folder that are read.
        wanted: How many there should be; by default as many as their names tell of.
    """
    count = _expected(paths) if wanted is None else wanted
    if count is not None and len(paths) < count:
        log.warning(
            "%s has %d of the %d shards to read, by their names; the others are left out.",
            *(paths[0].parent, len(paths), count),
        )
