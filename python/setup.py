"""Builds the extension modules by CMake from the source tree that this folder is a part of.

    pip install ./python                                      # in a virtual environment
    pip install --no-build-isolation ./python                 # with the setuptools that is there, offline
    python3 -m build --wheel --no-isolation python

Environment: OBSCURA_BUILD_DIR, a folder where CMake has built the target obscura_python for this very Python: its modules
are taken as they are, and nothing is built; else OBSCURA_CMAKE_ARGS, more arguments for CMake, as "-DOBSCURA_SERVICE=OFF" on
a machine without gRPC, and OBSCURA_JOBS, parallel jobs.
"""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parent


def version():
    lists = TREE / "CMakeLists.txt"
    found = re.search(r"project\(obscura VERSION ([0-9.]+)", lists.read_text()) if lists.exists() else None
    if found is None:
        sys.exit(f"obscura is built from its source tree: {TREE} is none (pip install SOURCES/python)")
    return found[1]


class CMakeBuild(build_ext):
    """All modules at once: CMake knows which there are."""

    def run(self):
        given = os.environ.get("OBSCURA_BUILD_DIR")
        folder = pathlib.Path(given).resolve() if given else TREE / "build" / f"python-{sys.implementation.cache_tag}"
        if not given:
            self._build(folder)
        self._take(folder / "python" / "obscura")

    @staticmethod
    def _build(folder):
        jobs = os.environ.get("OBSCURA_JOBS", str(os.cpu_count() or 1))
        for command in (
            ["cmake", "-S", str(TREE), "-B", str(folder), "-DCMAKE_BUILD_TYPE=Release", "-DOBSCURA_PYTHON=ON",
             "-DOBSCURA_TESTS=OFF", "-DOBSCURA_LEARNING=OFF", f"-DPython_EXECUTABLE={sys.executable}",
             *(["-G", "Ninja"] if shutil.which("ninja") else []), *shlex.split(os.environ.get("OBSCURA_CMAKE_ARGS", ""))],
            ["cmake", "--build", str(folder), "--target", "obscura_python", "--parallel", jobs],
        ):
            if subprocess.run(command).returncode != 0:
                sys.exit(f"this failed, and said why above: {shlex.join(command)}")

    def _take(self, built):
        suffix = sysconfig.get_config_var("EXT_SUFFIX")
        modules = sorted(built.glob("_*" + suffix))
        if not modules:
            sys.exit(f"{built} has no module for this Python (*{suffix}): cmake --build BUILD --target obscura_python, with "
                     f"-DOBSCURA_PYTHON=ON -DPython_EXECUTABLE={sys.executable}")
        target = HERE / "obscura" if self.inplace else pathlib.Path(self.build_lib) / "obscura"
        target.mkdir(parents=True, exist_ok=True)
        for module in modules:
            shutil.copy2(module, target / module.name)
            if shutil.which("strip"):
                subprocess.run(["strip", "--strip-unneeded", str(target / module.name)], check=True)

    def get_outputs(self):
        return [str(path) for path in (pathlib.Path(self.build_lib) / "obscura").glob("_*.so")]


setup(version=version(), ext_modules=[Extension("obscura._owner", sources=[])], cmdclass={"build_ext": CMakeBuild})
