from collections.abc import Callable
from os import PathLike
from pathlib import Path

import numpy as np
import numpy.typing as npt

_Path = str | PathLike[str]
_Set = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], tuple[str, ...]]

def names() -> list[str]: ...
def load(name: str, split: str, folder: _Path, limit: int, note: Callable[[str], object] | None) -> _Set: ...
def drawn_digits(count: int, seed: int) -> _Set: ...
def shipped(name: _Path) -> Path: ...
