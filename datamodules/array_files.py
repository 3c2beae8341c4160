"""Reads tables of numbers from users' files: npz, npy, csv, parquet, pt, safetensors and HDF5.

Files are data: nothing in them is run. Arrays of Python objects and pickles are refused. Arrays of
``.npy``, and of ``.npz`` if it is not compressed, are mapped into memory and not read.
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

INPUTS, TARGETS = ("X", "x"), ("Y", "y")
"""Names under which inputs and targets are looked for, if the user gives none."""

NUMBERS, TEXT = "biuf", "U"
"""Kinds of numpy's arrays."""

PICKLES = (".pkl", ".pickle", ".joblib", ".pth")
DAMAGED = (OSError, ValueError, KeyError, EOFError, RuntimeError, BadZipFile, SafetensorError)
"""What readers raise for a file that is damaged, or another than its name says."""
LOCAL_HEADER = 30
"""Bytes of a member's header in a zip archive before its name; the last four are two lengths."""


class NamedArrays(dict[str, np.ndarray]):
    """Arrays or columns of one file, which messages name."""

    def __init__(self, arrays: Mapping[str, np.ndarray], path: Path | None = None) -> None:
        super().__init__(arrays)
        self.source = "the arrays" if path is None else repr(str(path))


def read_arrays(path: str | Path | Mapping[str, Any]) -> NamedArrays:
    """Reads the arrays of a file by name, or takes those that are in memory.

    ``.npz`` and ``.safetensors`` hold named arrays, ``.csv`` and ``.parquet`` named columns,
    ``.pt`` a mapping of names to tensors, and ``.npy`` one array, named by the file. Arrays of text
    are read too: only those that :func:`choose` is asked for must be numbers.

    Args:
        path: The file, or arrays by name.

    Raises:
        ValueError: If the file is missing or damaged, or its kind is unknown.
        ImportError: If the kind of file needs a package that is not installed.
    """
    if isinstance(path, Mapping):
        return NamedArrays({name: np.asarray(each) for name, each in path.items()})
    path = Path(path).expanduser()
    if not path.is_file():
        raise ValueError(f"There is no file {str(path)!r}.")
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        what = "is of an unknown kind"
        if path.suffix.lower() in PICKLES:
            what = "is a pickle, which could run code"
        raise ValueError(f"{str(path)!r} {what}; give one of {', '.join(READERS)}.")
    try:
        arrays = reader(path)
    except DAMAGED as error:
        raise ValueError(f"{str(path)!r} cannot be read: {_reason(error)}") from None
    # a single number beside the arrays is a note, not data
    return NamedArrays({name: each for name, each in arrays.items() if each.ndim}, path)


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
    keys = _keys(arrays, wanted, usual, what)
    for key in keys:
        if arrays[key].dtype.kind not in NUMBERS + (TEXT if text else ""):
            raise ValueError(f"{_source(arrays)}: {what}: {_not_numbers(key, arrays[key])}")
    if len(keys) == 1:
        return arrays[keys[0]]
    return np.concatenate([arrays[k].reshape(len(arrays[k]), -1) for k in keys], axis=1)


def _keys(
    arrays: Mapping[str, np.ndarray], wanted: str | None, usual: Iterable[str], what: str
) -> list[str]:
    if wanted is None:
        key = next((key for key in usual if key in arrays), None)
        if key is None:
            raise ValueError(
                f"{what} are looked for under {' or '.join(map(repr, usual))}; {_source(arrays)} "
                f"holds {_listed(arrays)}. Name the key or the columns by {what}=..."
            )
        return [key]
    keys: list[str] = []
    for part in (part.strip() for part in wanted.split(",")):
        fitting = [k for k in arrays if k.startswith(part[:-1])] if part.endswith("*") else [part]
        if not fitting or not all(key in arrays for key in fitting):
            raise ValueError(
                f"{what}={wanted!r}: there is no {part!r} in {_source(arrays)}, which holds "
                f"{_listed(arrays)}."
            )
        keys += fitting
    return keys


def _not_numbers(key: str, array: np.ndarray) -> str:
    """Says which number is none, and what to do."""
    entries = enumerate(array.reshape(len(array), -1)[:, 0].tolist())
    bad = next(((i, v) for i, v in entries if not _is_number(str(v))), None)
    example = "" if bad is None else f" and holds {bad[1]!r} in row {bad[0]} (from 0)"
    return (
        f"{key!r} is of type {array.dtype}{example}; only plain real numbers can be used. Name "
        "other columns, or mend the file."
    )


