"""Damaged, forged and abandoned caches: nothing wrong is read, and one line says what happened."""

import logging
import os
import stat
import subprocess
import sys

import numpy as np
import pytest
import torch
from cache_trials import (
    DAMAGED_FILES,
    DAMAGED_FOLDERS,
    REBUILT,
    REFUSED,
    RIGHT,
    ArrayCache,
    BasisCache,
    flipped,
    without_entry,
)

from softsym.datamodules import array_store
from softsym.datamodules.array_store import INDEX, UNFINISHED, cached_arrays
from softsym.symmetries import (
    T,
    cache_bases,
    cache_folders,
    disk_cache,
    equivariant_basis,
    group,
    solver,
)


@pytest.fixture
def arrays(tmp_path):
    return ArrayCache(tmp_path / "cache")


@pytest.fixture
def bases(tmp_path):
    return BasisCache(tmp_path / "bases")


def test_an_untouched_cache_is_read(arrays, bases):
    assert (arrays.read(), bases.read()) == (RIGHT, RIGHT)


@pytest.mark.parametrize("file", ["points.npy", "none.npy", INDEX])
@pytest.mark.parametrize("what", DAMAGED_FILES)
def test_damaged_file_of_arrays(arrays, file, what):
    DAMAGED_FILES[what](arrays.result / file)
    assert (arrays.read(), arrays.read()) == (REBUILT, RIGHT)


@pytest.mark.parametrize("what", DAMAGED_FOLDERS)
def test_something_else_in_place_of_a_result(arrays, what):
    DAMAGED_FOLDERS[what](arrays.result)
    assert (arrays.read(), arrays.read()) == (REBUILT, RIGHT)


