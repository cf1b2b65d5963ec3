"""Audits from Python: the same figures as the command line's --json."""

import pickle

import numpy as np
import pytest

import obscura
from obscura import audit

import commandline

Image = pytest.importorskip("PIL.Image", reason="python3-pil is not installed")

TIMES = ("command", "seconds")


@pytest.mark.parametrize("named, options", [
    (dict(log_n=13, log_qp=214), ["--log-n", 13, "--log-qp", 214]),
    (dict(log_n=12, log_qp=109, secret="gaussian", sigma=4), ["--log-n", 12, "--log-qp", 109, "--secret", "gaussian",
                                                             "--sigma", 4]),
    (dict(network=commandline.MODELS / "tenseal-mnist.onnx"), ["--network", commandline.MODELS / "tenseal-mnist.onnx"])])
def test_parameters_are_judged_as_the_command_line_does(named, options):
    ours = audit.params(**named)
    theirs = commandline.figures("audit", "params", *options)
    assert commandline.without(ours, *TIMES) == commandline.without(theirs, *TIMES)
    assert len(ours["sets"]) == 1 and ours["toy"] is None
    assert ours["sets"][0]["bits"] > 100


def test_weak_parameters_are_called_weak():
    weak = audit.params(log_n=12, log_qp=300)
    assert weak["meets_128"] is False and weak["sets"][0]["bits"] < 60


def test_parameters_of_an_owner(program, tmp_path):
    (tmp_path / "client.spec").write_bytes(program.client)
    assert audit.params(client=tmp_path / "client.spec")["meets_128"] is True


def test_parameters_that_contradict_each_other_are_refused():
    for wish, said in ((dict(log_n=13), "^log_n and log_qp"), (dict(mode="packed"), "mode"),
                       (dict(sigma=4), "belong"), (dict(log_n=13, log_qp=214, client="x"), "give one")):
        with pytest.raises(obscura.UsageError, match=said):
            audit.params(**wish)


def test_randomness_of_bytes_is_that_of_a_file_of_them(tmp_path):
    content = np.random.default_rng(3).integers(0, 256, 30_000, dtype=np.uint8)
    (tmp_path / "bytes").write_bytes(content.tobytes())
    wishes = dict(bits=50_000, only=["frequency", "runs", "serial"])
    ours = audit.randomness(content, **wishes)
    assert commandline.without(audit.randomness(content.tobytes(), **wishes), *TIMES) == commandline.without(ours, *TIMES)
    theirs = commandline.figures("audit", "randomness", tmp_path / "bytes", "--bits", 50_000, "--only",
                                 "frequency,runs,serial")
    differ = (*TIMES, "source", "how")
    assert commandline.without(ours, *differ) == commandline.without(theirs, *differ)
    same = audit.randomness(files=[tmp_path / "bytes"], **wishes)
    assert commandline.without(same, *TIMES) == commandline.without(theirs, *TIMES)
    assert ours["sources"][0]["sequences"] == 4 and ours["sources"][0]["looks_random"] is True


def test_zeros_do_not_look_random_and_ciphertexts_do(owner, digits):
    wishes = dict(bits=100_000, only=["frequency", "runs", "block-frequency"])
    assert audit.randomness(bytes(50_000), **wishes)["sources"][0]["looks_random"] is False
    query = owner.encrypt(digits[0])
    assert audit.randomness(query[512:-64], **wishes)["sources"][0]["looks_random"] is True


def test_randomness_of_what_a_shield_made():
    wishes = dict(shield="le", dataset="samples", images=40, bits=20_000, sequences=2, only=["frequency"])
    ours = audit.randomness(**wishes)
    theirs = commandline.figures("audit", "randomness", "--shield", "le", "--dataset", "samples", "--images", 40, "--bits",
                                 20_000, "--sequences", 2, "--only", "frequency")
    assert commandline.without(ours, *TIMES) == commandline.without(theirs, *TIMES)


def test_sources_that_are_none_are_refused():
    for wish, said in ((dict(), "nothing"), (dict(data=b"x", shield="le"), "data and shield"),
                       (dict(data=b"x", images=3), "^images is of"), (dict(data=b"x", only=["nose"]), "nose"),
                       (dict(data=b"x" * 100, streams=["c0"]), "^streams")):
        with pytest.raises(obscura.UsageError, match=said):
            audit.randomness(**wish)
    with pytest.raises(obscura.ParameterError, match="bits takes fewer"):
        audit.randomness(b"short")
    with pytest.raises(obscura.MismatchError, match="data"):
        audit.randomness("text")


