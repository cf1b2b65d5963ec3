"""A real server, and owners who ask it from Python."""

import json
import pathlib
import subprocess
import time

import numpy as np
import pytest

import obscura
from obscura import remote as remotes

import commandline

NETWORK = commandline.MODELS / "tenseal-mnist.onnx"


class Service:
    """`obscura serve` with the tutorial's network and a gallery of it."""

    def __init__(self, folder, program):
        self.folder = folder
        for name in ("served/mnist", "served/again"):
            program.save(folder / name)
        images, labels, classes = obscura.data.drawn_digits(40, seed=21)
        self.gallery = obscura.Gallery.index(folder / "digits", images, network=NETWORK, labels=labels, classes=classes,
                                             vectors="features")
        self.gallery.compile()
        self.token = self.make_token("clinic")
        ready = folder / "ready.json"
        self.log = open(folder / "log.jsonl", "w")
        self.process = subprocess.Popen(
            [commandline.program(), "serve", "--models", folder / "served", "--gallery", folder / "digits", "--state",
             folder / "state", "--listen", "127.0.0.1:0", "--ready-file", ready], stdout=subprocess.DEVNULL,
            stderr=self.log)
        until = time.monotonic() + 60
        while not ready.exists():
            assert self.process.poll() is None and time.monotonic() < until, (folder / "log.jsonl").read_text()
            time.sleep(0.05)
        self.url = f"http://127.0.0.1:{json.loads(ready.read_text())['http']}"

    def make_token(self, tenant):
        return commandline.run("token", "create", "--state", self.folder / "state", "--tenant", tenant).split()[-1]

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


@pytest.fixture(scope="module")
def service(tmp_path_factory, program):
    server = pathlib.Path(commandline.program()).with_name("obscura-server")
    if not server.exists():
        pytest.skip(f"{server} was not built")
    made = Service(tmp_path_factory.mktemp("service"), program)
    yield made
    made.stop()


@pytest.fixture
def remote(service):
    return obscura.Remote(service.url, service.token)


def test_says_what_the_server_has(remote, service, program):
    assert "obscura_keys_v1" in remote.server()["extensions"]
    assert [model.name for model in remote.models()] == ["again", "mnist"]
    model = remote.model("mnist")
    assert remote.client_spec("mnist") == program.client
    assert model.network == program.spec.name and model.images_per_query == 1 and model.gallery is None
    assert "mnist" in repr(model) and service.url in repr(remote)
    assert [gallery.name for gallery in remote.galleries()] == ["digits"]
    gallery = remote.galleries()[0]
    assert gallery.images == 40 and set(gallery.modes) >= {"blind", "blind-features"} and gallery.blind_model


def test_predicts_what_a_server_here_predicts(remote, digits, network_file):
    found = remote.predict(digits[:5], model="mnist")
    plain = obscura.Network(network_file).run(digits[:5])
    assert [one.index for one in found] == list(plain.argmax(1))
    np.testing.assert_allclose([one.logits for one in found], plain, atol=0.05 * np.abs(plain).max())
    logits = remote.logits(digits[0], model="mnist")
    assert logits.shape == (1, 10) and logits.dtype == np.float64
    np.testing.assert_allclose(logits, plain[:1], atol=0.05 * np.abs(plain).max())


def test_keys_are_sent_once_with_progress_and_can_be_taken_back(service, digits):
    remote = obscura.Remote(service.url, service.make_token("another"))
    heard = []
    remote.predict(digits[0], model="mnist", progress=lambda *said: heard.append(said))
    units = [unit for _, _, unit in heard]
    assert any("keys" in unit for unit in units) and heard[-1] == (1, 1, "images")
    up = remote.traffic["up"]
    assert up > 1_000_000
    remote.predict(digits[1], model="mnist")
    assert remote.traffic["up"] - up < 1_000_000, "keys were sent once"
    keys = remote.keys()
    assert len(keys) == 1 and keys[0].state == "ready" and keys[0].bytes == keys[0].total and "mnist" in keys[0].models
    assert remote.delete_keys(keys[0]) == 1
    assert remote.keys() == []
    assert remote.predict(digits[0], model="mnist"), "and they are sent again"
    assert remote.delete_keys("all") == 1


