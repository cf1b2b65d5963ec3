from collections.abc import Callable
from os import PathLike
from typing import Any

def attacks() -> list[dict[str, Any]]: ...
def attack(options: dict[str, Any], name: str, out: str | PathLike[str],
           progress: Callable[[int, int, str], object] | None,
           note: Callable[[str], object] | None) -> dict[str, Any]: ...
