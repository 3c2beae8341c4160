"""The safetensors format: 8 bytes of length, a header of JSON, then the numbers.

Reading or writing it takes a page, so that it needs no package.
See https://huggingface.co/docs/safetensors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

NAMES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
DTYPES = {name: dtype for dtype, name in NAMES.items()}
ALIGNED = 8
"""The numbers begin at a multiple of this many bytes."""


def save(tensors: Mapping[str, Tensor], path: Path, metadata: Mapping[str, str]) -> None:
    """Writes tensors by name.

    Raises:
        ValueError: If a tensor is of a type that the format does not have.
    """
    header: dict[str, object] = {"__metadata__": {"format": "pt", **metadata}}
    chunks, end = [], 0
    for name, tensor in tensors.items():
        if tensor.dtype not in NAMES:
            raise ValueError(f"safetensors has no {tensor.dtype}, which {name!r} is of.")
        chunk = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        place = [end, end + len(chunk)]
        header[name] = {
            "dtype": NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": place,
        }
        chunks.append(chunk)
        end = place[1]
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % ALIGNED)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.writelines(chunks)


def load(path: Path) -> dict[str, Tensor]:
    """Reads what :func:`save` wrote."""
    content = bytearray(path.read_bytes())
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    header.pop("__metadata__", None)
    return {
        name: torch.frombuffer(
            content[start + entry["data_offsets"][0] : start + entry["data_offsets"][1]],
            dtype=DTYPES[entry["dtype"]],
        ).reshape(entry["shape"])
        if entry["data_offsets"][1] > entry["data_offsets"][0]
        else torch.empty(entry["shape"], dtype=DTYPES[entry["dtype"]])
        for name, entry in header.items()
    }