def test_tenants_do_not_see_each_other(service, digits):
    first, second = (obscura.Remote(service.url, service.make_token(name)) for name in ("one", "two"))
    first.predict(digits[0], model="mnist")
    assert len(first.keys()) == 1 and second.keys() == []
    with pytest.raises(obscura.RemoteError) as raised:
        second.delete_keys(first.keys()[0].hash)
    assert raised.value.code == "not_found"
    assert first.delete_keys(first.owner("mnist")) == 1


def test_an_owner_of_ones_own(service, program, digits):
    owner = obscura.Owner(program.client)
    remote = obscura.Remote(service.url, service.token, owner)
    assert remote.owner("mnist") is owner
    assert remote.predict(digits[0], model="mnist")[0].logits.shape == (10,)
    with pytest.raises(obscura.UsageError, match="again, mnist"):
        remote.predict(digits[0])
    assert remote.delete_keys() == 1
    with pytest.raises(obscura.MismatchError, match="Owner"):
        obscura.Remote(service.url, service.token, owner.client)


def test_an_owner_of_another_program_is_told(service, digits):
    owner = obscura.Owner(obscura.compile(NETWORK, images_per_query=2).client)
    with pytest.raises(obscura.MismatchError, match="client_spec"):
        obscura.Remote(service.url, service.token, owner).predict(digits[0], model="mnist")
    with pytest.raises(obscura.MismatchError, match="client_spec"):
        obscura.Remote(service.url, service.token, owner).predict(digits[0])


def test_bytes_in_and_out(remote, service, program, digits):
    owner = obscura.Owner(program.client)
    with pytest.raises(obscura.RemoteError) as raised:
        remote.infer("mnist", owner.encrypt(digits[0]))
    assert raised.value.code == "keys_unknown" and raised.value.status == 424
    assert raised.value.details["key_id"] == owner.id.hex()
    sent = remote.send_keys(owner.evaluation_keys())
    assert sent.state == "ready" and sent.key_id == owner.id.hex()
    logits = owner.decrypt(remote.infer("mnist", owner.encrypt(digits[0])))
    np.testing.assert_allclose(logits, obscura.Network(NETWORK).run(digits[0]), atol=1)
    remote.delete_keys(owner.evaluation_keys())


def test_keys_in_a_folder_are_the_command_lines(service, digits, tmp_path):
    Image = pytest.importorskip("PIL.Image", reason="python3-pil is not installed")
    keys = tmp_path / "keys"
    first = obscura.Remote(service.url, service.token, keys=keys, passphrase="eight or more")
    first.predict(digits[0], model="mnist")
    again = obscura.Remote(service.url, service.token, keys=keys, passphrase="eight or more")
    assert again.owner("mnist").id == first.owner("mnist").id
    with pytest.raises(obscura.MismatchError):
        obscura.Remote(service.url, service.token, keys=keys, passphrase="another one").predict(digits[0], model="mnist")
    Image.fromarray(digits[0]).save(tmp_path / "digit.png")
    (tmp_path / "word").write_text("eight or more")
    (tmp_path / "token").write_text(service.token)
    theirs = commandline.figures("remote", "classify", tmp_path / "digit.png", "--server", service.url, "--token-file",
                                 tmp_path / "token", "--keys", keys, "--passphrase-file", tmp_path / "word", "--model",
                                 "mnist")
    assert len(list(keys.iterdir())) == 1, "no other keys were made"
    assert str(theirs).count(first.predict(digits[0], model="mnist")[0].label) >= 1
    first.delete_keys("all")