def test_what_a_link_points_to_is_left_alone(arrays, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter").write_text("dear")
    DAMAGED_FOLDERS["an empty folder"](arrays.result)
    arrays.result.rmdir()
    arrays.result.symlink_to(mine)
    assert arrays.read() == REBUILT
    assert (mine / "letter").read_text() == "dear"


@pytest.mark.parametrize("what", ["a file", "a link to nothing", "a link to itself"])
def test_something_else_in_place_of_the_cache(arrays, what):
    DAMAGED_FOLDERS[what](arrays.folder)
    assert arrays.read() == REFUSED


def test_a_missing_entry_of_the_index(arrays):
    without_entry(arrays.result)
    assert arrays.read() == REBUILT


def test_a_result_that_cannot_be_replaced(arrays, monkeypatch):
    remove = array_store.shutil.rmtree

    def denied(path, **settings):
        if path == arrays.result:
            raise PermissionError(13, "Permission denied", str(path))
        remove(path, **settings)

    flipped(arrays.result / "points.npy", 8)
    monkeypatch.setattr(array_store.shutil, "rmtree", denied)
    with pytest.raises(
        PermissionError, match=r"thing-k' is damaged and cannot be .* Delete it, or"
    ):
        arrays._arrays()


@pytest.mark.parametrize("cache", ["arrays", "bases"])
def test_every_flipped_bit_is_noticed(request, cache):
    trial = request.getfixturevalue(cache)
    bits = [(f, bit) for f in trial.files for bit in range(5, 8 * f.stat().st_size, 631)]
    for file, bit in bits:
        flipped(file, bit)
        outcome = trial.read()
        # a few bytes of torch's archive hold nothing that is read
        assert outcome == REBUILT or (cache == "bases" and outcome == RIGHT), (file.name, bit)


UNREAD = {"longer", "a bit of the header", "last bit"}
"""Damages of a part of torch's archive that holds nothing."""


@pytest.mark.parametrize("what", sorted(DAMAGED_FILES.keys() - {"gone"}))
def test_damaged_basis(bases, what):
    DAMAGED_FILES[what](bases.files[0])
    assert (bases.read(), bases.read()) == (RIGHT if what in UNREAD else REBUILT, RIGHT)


def forged(file, basis):
    """A file with the checksum that belongs to it."""
    torch.save({"basis": basis, "checksum": disk_cache._checksum(file, basis)}, file)


@pytest.mark.parametrize(
    ("name", "tensor", "lost"),
    [
        ("O(3)", T(4), 1),
        ("O(2)@xy", T(3), 2),
        ("SL(2)", T(2, 2), 1),
        ("S(4)", T(2), 1),
        ("C(5)", T(4), 5),
    ],
)
def test_a_forged_basis_without_some_columns(tmp_path, caplog, name, tensor, lost):
    G = group(name, 3 if "@" in name else None)
    cache_bases(tmp_path)
    try:
        basis = equivariant_basis(G, tensor)
        file = disk_cache._path(tmp_path, G, T(tensor.rank) if G.is_orthogonal else tensor)
        forged(file, basis[:, lost:].contiguous())
        solver._solve.cache_clear()
        assert torch.equal(equivariant_basis(G, tensor), basis)
        assert "is not that of all invariants; it is solved again" in caplog.text
    finally:
        cache_bases(None)
        solver._solve.cache_clear()


def test_the_basis_of_a_larger_group_under_the_name_of_a_smaller(tmp_path, caplog):
    cache_bases(tmp_path)
    try:
        large = equivariant_basis("O(3)", T(2))
        (file,) = tmp_path.iterdir()
        expected = equivariant_basis("O(2)@xy", T(2))
        other = disk_cache._path(tmp_path, group("O(2)@xy"), T(2))
        other.write_bytes(file.read_bytes())  # a copy
        solver._solve.cache_clear()
        assert torch.equal(equivariant_basis("O(2)@xy", T(2)), expected)
        forged(other, large)
        solver._solve.cache_clear()
        assert torch.equal(equivariant_basis("O(2)@xy", T(2)), expected)
        assert ["checksum is wrong" in line for line in caplog.messages] == [True, False]
    finally:
        cache_bases(None)
        solver._solve.cache_clear()


@pytest.mark.parametrize(
    ("mode", "owner", "said"),
    [
        (0o700, None, None),
        (0o755, None, None),
        (0o777, None, "everybody"),
        (0o1777, None, "everybody"),
        (0o775, None, "the group"),
        (0o755, 12345, "its owner, the user 12345"),
    ],
)
@pytest.mark.parametrize("trial", [ArrayCache, BasisCache])
def test_a_folder_that_others_can_write_is_said_once(
    tmp_path, caplog, monkeypatch, trial, mode, owner, said
):
    cache = trial(tmp_path / "shared")
    real = os.stat(cache.folder)
    fields = list(real)
    fields[stat.ST_MODE] = stat.S_IFDIR | mode
    fields[stat.ST_UID] = os.getuid() if owner is None else owner
    fields[stat.ST_GID] = fields[stat.ST_UID] + 1
    shown = cache_folders._other_writers(os.stat_result(fields))
    monkeypatch.setattr(cache_folders, "_other_writers", lambda _: shown)
    cache_folders.warn_of_other_writers.cache_clear()
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        cache.read()
        cache.read()
    lines = [line for line in caplog.messages if "can be written by" in line]
    assert len(lines) == (said is not None)
    assert all(said in line for line in lines)


def test_a_group_of_ones_own_is_nobody_else():
    fields = [stat.S_IFDIR | 0o775, 0, 0, 0, os.getuid(), os.getuid(), 0, 0, 0, 0]
    assert cache_folders._other_writers(os.stat_result(fields)) is None


@pytest.mark.parametrize(("mask", "mode"), [(0o002, 0o664), (0o022, 0o644), (0o077, 0o600)])
@pytest.mark.parametrize("trial", [ArrayCache, BasisCache])
def test_files_have_the_permissions_of_the_umask(tmp_path, trial, mask, mode):
    before = os.umask(mask)
    try:
        cache = trial(tmp_path / "cache")
    finally:
        os.umask(before)
    files = [path for path in cache.folder.rglob("*") if path.is_file() and path.suffix != ".lock"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {mode}


WRITE_BASIS = """
import os, sys, torch
from softsym.symmetries import cache_bases, disk_cache, equivariant_basis
cache_bases(sys.argv[1])
def killed(content, file):
    file.write(b"half"); file.flush(); os.kill(os.getpid(), 9)
torch.save = killed
equivariant_basis("O(3)", "T2")
"""


def test_killed_writers_of_bases_leave_nothing_to_the_next(tmp_path):
    subprocess.run([sys.executable, "-c", WRITE_BASIS, str(tmp_path)], check=False)
    (leftover,) = tmp_path.iterdir()
    assert leftover.suffix == disk_cache.UNFINISHED
    alive = tmp_path / f"alive{disk_cache.UNFINISHED}"
    with alive.open("xb") as file:
        disk_cache._lock(file)
        cache_bases(tmp_path)
        cache_bases(None)
        assert list(tmp_path.iterdir()) == [alive]


def test_killed_builds_of_other_results_leave_nothing_to_the_next(arrays):
    for name in ("other-key", "one-more"):  # what a kill leaves; nobody builds these again
        leftover = arrays.folder / f"{UNFINISHED}{name}-0123456789ab"
        leftover.mkdir()
        (leftover / "points.npy").write_bytes(b"half")
    with array_store._lock_of(arrays.folder / "one-more"):  # alive
        cached_arrays(arrays.folder, "new", "k", lambda writer: writer.append("a", np.ones(2)))
        left = [path.name for path in arrays.folder.glob(f"{UNFINISHED}*")]
        assert left == [f"{UNFINISHED}one-more-0123456789ab"]
