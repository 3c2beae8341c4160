"""Continues a search whose journal is damaged with the trials before the damage."""

from __future__ import annotations

import itertools
import logging
import shutil
from pathlib import Path

from softsym.runs.files import replacing
from softsym.runs.layout import JOURNAL
from softsym.runs.optuna_journal import read_journal
from softsym.sweeps.search.study import trial_folders

log = logging.getLogger(__name__)


def set_damage_aside(folder: Path) -> None:
    """Keeps a damaged journal and the trials that it loses under other names.

    Optuna draws later trials anew, whose folders must not hold runs of other values. Does nothing
    where the journal is whole. Call it under the lock of the search.

    Args:
        folder: The folder of the search.

    Raises:
        UserError: If the journal cannot be read at all.
    """
    path = folder / JOURNAL
    if not path.exists():
        return
    storage, damage = read_journal(path)
    if damage is None:
        return
    kept = _free(folder / "journal.damaged.log")
    shutil.copyfile(path, kept)
    with replacing(path) as temporary:
        temporary.write_bytes(damage.before)
    studies = storage.get_all_studies()
    known = storage.get_n_trials(studies[0]._study_id) if studies else 0
    lost = {number: place for number, place in trial_folders(folder).items() if number >= known}
    for place in lost.values():
        place.rename(_free(place.with_name(f"{place.name}.damaged")))
    log.warning("%s. It is kept as %s.", damage, kept.name)
    if lost:
        log.warning("Trials set aside, as folders <number>.damaged: %s.", sorted(lost))


def _free(path: Path) -> Path:
    """The path, or one with a number where it is taken."""
    numbered = (path.with_stem(f"{path.stem}-{n}") for n in itertools.count(2))
    return next(each for each in itertools.chain([path], numbered) if not each.exists())
