"""Shields from Python: what they make is, bit for bit, what the command line makes."""

import pickle
import threading

import numpy as np
import pytest

import obscura
from obscura import shield as shields

import commandline

Image = pytest.importorskip("PIL.Image", reason="python3-pil is not installed")


def pictures(count=3, height=24, width=32, channels=3, seed=5):
    """Smooth pictures with some noise, as photographs have it."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    base = np.stack([127 + 90 * np.sin(x / 5 + c + n) * np.cos(y / 7 - n) for n in range(count) for c in range(channels)])
    base = base.reshape(count, channels, height, width).transpose(0, 2, 3, 1)
    return np.clip(base + random.normal(0, 6, base.shape), 0, 255).astype(np.uint8)


def key_of(name, **wishes):
    if shields.names().index(name) >= 7:
        wishes = {"block": 8, "depth": 1, "hidden": 64, **wishes}
    return shields.make_key(name, **wishes)


@pytest.mark.parametrize("name", shields.names())
def test_protects_and_reveals(name):
    plain = pictures()
    shield = obscura.Shield(name, key_of(name))
    made = shield.protect(plain)
    assert len(made) == len(plain)
    assert made.dtype == (np.float32 if shield.real else np.uint8)
    np.testing.assert_array_equal(shield.protect(plain), made)
    np.testing.assert_array_equal(shield.protect(plain[1]), made[1])
    if shield.reveals:
        np.testing.assert_array_equal(shield.reveal(made), plain)
        np.testing.assert_array_equal(shield.reveal(made[2]), plain[2])
        other = obscura.Shield(name, key_of(name)).reveal(made)
        assert np.mean(other == plain) < 0.3, "pe leaves a pixel as it was one time in six"
    else:
        with pytest.raises(obscura.UnsupportedError, match=name):
            shield.reveal(made)


@pytest.mark.parametrize("name", [n for n in shields.names() if n != "neuracrypt"])
def test_sides_that_are_no_multiple_of_the_block_come_back(name):
    plain = pictures(height=21, width=30)
    shield = obscura.Shield(name, key_of(name))
    made = shield.protect(plain)
    if not shield.reveals:
        return
    np.testing.assert_array_equal(shield.reveal(made, size=(21, 30)), plain)
    with pytest.raises(obscura.MismatchError, match="size"):
        shield.reveal(made, size=(2, 30))


def test_a_promise_names_the_attack_and_the_docs_say_obscurity():
    for name in shields.names():
        shield = obscura.Shield(None, key_of(name))
        assert "\n" not in shield.promise and len(shield.promise) > 30
        assert shield.promise in repr(shield)
    assert "NOT SECURITY" in obscura.shield.__doc__ and "NOT SECURITY" in obscura.Shield.__doc__


@pytest.mark.parametrize("name, options", [("hill", []), ("hill", ["--arithmetic", "modular"]), ("vit", []), ("le", []),
                                           ("pe", []), ("ele", []), ("etc", []), ("etc-grayscale", [])])
def test_is_the_command_lines_bit_for_bit(name, options, tmp_path):
    plain = pictures(1, 23, 30)[0]
    ending = ".shield" if name == "hill" and not options else ".png"
    Image.fromarray(plain).save(tmp_path / "plain.png")
    commandline.run("protect", tmp_path / "plain.png", tmp_path / ("theirs" + ending), "--shield", name, "--key",
                    tmp_path / "key.json", "--make-key", *options)
    shield = obscura.Shield(name, tmp_path / "key.json")
    theirs = (tmp_path / ("theirs" + ending)).read_bytes()
    assert shield.ending == ending
    assert shield.encode(plain) == [theirs]
    np.testing.assert_array_equal(shield.decode(theirs), plain)
    np.testing.assert_array_equal(shield.reveal(shield.protect(plain), size=plain.shape[:2]), plain)


def test_the_command_line_reveals_what_was_made_here(tmp_path):
    plain = pictures(2)
    shields.make_key("ele").save(tmp_path / "key.json")
    for per_image in (False, True):
        shield = obscura.Shield("ele", tmp_path / "key.json", per_image=per_image)
        files = shield.encode(plain)
        (tmp_path / "one.png").write_bytes(files[1])
        revealed = tmp_path / f"revealed-{per_image}.png"
        commandline.run("reveal", tmp_path / "one.png", revealed, "--key", tmp_path / "key.json")
        np.testing.assert_array_equal(np.asarray(Image.open(revealed)), plain[1])
        np.testing.assert_array_equal(shield.decode(files[0]), plain[0])
    assert shield.encode(plain[0]) != shield.encode(plain[0]), "a nonce of its own"
    with pytest.raises(obscura.UsageError, match="encode"):
        shield.protect(plain)


def test_keys_are_files_of_their_own(tmp_path):
    key = shields.make_key("pe")
    key.save(tmp_path / "key", passphrase="eight or more")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    again = shields.Key.load(tmp_path / "key", "eight or more")
    assert again.fingerprint == key.fingerprint and again.shield == "pe"
    plain = pictures(1)
    np.testing.assert_array_equal(obscura.Shield("pe", again).protect(plain), obscura.Shield("pe", key).protect(plain))
    with pytest.raises(obscura.MismatchError):
        shields.Key.load(tmp_path / "key", "another one")
    with pytest.raises(obscura.IoError, match="already"):
        key.save(tmp_path / "key")
    with pytest.raises(obscura.Error):
        shields.Key.load(tmp_path / "key")
    with pytest.raises(obscura.UsageError, match="secret"):
        pickle.dumps(key)
    assert "fingerprint" in repr(key)


def test_files_of_another_key_or_damaged_are_refused():
    plain = pictures(1)[0]
    first, second = (obscura.Shield("le", shields.make_key("le")) for _ in range(2))
    file = first.encode(plain)[0]
    with pytest.raises(obscura.MismatchError, match="mine.png"):
        second.decode(file, name="mine.png")
    with pytest.raises(obscura.FormatError):
        first.decode(file[:-40])
    with pytest.raises(obscura.MismatchError, match="bytes"):
        first.decode("mine.png")


@pytest.mark.parametrize("wrong, said", [
    (np.zeros((2, 8, 8, 3), np.float32), "uint8"), (np.zeros((2, 8, 8, 4), np.uint8), "channels|height"),
    (np.zeros((3, 8, 8), np.uint8), "height"), (np.zeros((0, 8, 8, 3), np.uint8), "0 pictures")])
def test_other_arrays_are_refused_with_what_is_expected(wrong, said):
    with pytest.raises(obscura.MismatchError, match=said):
        obscura.Shield("le", shields.make_key("le")).protect(wrong)


def test_grey_pictures_become_three_channels_only_where_that_is_asked():
    grey = pictures(1, channels=1)[0, ..., 0]
    key = shields.make_key("le")
    with pytest.raises(obscura.UnsupportedError, match="le"):
        obscura.Shield("le", key).protect(grey)
    made = obscura.Shield("le", key, colour=True).protect(grey)
    assert made.shape == (24, 32, 3)
    hill = obscura.Shield("hill", shields.make_key("hill"))
    np.testing.assert_array_equal(hill.reveal(hill.protect(grey))[..., 0], grey)


def test_what_there_is_not_is_refused():
    with pytest.raises(obscura.UsageError, match="hill"):
        shields.make_key("rot13")
    with pytest.raises(obscura.UsageError, match="^depth"):
        shields.make_key("le", depth=3)
    with pytest.raises(obscura.MismatchError, match="one of le, not of pe"):
        obscura.Shield("pe", shields.make_key("le"))
    with pytest.raises(obscura.UsageError, match="passphrase"):
        obscura.Shield("le", shields.make_key("le"), passphrase="changes nothing")
    with pytest.raises(obscura.IoError):
        obscura.Shield("le", "/nowhere/key")


def test_real_pictures_have_views_for_people():
    made = obscura.Shield("hill", shields.make_key("hill")).protect(pictures())
    seen = shields.view(made)
    assert seen.dtype == np.uint8 and seen.shape == made.shape
    assert seen[0].min() == 0 and seen[0].max() == 255


def test_progress_is_heard_and_other_threads_run():
    many = pictures(400, 64, 64)
    shield = obscura.Shield("color-neuracrypt", shields.make_key("color-neuracrypt", block=16, depth=2))
    heard, ticks, done = [], [], threading.Event()

    def tick():
        while not done.wait(0.01):
            ticks.append(1)

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        shield.protect(many, progress=lambda *said: heard.append(said))
    finally:
        done.set()
        thread.join()
    assert heard[-1] == (400, 400, "images")
    assert len(ticks) >= 3

    def enough(*said):
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        shield.protect(many, progress=enough)


def test_calibration_is_by_the_given_pictures():
    publics = pictures(8, seed=9)
    with_them = shields.make_key("color-neuracrypt", block=8, depth=1, hidden=64, calibrate=publics)
    assert with_them.arithmetic == "real"
    with pytest.raises(obscura.UsageError, match="calibrate"):
        shields.make_key("le", calibrate=publics)
