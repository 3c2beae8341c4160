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

    Arrays of text are read too: only those that :func:`choose` is asked for must be numbers.

    Raises:
        ValueError: If the file is missing or damaged, or its kind is unknown.
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
        return reader(path)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, RuntimeError) as error:
        raise ValueError(f"{str(path)!r} cannot be read: {_reason(error)}") from None


def choose(
    arrays: Mapping[str, np.ndarray],
    wanted: str | None,
    usual: Iterable[str],
    what: str,
    *,
    text: bool = False,
) -> np.ndarray:
    """Returns an array by its key, or columns by their names put side by side.

    Args:
        arrays: Name -> array or column, as :func:`read_arrays` gives them.
        wanted: A key; several joined by commas; or a beginning that ends in ``*``. None looks for
            the usual ones.
        usual: Keys that are looked for where none is wanted.
        what: What the array is for, as errors call it.
        text: Whether text will do, as for labels.

    Returns:
        The numbers, (n, ...) for one key, (n, columns) for several.

    Raises:
        ValueError: If there is no such key, or it holds something other than plain real numbers.
    """
    if wanted is None:
        key = next((key for key in usual if key in arrays), None)
        if key is None:
            raise ValueError(
                f"{what} are looked for under {' or '.join(map(repr, usual))}; the file holds "
                f"{_listed(arrays)}. Name the key or the columns of the {what}."
            )
        return _checked(arrays, [key], what, text)[0]
    keys: list[str] = []
    for part in (part.strip() for part in wanted.split(",")):
        fitting = [k for k in arrays if k.startswith(part[:-1])] if part.endswith("*") else [part]
        if not fitting or not all(key in arrays for key in fitting):
            raise ValueError(
                f"{what}={wanted!r}: there is no {part!r}. The file holds {_listed(arrays)}."
            )
        keys += fitting
    chosen = _checked(arrays, keys, what, text)
    if len(chosen) == 1:
        return chosen[0]
    return np.concatenate([array.reshape(len(array), -1) for array in chosen], axis=1)


def _checked(
    arrays: Mapping[str, np.ndarray], keys: list[str], what: str, text: bool
) -> list[np.ndarray]:
    for key in keys:
        array = arrays[key]
        if text or array.dtype.kind in "biuf":
            continue
        example = next((v for v in array.ravel().tolist() if not _is_number(str(v))), None)
        raise ValueError(
            f"{what}: {key!r} is of type {array.dtype}"
            f"{'' if example is None else f' and holds {example!r}'}; only plain real numbers can "
            "be used. Name other columns, or mend the file."
        )
    return [arrays[key] for key in keys]


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
    for i, row in enumerate(body):
        if len(row) != len(names):
            raise ValueError(
                f"row {i + 1 + named} has {len(row)} values, the first has {len(names)}."
            )
    columns = zip(*body, strict=True) if body else [()] * len(names)
    return {name.strip(): _column(texts) for name, texts in zip(names, columns, strict=True)}


def _column(texts: Iterable[str]) -> np.ndarray:
    """A column as numbers, or as text where one of them is no number."""
    column = np.array(list(texts))
    try:
        return column.astype(float)
    except ValueError:
        return column


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
