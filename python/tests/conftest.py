"""What several tests need: networks, data, programs compiled once, the command line."""

import gzip
import os
import pathlib
import subprocess

import numpy as np
import pytest

import obscura

SOURCE = pathlib.Path(__file__).resolve().parents[2]
# Where the program that was built looks by itself, for Python too.
if "OBSCURA_DATA" not in os.environ and (SOURCE.parent / "shared" / "data" / "mnist").exists():
    os.environ["OBSCURA_DATA"] = str(SOURCE.parent / "shared" / "data")


@pytest.fixture(scope="session")
def models():
    return SOURCE / "models"


def _idx(path):
    with gzip.open(path, "rb") as file:
        content = file.read()
    axes = content[3]
    shape = tuple(int.from_bytes(content[4 + 4 * i:8 + 4 * i], "big") for i in range(axes))
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


def _mnist_folder():
    folder = pathlib.Path(os.environ.get("OBSCURA_DATA", "no data sets"))
    if not (folder / "mnist" / "t10k-images-idx3-ubyte.gz").exists():
        pytest.skip("MNIST is not there: set OBSCURA_DATA to the folder of data sets")
    return folder / "mnist"


@pytest.fixture(scope="session")
def mnist():
    """(pictures (10000, 28, 28), labels (10000,)), both uint8."""
    folder = _mnist_folder()
    return _idx(folder / "t10k-images-idx3-ubyte.gz"), _idx(folder / "t10k-labels-idx1-ubyte.gz")


@pytest.fixture(scope="session")
def mnist_train():
    """Training pictures (60000, 28, 28)."""
    return _idx(_mnist_folder() / "train-images-idx3-ubyte.gz")


@pytest.fixture(scope="session")
def digits():
    """32 made-up grey pictures (32, 28, 28): blobs, different from one to the next. No data set is needed for them."""
    draw = np.random.default_rng(7)
    y, x = np.mgrid[0:28, 0:28]
    out = np.zeros((32, 28, 28))
    for picture in out:
        for _ in range(4):
            cy, cx, width = draw.uniform(6, 22), draw.uniform(6, 22), draw.uniform(1.5, 4)
            picture += np.exp(-((y - cy)**2 + (x - cx)**2) / (2 * width**2))
    return np.clip(255 * out, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def network_file(models):
    return models / "tenseal-mnist.onnx"


@pytest.fixture(scope="session")
def program(network_file):
    return obscura.compile(network_file)


@pytest.fixture(scope="session")
def owner(program):
    return obscura.Owner(program.client)


@pytest.fixture(scope="session")
def server(program, owner):
    """With the owner's keys."""
    made = obscura.Server(program)
    assert made.add_keys(owner.evaluation_keys()) == owner.id
    return made


@pytest.fixture(scope="session")
def run_obscura():
    """The command line: run_obscura("compile", ...) -> what it printed."""
    path = os.environ.get("OBSCURA_PROGRAM", "")
    if not os.path.exists(path):
        pytest.skip("the program obscura is not built: set OBSCURA_PROGRAM")

    def run(*arguments):
        done = subprocess.run([path, *map(str, arguments)], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout
    return run
