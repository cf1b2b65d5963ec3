from collections.abc import Callable
from os import PathLike
from typing import Any

import numpy as np
import numpy.typing as npt

_Path = str | PathLike[str]

def search(url: str, token: str, ca_file: _Path, picture: npt.NDArray[np.uint8], name: str, keys: _Path, gallery: str,
           mode: str, network: _Path, top: int, fit: str, invert: bool, threads: int, passphrase: str | bytes | None,
           progress: Callable[[int, int, str], object] | None,
           note: Callable[[str], object] | None) -> dict[str, Any]: ...