def _source(arrays: Mapping[str, np.ndarray]) -> str:
    return getattr(arrays, "source", "the file")


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
    with zipfile.ZipFile(path) as archive:
        mapped = {each.filename: _member(path, each) for each in archive.infolist()}
    with np.load(path, allow_pickle=False) as archive:
        # numpy takes the ending off the names
        found = {name: mapped.get(f"{name}.npy") for name in archive.files}
        return {name: archive[name] if each is None else each for name, each in found.items()}


def _member(path: Path, member: zipfile.ZipInfo) -> np.ndarray | None:
    """Maps an array of an archive; None if it does not lie there as it is in memory."""
    if member.compress_type != zipfile.ZIP_STORED:
        return None
    with path.open("rb") as file:
        file.seek(member.header_offset + LOCAL_HEADER - 4)
        lengths = file.read(4)
        name, extra = (int.from_bytes(lengths[k : k + 2], "little") for k in (0, 2))
        file.seek(member.header_offset + LOCAL_HEADER + name + extra)
        with suppress(ValueError):
            return _mapped(path, file)
    return None


def _mapped(path: Path, file: IO[bytes]) -> np.ndarray:
    """Maps the array whose ``.npy`` header begins where a file is.

    Raises:
        ValueError: If it is empty, not row by row, or of a version or kind that cannot be mapped.
    """
    version = np.lib.format.read_magic(file)
    if version != (1, 0):
        raise ValueError(f"version {version} of .npy")
    shape, by_column, dtype = np.lib.format.read_array_header_1_0(file)
    if by_column or dtype.hasobject or 0 in shape or not shape or not dtype.isnative:
        raise ValueError(f"an array {shape} of {dtype}")
    end = file.tell() + dtype.itemsize * int(np.prod(shape, dtype=object))
    if end > path.stat().st_size:
        raise ValueError("the file is too short")
    # copy-on-write, as torch takes only what could be written to
    return np.memmap(path, dtype, mode="c", offset=file.tell(), shape=shape)


def _npy(path: Path) -> Mapping[str, np.ndarray]:
    with path.open("rb") as file, suppress(ValueError):
        return {path.stem: _mapped(path, file)}
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
    columns = zip(names, zip(*body, strict=True) if body else [()] * len(names), strict=True)
    return {name.strip(): _column(values) for name, values in columns}


def _column(values: Sequence[str]) -> np.ndarray:
    try:
        return np.array([text or "nan" for text in values], dtype=np.float64)
    except ValueError:
        return np.array(values)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _parquet(path: Path) -> Mapping[str, np.ndarray]:
    try:
        import pyarrow as pa  # noqa: PLC0415 (an optional package)
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ImportError:
        raise ImportError("Reading .parquet needs pyarrow: pip install pyarrow.") from None
    table = pq.read_table(path)

    def column(name: str) -> np.ndarray:
        values, kind = table.column(name), table.schema.field(name).type
        if pa.types.is_dictionary(kind):  # categories, as pandas calls them
            values, kind = values.cast(kind.value_type), kind.value_type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            return np.array(values.fill_null("").to_pylist(), dtype=str)
        array: np.ndarray = values.to_numpy()
        return array

    return {name: column(name) for name in table.column_names}


def _torch(path: Path) -> Mapping[str, np.ndarray]:
    import torch  # noqa: PLC0415 (slow, and needed for this kind only)

    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ValueError(f"it is no file of plain tensors ({type(error).__name__}).") from None
    named = saved if isinstance(saved, dict) else {path.stem: saved}
    if not all(isinstance(value, torch.Tensor) for value in named.values()):
        raise ValueError("it holds more than tensors. Save a tensor, or a dict of tensors.")
    # numpy has no bfloat16
    return {
        str(name): (value.float() if value.dtype == torch.bfloat16 else value).numpy()
        for name, value in named.items()
    }


def _hdf5(path: Path) -> Mapping[str, np.ndarray]:
    try:
        import h5py  # noqa: PLC0415 (an optional package)
    except ImportError:
        raise ImportError("Reading HDF5 needs h5py: pip install 'softsym[hdf5]'.") from None
    arrays: dict[str, np.ndarray] = {}

    def visit(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            text = h5py.check_string_dtype(item.dtype) is not None
            arrays[name] = item.asstr()[()].astype(str) if text else item[()]

    with h5py.File(path, "r") as file:
        file.visititems(visit)
    return arrays


READERS: dict[str, Callable[[Path], Mapping[str, np.ndarray]]] = {
    ".npz": _npz,
    ".npy": _npy,
    ".csv": _csv,
    ".parquet": _parquet,
    ".pt": _torch,
    ".safetensors": load_file,
    ".h5": _hdf5,
    ".hdf5": _hdf5,
}
