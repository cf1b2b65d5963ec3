"""The command line, to compare with: what a module gives is what `obscura` gives."""

import json
import os
import pathlib
import subprocess

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
MODELS = SOURCE / "models"


def program():
    """The path of `obscura`; skips where it was not built."""
    path = pathlib.Path(os.environ.get("OBSCURA_PROGRAM", SOURCE / "build/release/obscura"))
    if not path.exists():
        pytest.skip(f"{path} was not built: OBSCURA_PROGRAM names another")
    return path


def run(*arguments, code=0):
    """What it prints. `code`: with which it has to end."""
    done = subprocess.run([program(), *map(str, arguments)], capture_output=True, text=True, timeout=600)
    assert done.returncode == code, f"{arguments} ended with {done.returncode}: {done.stderr}"
    return done.stdout if code == 0 else done.stderr


def figures(*arguments):
    """Its --json."""
    return json.loads(run(*arguments, "--json"))


def without(figure, *names):
    """A copy without what differs from call to call (times, commands), at any depth."""
    if isinstance(figure, dict):
        return {name: without(value, *names) for name, value in figure.items() if name not in names}
    if isinstance(figure, list):
        return [without(value, *names) for value in figure]
    return figure
