"""Weights of an ONNX file by their bytes: a reader of protocol buffers of our own, for runs that share no code with
those that are tested."""

import numpy as np


def _varint(data, at):
    value, shift = 0, 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _fields(data):
    """(number, value) of every field: an int, or bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(data, at)
        else:
            size, at = _varint(data, at) if kind == 2 else ({1: 8, 5: 4}[kind], at)
            value, at = data[at:at + size], at + size
        yield key >> 3, value


def _tensor(data):
    """(name, array) of a TensorProto of floats."""
    name, shape, raw = "", [], b""
    for number, value in _fields(data):
        if number == 1:
            shape += [value] if isinstance(value, int) else list(_packed(value))
        elif number == 4:
            raw += value
        elif number == 8:
            name = value.decode()
        elif number == 9:
            raw = value
    return name, np.frombuffer(raw, "<f4").reshape(shape) if len(raw) == 4 * int(np.prod(shape)) else None


def _packed(data):
    at = 0
    while at < len(data):
        value, at = _varint(data, at)
        yield value


def weights_of(path):
    """{name: float32 array} of the initializers."""
    graph = next(value for number, value in _fields(path.read_bytes()) if number == 7)
    found = dict(_tensor(value) for number, value in _fields(graph) if number == 5)
    return {name: array for name, array in found.items() if array is not None}
