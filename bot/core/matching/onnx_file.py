"""ONNX files, as far as a sentence model needs them: weights are read from one, and a graph is written as another.

The format is Google's protobuf (`onnx.proto` of ONNX 1.x names the fields); the package `onnx` would bring that and
20 MB more to every clinic for these few fields.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.generic]
Attribute = int | float

_DTYPES: Mapping[int, type[np.generic]] = {1: np.float32, 2: np.uint8, 3: np.int8, 7: np.int64, 9: np.bool_}
"""By ONNX's numbers."""
_NUMBERS = {np.dtype(dtype): number for number, dtype in _DTYPES.items()}
_IR_VERSION = 8
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class Node(NamedTuple):
    """One step of a graph, as read."""

    kind: str
    inputs: tuple[str, ...]


class Weights(NamedTuple):
    """What is kept of a file."""

    arrays: Mapping[str, Array]
    nodes: Sequence[Node]
    """In their order."""


def read_weights(model: bytes) -> Weights:
    """The constants of a model and where they are used. Raises ValueError for what is no such file."""
    try:
        graph = next(
            value for number, value in _fields(memoryview(model)) if number == 7 and not isinstance(value, int)
        )
        parts = [(number, value) for number, value in _fields(graph) if not isinstance(value, int)]
        arrays = dict(_tensor(value) for number, value in parts if number == 5)
        nodes = tuple(_node(value) for number, value in parts if number == 1)
    except (StopIteration, IndexError, KeyError, UnicodeDecodeError) as error:
        raise ValueError("not a model that can be read") from error
    return Weights(arrays, nodes)


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Number and value of each field of a message."""
    at = 0
    while at < len(data):
        tag, at = _varint_at(data, at)
        kind = tag & 7
        if kind == _VARINT:
            value, at = _varint_at(data, at)
            yield tag >> 3, value
            continue
        if kind == _BYTES:
            size, at = _varint_at(data, at)
        elif kind in {_FIXED32, _FIXED64}:
            size = 4 if kind == _FIXED32 else 8
        else:
            raise ValueError(f"a field of kind {kind}")
        if at + size > len(data):
            raise ValueError("a field that is cut off")
        yield tag >> 3, data[at : at + size]
        at += size


def _varint_at(data: memoryview, at: int) -> tuple[int, int]:
    """The number there, and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def _tensor(data: memoryview) -> tuple[str, Array]:
    """Name and values; only those kept as raw bytes, as those of any size are."""
    shape: list[int] = []
    dtype: type[np.generic] = np.float32
    name, raw = "", memoryview(b"")
    for number, value in _fields(data):
        if number == 1:
            shape += [value] if isinstance(value, int) else _packed(value)
        elif number == 2 and isinstance(value, int):
            dtype = _DTYPES[value]
        elif number == 8 and not isinstance(value, int):
            name = str(value, "utf-8")
        elif number == 9 and not isinstance(value, int):
            raw = value
    return name, np.frombuffer(raw, dtype).reshape(shape) if len(raw) else np.zeros(0, dtype)


def _packed(data: memoryview) -> list[int]:
    found, at = [], 0
    while at < len(data):
        value, at = _varint_at(data, at)
        found.append(value)
    return found


def _node(data: memoryview) -> Node:
    said = [
        (number, str(value, "utf-8"))
        for number, value in _fields(data)
        if number in {1, 4} and not isinstance(value, int)
    ]
    return Node(
        next((word for number, word in said if number == 4), ""), tuple(word for number, word in said if number == 1)
    )


class Graph:
    """A graph that is put together node by node; every result gets a name of its own."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: dict[str, bytes] = {}

    def constant(self, name: str, values: Array) -> str:
        """Keep it under its name, which comes back; once."""
        if name not in self._constants:
            shape = b"".join(_number(1, size) for size in values.shape)
            head = shape + _number(2, _NUMBERS[values.dtype]) + _text(8, name)
            self._constants[name] = head + _bytes(9, np.ascontiguousarray(values).tobytes())
        return name

    def node(self, kind: str, *inputs: str, domain: str = "", **attributes: Attribute) -> str:
        """One step with one result, whose name comes back. An empty input is left out."""
        return self.nodes(kind, *inputs, results=1, domain=domain, **attributes)[0]

    def nodes(self, kind: str, *inputs: str, results: int, domain: str = "", **attributes: Attribute) -> list[str]:
        """The same with several results."""
        names = [f"{kind}_{len(self._nodes)}_{number}" for number in range(results)]
        said = [_text(1, name) for name in inputs] + [_text(2, name) for name in names] + [_text(4, kind)]
        said += [_bytes(5, _attribute(name, value)) for name, value in attributes.items()]
        self._nodes.append(b"".join(said) + (_text(7, domain) if domain else b""))
        return names

    def model(self, takes: str, gives: str, result: str, domains: Mapping[str, int]) -> bytes:
        """The file. It takes rows of whole numbers, and gives `result` under the name `gives`.

        `domains`: where the kinds of nodes are defined, with versions.
        """
        self._nodes.append(_text(1, result) + _text(2, gives) + _text(4, "Identity"))
        graph = b"".join(_bytes(1, node) for node in self._nodes) + _text(2, "sentence")
        graph += b"".join(_bytes(5, tensor) for tensor in self._constants.values())
        graph += _bytes(11, _value(takes, np.dtype(np.int64), 2)) + _bytes(12, _value(gives, np.dtype(np.float32), 3))
        opsets = b"".join(_bytes(8, _text(1, name) + _number(2, version)) for name, version in domains.items())
        return _number(1, _IR_VERSION) + opsets + _bytes(7, graph)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _varint(value & (1 << 64) - 1)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | _BYTES) + _varint(len(value)) + value


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, float):
        return _text(1, name) + _varint(2 << 3 | _FIXED32) + np.float32(value).tobytes() + _number(20, 1)
    return _text(1, name) + _number(3, value) + _number(20, 2)


def _value(name: str, dtype: np.dtype[np.generic], dimensions: int) -> bytes:
    shape = b"".join(_bytes(1, _text(2, f"size_{number}")) for number in range(dimensions))
    tensor = _number(1, _NUMBERS[dtype]) + _bytes(2, shape)
    return _text(1, name) + _bytes(2, _bytes(1, tensor))
