"""Stubs say what is there, and what is there is in the stubs (mypy's stubtest)."""

import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

import obscura

# pybind11's classes have a metaclass of their own, and __init__(*args, **kwargs) where nobody can make one.
ALLOWED = """obscura\\._[a-z_]+\\.[A-Z][A-Za-z]*
obscura\\._[a-z_]+\\.[A-Z][A-Za-z]*\\.__init__
"""
CONFIGURATION = "[mypy]\nfollow_imports = silent\n"


def modules_with_stubs():
    """Those that this build has."""
    names = ("obscura." + path.stem for path in pathlib.Path(obscura.__file__).parent.glob("_*.pyi"))
    return sorted(name for name in names if importlib.util.find_spec(name))


def test_stubs_are_what_modules_have(tmp_path):
    pytest.importorskip("mypy")
    package = str(pathlib.Path(obscura.__file__).resolve().parents[1])
    config = tmp_path / "mypy.ini"
    config.write_text(CONFIGURATION)
    (tmp_path / "allowed").write_text(ALLOWED)
    done = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "--mypy-config-file", str(config), "--allowlist",
         str(tmp_path / "allowed"), "--ignore-unused-allowlist", *modules_with_stubs()],
        capture_output=True, text=True, timeout=1700, cwd=tmp_path, env={**os.environ, "MYPYPATH": package})
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_the_documentation_does_is_well_typed(tmp_path):
    pytest.importorskip("mypy")
    package = str(pathlib.Path(obscura.__file__).resolve().parents[1])
    (tmp_path / "use.py").write_text('''
import obscura
from obscura import ckks

program = obscura.compile("net.onnx", calibrate=[[1.0]])
owner = obscura.Owner(program.client)
server = obscura.Server(program)
kid: bytes = server.add_keys(owner.evaluation_keys(progress=True))
logits = owner.decrypt(server.run(owner.encrypt([[1.0]]), kid))
label: str = owner.read(b"")[0].label
obscura.Classifier("net.onnx").predict_proba([[1.0]], mode="encrypted")
secret = ckks.SecretKey(ckks.Parameters(levels=3))
size: int = (ckks.Context(keys=secret.evaluation_keys()).vector(b"") * 2.0).size
wrong: int = owner.encrypt([[1.0]])
''')
    (tmp_path / "mypy.ini").write_text(CONFIGURATION)
    done = subprocess.run([sys.executable, "-m", "mypy", "--config-file", "mypy.ini", "use.py"], capture_output=True,
                          text=True, timeout=1700, cwd=tmp_path, env={**os.environ, "MYPYPATH": package})
    assert done.stdout.count("error:") == 1 and "use.py:14: error" in done.stdout, done.stdout + done.stderr