def test_pictures_in_arrays_have_the_figures_of_their_files(tmp_path):
    random = np.random.default_rng(1)
    y, x = np.mgrid[0:64, 0:48]
    plain = np.stack([(127 + 100 * np.sin(x / 9 + n) * np.cos(y / 6)).astype(np.uint8) for n in range(2)])
    guarded = random.integers(0, 256, plain.shape, dtype=np.uint8)
    changed = random.integers(0, 256, plain.shape, dtype=np.uint8)
    for word, pictures in (("plain", plain), ("guarded", guarded), ("changed", changed)):
        (tmp_path / word).mkdir()
        for n, picture in enumerate(pictures):
            Image.fromarray(picture).save(tmp_path / word / f"{n}.png")
    ours = audit.images(plain, guarded, changed=changed)
    theirs = commandline.figures("audit", "images", tmp_path / "plain", tmp_path / "guarded", "--changed",
                                 tmp_path / "changed")
    differ = (*TIMES, "file")
    assert commandline.without(ours, *differ) == commandline.without(theirs, *differ)
    files = audit.images([tmp_path / "plain", tmp_path / "guarded"], changed=tmp_path / "changed")
    assert commandline.without(files, *TIMES) == commandline.without(theirs, *TIMES)
    channel = ours["pairs"][0]["plain"]["channels"][0]
    counts = np.bincount(plain[0].ravel(), minlength=256) / plain[0].size
    assert channel["entropy"] == pytest.approx(-np.sum(counts[counts > 0] * np.log2(counts[counts > 0])), abs=1e-9)
    npcr = np.mean(guarded[0] != changed[0])
    assert ours["pairs"][0]["changed"]["npcr"] == pytest.approx(npcr, rel=1e-9) or \
        ours["pairs"][0]["changed"]["npcr"] == pytest.approx(100 * npcr, rel=1e-9)


def test_pictures_that_are_no_pairs_are_refused():
    one = np.zeros((1, 8, 8), np.uint8)
    with pytest.raises(obscura.MismatchError, match="1, 2 and 0"):
        audit.images(one, np.zeros((2, 8, 8), np.uint8))
    with pytest.raises(obscura.UsageError, match="pairs"):
        audit.images(["one.png"])
    with pytest.raises(obscura.MismatchError, match="protected"):
        audit.images(one, one.astype(np.float32))


def test_errors_of_an_encrypted_run():
    heard = []
    figures = audit.noise(commandline.MODELS / "tenseal-mnist.onnx", dataset="samples", count=3,
                          progress=lambda *said: heard.append(said))
    theirs = commandline.figures("audit", "noise", "--network", commandline.MODELS / "tenseal-mnist.onnx", "--dataset",
                                 "samples", "--count", 3)
    assert figures.keys() == theirs.keys()
    assert [stage["stage"] for stage in figures["stages"]] == [stage["stage"] for stage in theirs["stages"]]
    for ours, other in zip(figures["stages"], theirs["stages"]):
        assert ours["predicted"] == other["predicted"]
    assert heard[-1][0] == heard[-1][1] == 3


def test_attacks_are_the_command_lines(tmp_path):
    try:
        table = audit.attacks()
    except obscura.UnsupportedError as e:
        pytest.skip(str(e))
    assert {"name", "threat", "summary", "shields"} == set(table[0])
    wishes = dict(images=20, known=10, publics=20, dataset="drawn")
    ours = audit.attack("hill", "known-blocks", out=tmp_path / "o", **wishes)
    theirs = commandline.figures("audit", "attack", "--shield", "hill", "--attack", "known-blocks", "--images", 20,
                                 "--known", 10, "--publics", 20, "--dataset", "drawn")
    differ = (*TIMES, "recovered", "originals", "sheet")
    assert commandline.without(ours, *differ) == commandline.without(theirs, *differ)
    recovered = ours["attacks"][0]["recovered"]
    assert recovered, "a hill cipher falls to known blocks"
    np.testing.assert_array_equal(recovered[0], ours["originals"][0])
    assert (tmp_path / "o").exists() and any((tmp_path / "o").iterdir())
    with pytest.raises(obscura.UsageError, match="not empty"):
        audit.attack("hill", out=tmp_path / "o", **wishes)
    with pytest.raises(obscura.UsageError, match="nose"):
        audit.attack("hill", "nose", **wishes)


def test_loads_no_more_than_it_needs():
    """LibTorch comes with attack() and not before."""
    import os
    import subprocess
    import sys
    code = ("import obscura.audit, sys\nobscura.audit.params(log_n=13, log_qp=214)\n"
            "assert 'libtorch' not in open('/proc/self/maps').read()\n"
            "assert 'obscura._audit_attack' not in sys.modules\n")
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})


def test_errors_pickle_with_what_they_know():
    error = obscura.RemoteError("no room", "out_of_room", 507, {"quota": "1"}, 2.5)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.code, again.status, again.details, again.retry_after) == \
        ("no room", "out_of_room", 507, {"quota": "1"}, 2.5)
    assert isinstance(again, obscura.Error) and isinstance(again, ConnectionError)