def test_finds_what_is_found_here(remote, service):
    picture = obscura.data.drawn_digits(10, seed=5)[0][6]
    here = service.gallery.search(picture, mode="plain")
    heard = []
    for mode in ("blind-features", "blind"):
        found = remote.search(picture, mode=mode, progress=lambda *said: heard.append(said))
        assert [hit.place for hit in found] == [hit.place for hit in here]
        np.testing.assert_allclose([hit.distance for hit in found], [hit.distance for hit in here],
                                   atol=4e-3 if mode == "blind-features" else 2e-4)
        np.testing.assert_array_equal(found[0].picture, here[0].picture)
        assert found.mode == mode and found.fetch == "private" and found.bytes["up"] > 0
        assert not any("THE PICTURE" in line for line in found.server_saw)
    assert any("keys" in unit for _, _, unit in heard)
    with pytest.raises(obscura.UsageError, match="^mode"):
        remote.search(picture, mode="plain")
    with pytest.raises(obscura.UsageError, match="not searched in mode trusted"):
        remote.search(picture, mode="trusted")
    with pytest.raises(obscura.UsageError, match="no gallery nose"):
        remote.search(picture, gallery="nose")


def test_secrets_of_searches_are_not_on_disk(remote, service, tmp_path):
    picture = obscura.data.drawn_digits(1, seed=5)[0][0]
    remote.search(picture)
    folder = pathlib.Path(remote._key_folder())
    assert folder.stat().st_mode & 0o777 == 0o700
    kept = obscura.Remote(service.url, service.token, keys=tmp_path / "keys")
    first, second = kept.search(picture), kept.search(picture)
    assert first.bytes["up"] > second.bytes["up"], "keys and hint are kept"
    assert [hit.place for hit in first] == [hit.place for hit in second]


def test_what_is_wrong_has_a_code(service, digits):
    for token, code, status in (("x" * 40, "unauthenticated", 401), ("", "unauthenticated", 401)):
        with pytest.raises(obscura.RemoteError) as raised:
            obscura.Remote(service.url, token).models()
        assert (raised.value.code, raised.value.status) == (code, status)
        assert isinstance(raised.value, obscura.Error) and "\n" not in str(raised.value)
    with pytest.raises(obscura.RemoteError) as raised:
        obscura.Remote(service.url, service.token).predict(digits[0], model="nose")
    assert raised.value.code == "not_found"
    with pytest.raises(obscura.RemoteError) as raised:
        obscura.Remote("http://127.0.0.1:9", service.token, retries=0).models()
    assert raised.value.code == "unreachable" and raised.value.status == 0


def test_tokens_do_not_go_where_others_read_them():
    with pytest.raises(obscura.UsageError):
        obscura.Remote("http://server.example", "a-token-of-somebody")
    with pytest.raises(obscura.UsageError):
        obscura.Remote("ftp://127.0.0.1")
    with pytest.raises(obscura.UsageError, match="connect_seconds"):
        obscura.Remote("http://127.0.0.1", connect_seconds=0)
    with pytest.raises(obscura.UsageError, match="retries"):
        obscura.Remote("http://127.0.0.1", retries=-1)
    assert "secret" not in repr(obscura.Remote("http://127.0.0.1", "secret-token-123"))


@pytest.mark.parametrize("wrong", [np.zeros((27, 28), np.uint8), np.zeros((0, 28, 28, 1), np.uint8), "digit.png"])
def test_other_pictures_are_refused_before_anything_is_sent(remote, wrong):
    before = remote.traffic["up"]
    with pytest.raises(obscura.MismatchError):
        remote.predict(wrong, model="mnist")
    assert remote.traffic["up"] == before


def test_what_a_callback_raises_ends_the_call(remote, digits):
    def enough(*said):
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        remote.predict(digits[:3], model="mnist", progress=enough)


def test_owners_load_no_network_for_it():
    import os
    import sys
    code = ("import obscura.remote\nmaps = open('/proc/self/maps').read()\n"
            "for library in ('opencv', 'onnx', 'torch'):\n    assert library not in maps, library\n"
            "import sys\nassert 'obscura._compiler' not in sys.modules and 'obscura._server' not in sys.modules\n")
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})


def test_modules_hide_nothing_of_what_they_list():
    for name in remotes.__all__:
        assert getattr(remotes, name).__doc__
