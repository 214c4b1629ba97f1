"""Write a GGUF v3 file: metadata, then tensors; a tensor of zeros becomes a hole in the file.

The layout is ggml's docs/gguf.md: little endian, every tensor's data aligned to 32 bytes.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import prod
from pathlib import Path
from typing import TypeAlias

Value: TypeAlias = bool | int | float | str | Sequence[str] | Sequence[int]

F32, F16 = 0, 1
_ITEM_BYTES = {F32: 4, F16: 2}
_UINT32, _INT32, _FLOAT32, _BOOL, _STRING, _ARRAY = 4, 5, 6, 7, 8, 9
_ALIGNMENT = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """Describe one tensor; `data` None means all zeros. The first dimension is the contiguous one."""

    name: str
    shape: tuple[int, ...]
    kind: int = F16
    data: bytes | None = None

    @property
    def size(self) -> int:
        """Count the bytes of the data."""
        return prod(self.shape) * _ITEM_BYTES[self.kind]


def write(path: Path, metadata: Mapping[str, Value], tensors: Sequence[Tensor]) -> None:
    """Write the file; the tensors lie in the order given."""
    offsets = accumulate((_aligned(tensor.size) for tensor in tensors), initial=0)
    with path.open("wb") as file:
        file.write(b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata)))
        file.write(b"".join(_text(key) + _typed(value) for key, value in metadata.items()))
        file.write(b"".join(_described(tensor, offset) for tensor, offset in zip(tensors, offsets, strict=False)))
        file.seek(_aligned(file.tell()))
        for tensor in tensors:
            end = file.tell() + _aligned(tensor.size)
            file.write(tensor.data or b"")
            file.seek(end)
        file.truncate()


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def _typed(value: Value) -> bytes:
    if isinstance(value, bool):
        return struct.pack("<I?", _BOOL, value)
    if isinstance(value, int):
        return struct.pack("<II", _UINT32, value)
    if isinstance(value, float):
        return struct.pack("<If", _FLOAT32, value)
    if isinstance(value, str):
        return struct.pack("<I", _STRING) + _text(value)
    return _array(value)


def _array(items: Sequence[str] | Sequence[int]) -> bytes:
    numbers = [item for item in items if isinstance(item, int)]
    kind = _INT32 if numbers else _STRING
    body = struct.pack(f"<{len(numbers)}i", *numbers) or b"".join(_text(str(item)) for item in items)
    return struct.pack("<IIQ", _ARRAY, kind, len(items)) + body


def _described(tensor: Tensor, offset: int) -> bytes:
    dimensions = struct.pack(f"<I{len(tensor.shape)}Q", len(tensor.shape), *tensor.shape)
    return _text(tensor.name) + dimensions + struct.pack("<IQ", tensor.kind, offset)
