"""Reads tables of numbers from users' files: npz, npy, csv, parquet, pt and safetensors.

Files are data: nothing in them is run. Arrays of Python objects and pickles are refused.
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np

INPUTS, TARGETS = ("X", "x"), ("Y", "y")
"""Names under which inputs and targets are looked for, if the user gives none."""


def read_arrays(path: str | Path) -> Mapping[str, np.ndarray]:
    """Reads the arrays of a file by name.

    ``.npz`` and ``.safetensors`` hold named arrays, ``.csv`` and ``.parquet`` named columns,
    ``.pt`` a mapping of names to tensors, and ``.npy`` one array, named by the file.

    Args:
        path: The file.

    Raises:
        ValueError: If the file is missing or damaged, its kind is unknown, or it holds something
            other than plain numbers.
        ImportError: If the kind of file needs a package that is not installed.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise ValueError(f"There is no file {str(path)!r}.")
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        kinds = ", ".join(READERS)
        raise ValueError(f"{str(path)!r} is of an unknown kind; give one of {kinds}.")
    try:
        arrays = reader(path)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, RuntimeError) as error:
        raise ValueError(f"{str(path)!r} cannot be read: {_reason(error)}") from None
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf":
            raise ValueError(
                f"{name!r} of {str(path)!r} is of type {array.dtype}; only plain real numbers can "
                "be used."
            )
    return arrays


def choose(
    arrays: Mapping[str, np.ndarray], wanted: str | None, usual: Iterable[str], what: str
) -> np.ndarray:
    """Returns an array by its key, or columns by their names put side by side.

    Args:
        arrays: Name -> array or column, as :func:`read_arrays` gives them.
        wanted: A key; several joined by commas; or a beginning that ends in ``*``. None looks for
            the usual ones.
        usual: Keys that are looked for where none is wanted.
        what: What the array is for, as errors call it.

    Returns:
        The numbers, (n, ...) for one key, (n, columns) for several.

    Raises:
        ValueError: If there is no such key.
    """
    if wanted is None:
        key = next((key for key in usual if key in arrays), None)
        if key is None:
            raise ValueError(
                f"{what} are looked for under {' or '.join(map(repr, usual))}; the file holds "
                f"{_listed(arrays)}. Name the key or the columns of the {what}."
            )
        return arrays[key]
    keys: list[str] = []
    for part in (part.strip() for part in wanted.split(",")):
        fitting = [k for k in arrays if k.startswith(part[:-1])] if part.endswith("*") else [part]
        if not fitting or not all(key in arrays for key in fitting):
            raise ValueError(
                f"{what}={wanted!r}: there is no {part!r}. The file holds {_listed(arrays)}."
            )
        keys += fitting
    if len(keys) == 1:
        return arrays[keys[0]]
    return np.concatenate([arrays[k].reshape(len(arrays[k]), -1) for k in keys], axis=1)


def _listed(arrays: Mapping[str, np.ndarray]) -> str:
    return (
        ", ".join(f"{name} {array.shape}" for name, array in list(arrays.items())[:20]) or "nothing"
    )


def _reason(error: Exception) -> str:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    if "allow_pickle" in text or "pickled data" in text:
        return "it holds Python objects, which could run code. Save plain numbers."
    return text if text.endswith(".") else f"{text}."


def _npz(path: Path) -> Mapping[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _npy(path: Path) -> Mapping[str, np.ndarray]:
    return {path.stem: np.load(path, allow_pickle=False)}


def _csv(path: Path) -> Mapping[str, np.ndarray]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        head = file.read(65536)
        file.seek(0)
        try:
            dialect: type[csv.Dialect] = csv.Sniffer().sniff(head, ",;\t ")
        except csv.Error:
            dialect = csv.excel
        rows = [row for row in csv.reader(file, dialect) if row]
    if not rows:
        raise ValueError("it is empty.")
    named = not all(map(_is_number, rows[0]))
    names = rows[0] if named else [f"column{i}" for i in range(len(rows[0]))]
    body = rows[1:] if named else rows
    values = np.empty((len(body), len(names)))
    for i, row in enumerate(body):
        if len(row) != len(names):
            raise ValueError(
                f"row {i + 1 + named} has {len(row)} values, the first has {len(names)}."
            )
        try:
            values[i] = row
        except ValueError:
            bad = next(j for j, text in enumerate(row) if not _is_number(text))
            raise ValueError(
                f"row {i + 1 + named}, column {names[bad]!r} holds {row[bad]!r}, no number."
            ) from None
    return {name.strip(): values[:, i] for i, name in enumerate(names)}


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _parquet(path: Path) -> Mapping[str, np.ndarray]:
    try:
        import pyarrow.parquet as pq  # noqa: PLC0415 (an optional package)
    except ImportError:
        raise ImportError("Reading .parquet needs pyarrow: pip install pyarrow.") from None
    table = pq.read_table(path)
    return {name: table.column(name).to_numpy() for name in table.column_names}


def _torch(path: Path) -> Mapping[str, np.ndarray]:
    import torch  # noqa: PLC0415 (slow, and needed for this kind only)

    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ValueError(f"it is no file of plain tensors ({type(error).__name__}).") from None
    named = saved if isinstance(saved, dict) else {path.stem: saved}
    if not all(isinstance(value, torch.Tensor) for value in named.values()):
        raise ValueError("it holds more than tensors. Save a tensor, or a dict of tensors.")
    return {str(name): value.numpy() for name, value in named.items()}


def _safetensors(path: Path) -> Mapping[str, np.ndarray]:
    try:
        from safetensors.numpy import load_file  # noqa: PLC0415 (an optional package)
    except ImportError:
        raise ImportError(
            "Reading .safetensors needs safetensors: pip install safetensors."
        ) from None
    return load_file(path)


def _hdf5(path: Path) -> Mapping[str, np.ndarray]:
    try:
        import h5py  # noqa: PLC0415 (an optional package)
    except ImportError:
        raise ImportError("Reading HDF5 needs h5py: pip install h5py.") from None
    arrays: dict[str, np.ndarray] = {}

    def visit(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            arrays[name] = item[()]

    with h5py.File(path, "r") as file:
        file.visititems(visit)
    return arrays


READERS: dict[str, Callable[[Path], Mapping[str, np.ndarray]]] = {
    ".npz": _npz,
    ".npy": _npy,
    ".csv": _csv,
    ".parquet": _parquet,
    ".pt": _torch,
    ".safetensors": _safetensors,
    ".h5": _hdf5,
    ".hdf5": _hdf5,
}
