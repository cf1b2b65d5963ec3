"""Data sets as arrays, and what ships with Obscura.

    images, labels, classes = obscura.data.load("mnist", "test", limit=100)
    images, labels, classes = obscura.data.drawn_digits(1000)          # drawn by a program: needs no files
    network = obscura.data.shipped("models/tenseal-mnist.onnx")
"""

from . import _data
from ._listen import warn
from .errors import IoError

__all__ = ["drawn_digits", "load", "names", "shipped"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike
    from typing import Union

    import numpy as np
    import numpy.typing as npt

    Path = Union[str, PathLike[str]]
    Set = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], tuple[str, ...]]


def names() -> "tuple[str, ...]":
    """mnist, fashion-mnist, kmnist, cifar-10, neu-cls, samples, ...: what load() knows beside folders."""
    return tuple(_data.names())


def load(name: str, split: str = "test", *, limit: int = 0, folder: "Path | None" = None) -> "Set":
    """A data set by name, or a folder of pictures with a folder a class.

    -> images: uint8 (count, height, width, channels), red first; labels: int64 (count,); classes: their names.
    split: "train", "validation" or "test". limit: the first so many (0: all). folder: where data sets are (default:
    $OBSCURA_DATA, else the cache of `obscura data fetch`). Raises IoError, which says how to get it, for one that is not
    here. What had to be done to pictures is warned about (obscura.Note).
    """
    import os
    return _data.load(os.fspath(name), split, "" if folder is None else folder, limit, lambda line: warn(line))


def drawn_digits(count: int, *, seed: int = 1) -> "Set":
    """Digits drawn by a program as a hand might: 0, 1, ..., 9, 0, 1, ... Looks like MNIST, of which it contains nothing.

    -> images: uint8 (count, 28, 28, 1), white on black; labels: int64 (count,); classes: "0" to "9". The same seed, the
    same pictures.
    """
    return _data.drawn_digits(count, seed)


def shipped(name: "Path") -> str:
    """The path of a file or folder that ships with Obscura: "models/tenseal-mnist.onnx", "samples/digits". Looked for where
    it is installed and in the project's folder, above the working folder. Raises IoError where it is not."""
    import os
    found = str(_data.shipped(name))
    if found in ("", "."):
        raise IoError(f"cannot find {os.fspath(name)} where Obscura is installed or above the working folder {os.getcwd()}")
    return found
