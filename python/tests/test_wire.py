"""Files and bytes: between processes, and between Python and the command line."""

import copy
import json
import pickle
import subprocess
import sys

import numpy as np
import pytest

import obscura


def in_another_process(code, *arguments):
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_programs_pickle_as_their_bytes(program):
    again = pickle.loads(pickle.dumps(program))
    assert again == program and hash(again) == hash(program)
    assert (again.server, again.client, again.report()) == (program.server, program.client, program.report())
    assert copy.deepcopy(program) == program


def test_sides_in_processes_of_their_own(program, owner, digits, tmp_path):
    program.save(tmp_path / "net")
    (tmp_path / "keys").write_bytes(owner.evaluation_keys())
    (tmp_path / "query").write_bytes(pickle.dumps(owner.encrypt(digits[0])))
    code = """
import pickle, sys
import obscura.server
server = obscura.server.Server.load(sys.argv[1] + "/net/server.program")
server.add_keys(open(sys.argv[1] + "/keys", "rb").read())
sys.stdout.buffer.write(server.run(pickle.load(open(sys.argv[1] + "/query", "rb"))))
"""
    answer = in_another_process(code, tmp_path)
    assert owner.decrypt(answer).argmax() == program.simulate(digits[:1]).argmax()


def test_what_holds_keys_is_not_pickled(owner, server):
    for thing in (owner, server):
        for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(obscura.UnsupportedError):
                attempt(thing)


def test_program_and_spec_have_to_belong_together(program, network_file):
    other = obscura.compile(network_file, images_per_query=2)
    with pytest.raises(obscura.MismatchError):
        obscura.Program(program.server, other.client)
    with pytest.raises(obscura.FormatError):
        obscura.Program(program.server[:-1])
    with pytest.raises(obscura.FormatError):
        obscura.Program(program.client)
    with pytest.raises(obscura.FormatError):
        obscura.Owner(program.server)
    with pytest.raises(obscura.MismatchError, match="program.client"):
        obscura.Owner(program)


def test_saving_overwrites_nothing(program, owner, tmp_path):
    program.save(tmp_path / "net")
    before = (tmp_path / "net" / "server.program").read_bytes()
    with pytest.raises(obscura.IoError, match="overwrite=True"):
        program.save(tmp_path / "net")
    program.save(tmp_path / "net", overwrite=True)
    assert (tmp_path / "net" / "server.program").read_bytes() == before == program.server
    owner_folder = tmp_path / "keys"
    obscura.Owner(program.client).save(owner_folder)
    with pytest.raises(obscura.IoError, match="holds keys"):
        program.save(owner_folder, overwrite=True)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(obscura.IoError, match="no folder"):
        program.save(tmp_path / "file")
    with pytest.raises(obscura.IoError, match="cannot read"):
        obscura.Program.load(tmp_path / "nothing")


def test_the_command_line_compiles_the_same_bytes(program, network_file, run_obscura, tmp_path):
    run_obscura("compile", network_file, "--out", tmp_path / "net")
    assert (tmp_path / "net" / "server.program").read_bytes() == program.server
    assert (tmp_path / "net" / "client.spec").read_bytes() == program.client
    loaded = obscura.Program.load(tmp_path / "net")
    assert loaded == program and "128-bit" in loaded.report()


def test_calibration_on_arrays_is_that_of_the_data_set(network_file, mnist_train, run_obscura, tmp_path):
    run_obscura("compile", network_file, "--calibrate", "mnist", "--out", tmp_path / "net")
    program = obscura.compile(network_file, calibrate=mnist_train[:64])
    assert (tmp_path / "net" / "server.program").read_bytes() == program.server
    assert obscura.compile(network_file, calibrate="mnist").server == program.server


def test_the_command_line_answers_what_python_asks(program, run_obscura, digits, tmp_path):
    program.save(tmp_path / "net")
    owner = obscura.Owner.load(tmp_path / "net" / "client.spec")
    owner.save(tmp_path / "keys")
    (tmp_path / "query").write_bytes(owner.encrypt(digits[0]))
    run_obscura("classify", "--program", tmp_path / "net" / "server.program", "--eval-keys",
                tmp_path / "keys" / "evaluation.key",
                tmp_path / "query", "--out", tmp_path / "answer")
    answer = (tmp_path / "answer").read_bytes()
    told = json.loads(run_obscura("decrypt", tmp_path / "answer", "--keys", tmp_path / "keys", "--json"))
    logits = owner.decrypt(answer)
    found = [image["logits"] for image in told["images"]]
    assert np.allclose(logits, found, atol=1e-9)  # the same noise: it follows from key and answer


def test_python_answers_what_the_command_line_asks(program, server, run_obscura, digits, tmp_path):
    program.save(tmp_path / "net")
    picture = tmp_path / "digit.pgm"
    picture.write_bytes(b"P5 28 28 255\n" + digits[0].tobytes())
    run_obscura("keygen", "--client", tmp_path / "net" / "client.spec", "--out", tmp_path / "keys")
    run_obscura("encrypt", picture, "--keys", tmp_path / "keys", "--out", tmp_path / "query")
    server.add_keys((tmp_path / "keys" / "evaluation.key").read_bytes())
    (tmp_path / "answer").write_bytes(server.run((tmp_path / "query").read_bytes()))
    told = json.loads(run_obscura("decrypt", tmp_path / "answer", "--keys", tmp_path / "keys", "--json"))
    owner = obscura.Owner.open(tmp_path / "keys")
    prediction, = owner.read((tmp_path / "answer").read_bytes())
    assert prediction.index == program.simulate(digits[:1]).argmax()
    assert told["images"][0]["label"] == prediction.label
    assert np.allclose(told["images"][0]["logits"], prediction.logits, atol=1e-9)


def test_deterministic_bytes(program):
    assert obscura.Server(program).client == program.client
    first = obscura.Owner(program.client)
    assert first.evaluation_keys() == first.evaluation_keys()
    assert first.client != program.client and first.spec.keys_made and not program.spec.keys_made
    with pytest.raises(obscura.MismatchError, match="made already"):
        obscura.Owner(first.client)


def test_damaged_bytes_are_errors_of_the_family(program, owner, server, digits):
    """Cut, altered, with a checksum that fits no more, or of another kind: refused in one line, whoever reads them."""
    draw = np.random.default_rng(11)
    query = owner.encrypt(digits[0])
    answer = server.run(query)
    keys = owner.evaluation_keys()
    readers = [(program.client, obscura.Owner), (program.client, lambda b: obscura.Program(program.server, b)),
               (query, server.run), (answer, owner.decrypt), (keys[:200000], server.add_keys), (program.server, server.run),
               (program.client, server.add_keys), (query, owner.decrypt)]
    for sound, read in readers:
        for _ in range(12):
            damaged = bytearray(sound)
            for position in draw.integers(0, len(damaged), draw.integers(1, 4)):
                damaged[position] ^= 1 << draw.integers(0, 8)
            if draw.random() < 0.5:
                del damaged[draw.integers(0, len(damaged)):]
            with pytest.raises(obscura.Error) as e:
                read(bytes(damaged))
            assert "\n" not in str(e.value)
