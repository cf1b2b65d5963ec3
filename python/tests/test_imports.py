"""What an import loads: the owner's half without the server's, and nothing before it is asked for."""

import subprocess
import sys

import pytest


def loaded_after(code):
    """(modules, mapped files) of a process that ran it."""
    code += """
import sys
print(" ".join(sorted(sys.modules)))
print(" ".join({line.split()[-1] for line in open("/proc/self/maps") if ".so" in line}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    modules, files = done.stdout.rsplit("\n", 3)[-3:-1]
    return set(modules.split()), files


def test_the_owner_alone():
    modules, files = loaded_after("import obscura.owner")
    assert {m for m in modules if m.startswith("obscura._")} == {
        "obscura._owner", "obscura._images", "obscura._listen", "obscura._spec"}
    assert "numpy" not in modules and "typing" not in modules
    assert "libsodium" in files
    for foreign in ("_server", "_compiler", "opencv", "onnx", "protobuf", "zstd", "torch", "libfmt", "libcurl"):
        assert foreign not in files


def test_an_owner_in_use_loads_no_other_side(tmp_path, program, digits):
    (tmp_path / "client.spec").write_bytes(program.client)
    modules, files = loaded_after(f"""
import numpy as np
import obscura
owner = obscura.Owner.load({str(tmp_path / 'client.spec')!r})
owner.encrypt(np.zeros((28, 28), np.uint8)), owner.evaluation_keys(), repr(owner)
""")
    assert not {"obscura._server", "obscura._compiler"} & modules
    for foreign in ("_server", "_compiler", "opencv", "onnx", "protobuf", "zstd"):
        assert foreign not in files


def test_the_server_alone():
    modules, files = loaded_after("import obscura.server")
    assert "obscura._server" in modules and not {"obscura._owner", "obscura._compiler", "numpy"} & modules
    for foreign in ("_owner", "_compiler", "opencv", "onnx", "protobuf"):
        assert foreign not in files


def test_numbers_without_their_secret_half():
    modules, _ = loaded_after("import obscura.ckks")
    assert "obscura._ckks" in modules and "obscura._ckks_owner" not in modules and "obscura._owner" not in modules


def test_nothing_before_it_is_asked_for():
    modules, _ = loaded_after("import obscura; dir(obscura)")
    assert {m for m in modules if m.startswith("obscura")} == {"obscura", "obscura.errors"}


def test_every_name_is_there():
    import obscura
    for name in obscura.__all__:
        assert getattr(obscura, name) is not None
        assert name in dir(obscura)
    with pytest.raises(AttributeError, match="'nothing'"):
        obscura.nothing
    assert obscura.__version__.count(".") == 2


def test_modules_of_one_build():
    import obscura
    from obscura import _ckks, _ckks_owner, _compiler, _owner, _server
    assert {m.version for m in (_ckks, _ckks_owner, _compiler, _owner, _server)} == {obscura.__version__}
