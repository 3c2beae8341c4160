"""Users' files: every kind reads the same numbers, and nothing but numbers."""

import numpy as np
import pytest
import torch

from softsym.datamodules.array_files import choose, read_arrays

X = np.arange(12.0).reshape(4, 3)


def written(folder, suffix):
    path = folder / f"data{suffix}"
    if suffix == ".npz":
        np.savez(path, X=X)
    elif suffix == ".npy":
        np.save(path, X)
    elif suffix == ".pt":
        torch.save({"X": torch.from_numpy(X)}, path)
    elif suffix == ".csv":
        path.write_text("a,b,c\n" + "\n".join(",".join(map(str, row)) for row in X))
    elif suffix == ".parquet":
        pa = pytest.importorskip("pyarrow")
        pq = pytest.importorskip("pyarrow.parquet")
        pq.write_table(pa.table({name: X[:, i] for i, name in enumerate("abc")}), path)
    elif suffix == ".h5":
        h5py = pytest.importorskip("h5py", reason="the extra 'hdf5' is not installed")
        with h5py.File(path, "w") as file:
            file["X"] = X
    return path


@pytest.mark.parametrize("suffix", [".npz", ".npy", ".pt", ".csv", ".parquet", ".h5"])
def test_every_kind_gives_the_same_numbers(tmp_path, suffix):
    arrays = read_arrays(written(tmp_path, suffix))
    wanted = {".csv": "a,b,c", ".parquet": "a,b,c", ".npy": "data"}.get(suffix, "X")
    np.testing.assert_array_equal(choose(arrays, wanted, (), "inputs"), X)


def test_columns_may_be_named_by_their_beginning():
    arrays = {"x_1": X[:, 0], "x_2": X[:, 1], "y": X[:, 2]}
    np.testing.assert_array_equal(choose(arrays, "x_*", (), "inputs"), X[:, :2])
    np.testing.assert_array_equal(choose(arrays, None, ("Y", "y"), "targets"), X[:, 2])


def damaged(folder, what):
    path = folder / f"bad{what[0]}"
    what[1](path)
    return path


BAD = {
    "objects": (
        (".npy", lambda p: np.save(p, np.array([{}]), allow_pickle=True)),
        "could run code",
    ),
    "no archive": ((".npz", lambda p: p.write_bytes(b"PK nothing")), "cannot be read"),
    "no tensors": ((".safetensors", lambda p: p.write_bytes(b"nothing")), "cannot be read"),
    "pickle": ((".pt", lambda p: torch.save([print], p)), "no file of plain tensors"),
    "list": ((".pt", lambda p: torch.save({"a": [1]}, p)), "more than tensors"),
    "pickled": ((".pkl", lambda p: p.write_bytes(b"")), "is a pickle, which could run code"),
    "ragged": ((".csv", lambda p: p.write_text("a,b\n1,2\n3\n")), "row 3 has 1 values"),
    "empty": ((".csv", lambda p: p.write_text("")), "it is empty"),
    "kind": ((".xls", lambda p: p.write_text("")), "unknown kind"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_table_of_numbers_is_refused(tmp_path, case):
    what, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        read_arrays(damaged(tmp_path, what))


def test_missing_files_and_keys_are_named(tmp_path):
    with pytest.raises(ValueError, match="There is no file"):
        read_arrays(tmp_path / "none.npz")
    with pytest.raises(ValueError, match="looked for under 'X' or 'x'; the file holds a"):
        choose({"a": X}, None, ("X", "x"), "inputs")


def test_what_lies_uncompressed_on_the_disk_is_mapped(tmp_path):
    np.save(tmp_path / "a.npy", X)
    np.savez(tmp_path / "b.npz", X=X, Y=np.asfortranarray(X))
    np.savez_compressed(tmp_path / "c.npz", X=X)
    single = read_arrays(tmp_path / "a.npy")["a"]
    several, packed = read_arrays(tmp_path / "b.npz"), read_arrays(tmp_path / "c.npz")
    assert isinstance(single, np.memmap)
    assert isinstance(several["X"], np.memmap)
    for each in (single, *several.values(), *packed.values()):
        np.testing.assert_array_equal(each, X)


def test_text_matters_only_where_it_is_asked_for(tmp_path):
    (tmp_path / "data.csv").write_text("a,name,b\n1,ann,2\n3,bob,4\n")
    arrays = read_arrays(tmp_path / "data.csv")
    np.testing.assert_array_equal(choose(arrays, "a,b", (), "inputs"), [[1, 2], [3, 4]])
    assert list(choose(arrays, "name", (), "clusters", text=True)) == ["ann", "bob"]
    with pytest.raises(
        ValueError, match=r"data.csv.*inputs: 'name' is of type .* and holds 'ann' in row 0"
    ):
        choose(arrays, "a,name", (), "inputs")
    with pytest.raises(ValueError, match="only plain real numbers"):
        choose({"z": np.array([1j])}, "z", (), "inputs")


def test_text_and_categories_of_parquet_are_text(tmp_path):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    words = pa.array(["ann", None, "bob"])
    table = pa.table({"plain": words, "large": words.cast(pa.large_string()), "n": [1.0, 2.0, 3.0]})
    pq.write_table(
        table.append_column("category", words.dictionary_encode()), tmp_path / "a.parquet"
    )
    arrays = read_arrays(tmp_path / "a.parquet")
    for name in ("plain", "large", "category"):
        assert choose(arrays, name, (), "targets", text=True).tolist() == ["ann", "", "bob"]
    assert choose(arrays, "n", (), "inputs").tolist() == [1, 2, 3]
