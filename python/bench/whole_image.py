"""What Python costs over C++ for one picture whole: encrypted, run, read. Also what imports cost.

    ninja -C build/release python_whole_image obscura_python
    PYTHONPATH=build/release/python /usr/bin/python3 python/bench/whole_image.py build/release/python_whole_image [TURNS]

Both take turns, so that what else the machine does hits both alike; what is compared are medians of their rounds, by the
clock and by the time of all processors, which other work on the machine changes less.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

import obscura

ROUNDS = 40


def of_python(owner, server, id, picture):
    spent = []
    for _ in range(ROUNDS):
        start, before = time.perf_counter(), time.process_time()
        owner.read(server.run(owner.encrypt(picture), id))
        spent.append((1e3 * (time.perf_counter() - start), 1e3 * (time.process_time() - before)))
    return spent


def of_cpp(program, folder):
    done = subprocess.run([program, f"{folder}/net/server.program", f"{folder}/pixels", str(ROUNDS)], check=True,
                          capture_output=True, text=True)
    return [tuple(map(float, line.split())) for line in done.stdout.splitlines()]


def import_milliseconds(module):
    """Of a fresh process, without the interpreter's own start: the least of ten."""
    code = f"import time; t = time.perf_counter(); import {module}; print(1e3 * (time.perf_counter() - t))"
    return min(float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
               for _ in range(10))


def main():
    program_path, turns = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10
    models = pathlib.Path(__file__).resolve().parents[2] / "models"
    program = obscura.compile(models / "tenseal-mnist.onnx")
    picture = np.random.default_rng(1).integers(0, 256, (28, 28), dtype=np.uint8)
    owner, server = obscura.Owner(program.client), obscura.Server(program)
    id = server.add_keys(owner.evaluation_keys())
    python, cpp = [], []
    with tempfile.TemporaryDirectory() as folder:
        program.save(f"{folder}/net")
        pathlib.Path(folder, "pixels").write_bytes(picture.tobytes())
        for _ in range(turns):
            cpp += of_cpp(program_path, folder)[5:]
            python += of_python(owner, server, id, picture)[5:]
    found = {}
    for i, clock in enumerate(("wall", "processor")):
        of = {"cpp": [spent[i] for spent in cpp], "python": [spent[i] for spent in python]}
        found[clock] = {
            **{f"{who}_milliseconds": statistics.median(spent) for who, spent in of.items()},
            **{f"{who}_least": min(spent) for who, spent in of.items()},
            "cost": statistics.median(of["python"]) / statistics.median(of["cpp"]) - 1,
            "least_cost": min(of["python"]) / min(of["cpp"]) - 1}
    found |= {
        "import_owner_milliseconds": import_milliseconds("obscura.owner"),
        "import_server_milliseconds": import_milliseconds("obscura.server"),
        "import_compiler_milliseconds": import_milliseconds("obscura.compiler"),
        "import_numpy_milliseconds": import_milliseconds("numpy"),
    }
    print(json.dumps(found, indent=2))


main()
