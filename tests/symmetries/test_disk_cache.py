"""Bases read from disk are the ones that would be solved, whatever happens to the files."""

from dataclasses import dataclass

import pytest
import torch
import torch.multiprocessing as mp

from softsym.symmetries import (
    GL,
    C,
    Group,
    O,
    Rep,
    T,
    cache_bases,
    disk_cache,
    equivariant_basis,
    equivariant_projector,
    group,
    solver,
)

UNPICKLABLE = (b"reset\n", b"qqqqqqqq", b"MMMMMMMM", b"PK\x03\x04" * 9)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "kept" / "bases"
    cache_bases(folder)
    solver._solve.cache_clear()
    yield folder
    cache_bases(None)
    solver._solve.cache_clear()


@pytest.fixture
def kept(folder):
    """The file of one basis, and that basis, no longer in memory."""
    basis = equivariant_basis(O(3), T(2))
    solver._solve.cache_clear()
    (file,) = folder.iterdir()
    return file, basis


def solve(rank, results):
    torch.save(equivariant_basis("GL(2)", "T(2,2)"), results[rank])


def read(rank, results):
    GL.closed_form = refuses_to_solve
    solve(rank, results)


def refuses_to_solve(*arguments):
    raise AssertionError("solved again")


def test_is_read_back_and_not_solved_again(kept, monkeypatch):
    monkeypatch.setattr(O, "closed_form", refuses_to_solve)
    assert torch.equal(equivariant_basis(O(3), T(2)), kept[1])


def test_two_processes_at_once_and_a_later_one_agree(folder, tmp_path):
    results = [tmp_path / f"{i}.pt" for i in range(3)]
    mp.start_processes(solve, (results[:2],), nprocs=2, start_method="fork")
    mp.start_processes(read, (results[2:],), nprocs=1, start_method="fork")
    assert len(list(folder.iterdir())) == 1
    mine = equivariant_basis("GL(2)", "T(2,2)")
    for result in results:
        assert torch.equal(torch.load(result, weights_only=True), mine)


def truncated(file):
    file.write_bytes(file.read_bytes()[:-200])


def saved(values):
    return lambda file: torch.save(values, file)


@pytest.mark.parametrize(
    "damage",
    [
        truncated,
        lambda file: file.write_bytes(b""),
        lambda file: file.write_text("no basis"),
        saved("no basis"),
        saved({"basis": torch.zeros(9, 1)}),
        saved(torch.full((9, 1), 1 / 3)),
        saved(torch.ones(9, dtype=torch.float64) / 3),
        saved(torch.ones(8, 1, dtype=torch.float64)),
        saved(torch.ones(9, 1, dtype=torch.float64)),
        saved(torch.full((9, 1), float("nan"), dtype=torch.float64)),
        saved(torch.eye(9, dtype=torch.float64)[:, :1]),
        *(lambda file, raw=raw: file.write_bytes(raw) for raw in UNPICKLABLE),
    ],
    ids=[
        *("truncated", "empty", "text", "another value", "a table", "float32", "a vector"),
        *("another size", "not orthonormal", "not finite", "not invariant", *map(str, UNPICKLABLE)),
    ],
)
def test_a_damaged_file_is_solved_again_and_replaced(kept, damage):
    file, basis = kept
    damage(file)
    assert torch.equal(equivariant_basis(O(3), T(2)), basis)
    assert torch.equal(torch.load(file, weights_only=True)["basis"], basis)
    assert list(file.parent.iterdir()) == [file]


def test_groups_made_alike_share_a_file(folder):
    for G in (C(4), group("C(4)")):
        equivariant_basis(G, T(2))
        solver._solve.cache_clear()
    assert len(list(folder.iterdir())) == 1


def test_a_group_of_another_name_finds_the_same_space(folder):
    quarter = Group(2, discrete_generators=C(4).discrete_generators, name="mine")
    first, second = (equivariant_projector(G, T(2)) for G in (C(4), quarter))
    torch.testing.assert_close(first, second)


@pytest.mark.parametrize(("name", "tensor"), [("C(5)", T(2)), ("C(4)", T(3)), ("D(4)", T(2))])
def test_other_content_is_another_file(folder, name, tensor):
    equivariant_basis(C(4), T(2))
    equivariant_basis(name, tensor)
    assert len(list(folder.iterdir())) == 2


def test_vector_and_dual_indices_are_told_apart(folder):
    assert equivariant_basis("SL(2)", T(1, 1)).shape == (4, 1)
    equivariant_basis("SL(2)", T(2))
    equivariant_basis("SL(2)", T(0, 2))
    assert len(list(folder.iterdir())) == 3


def test_groups_made_of_others_are_kept_too(folder):
    names = ("O(2)@xy", "SO(2)*Scaling(2)", "S(2)xO(2)")
    solved = [equivariant_projector(name, "T(1,1)") for name in names]
    solver._solve.cache_clear()
    for name, P in zip(names, solved, strict=True):
        assert torch.equal(equivariant_projector(name, "T(1,1)"), P)


@dataclass(frozen=True)
class Det(Rep):
    def size(self, dim):
        return 1

    def rho(self, g):
        return torch.linalg.det(g)[..., None, None]


def test_types_of_ones_own_are_not_kept(folder):
    equivariant_basis("GL(2)", Det())
    assert list(folder.iterdir()) == []


def test_none_switches_it_off(folder):
    cache_bases(None)
    equivariant_basis(O(3), T(2))
    assert list(folder.iterdir()) == []


def test_what_was_solved_before_is_not_written(folder):
    cache_bases(None)
    equivariant_basis(O(3), T(2))
    cache_bases(folder)
    equivariant_basis(O(3), T(2))
    assert list(folder.iterdir()) == []


def test_a_failed_write_is_a_warning_and_leaves_no_file(folder, monkeypatch, caplog):
    def full(*arguments):
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", full)
    disk_cache.store(O(3), T(2), torch.zeros(9, 1))
    assert "The basis of T2 under O(3) could not be kept: disk full" in caplog.text
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_gone_is_a_warning(folder, caplog):
    folder.rmdir()
    assert equivariant_basis(O(3), T(2)).shape == (9, 1)
    assert "could not be kept" in caplog.text


def test_a_home_folder_may_be_abbreviated(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    cache_bases("~/bases")
    cache_bases(None)
    assert (tmp_path / "bases").is_dir()


@pytest.mark.parametrize(
    ("place", "message"),
    [("file", "File exists"), ("file/bases", "Not a directory|File exists")],
)
def test_a_folder_that_cannot_be_made(folder, tmp_path, place, message):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=rf"Bases cannot be kept in '.*{place}': ({message})\."):
        cache_bases(tmp_path / place)
    equivariant_basis(group("O(3)"), T(2))
    assert len(list(folder.iterdir())) == 1


def test_a_folder_that_cannot_be_written_to(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(ValueError, match=r"Bases cannot be kept in '.*': it is not writable"):
        cache_bases(tmp_path)


def test_a_basis_that_lost_columns_is_solved_again(folder):
    basis = equivariant_basis(O(3), T(4)).clone()
    (file,) = folder.iterdir()
    torch.save(torch.load(file, weights_only=True) | {"basis": basis[:, :1].clone()}, file)
    solver._solve.cache_clear()
    assert torch.equal(equivariant_basis(O(3), T(4)), basis)


def test_a_folder_is_given_by_its_path():
    with pytest.raises(ValueError, match="given by its path; got 3"):
        cache_bases(3)
