"""Galleries and blind search from Python, against the command line and against plain NumPy."""

import json
import warnings

import numpy as np
import pytest

import obscura
from obscura.search import Found

import commandline

NETWORK = commandline.MODELS / "tenseal-mnist.onnx"


@pytest.fixture(scope="module")
def digits():
    return obscura.data.drawn_digits(60, seed=11)


@pytest.fixture(scope="module")
def looked_for():
    images, labels, _ = obscura.data.drawn_digits(10, seed=77)
    return images[3], labels[3]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, digits):
    """A gallery that nobody changes."""
    images, labels, classes = digits
    folder = tmp_path_factory.mktemp("search") / "gallery"
    obscura.Gallery.index(folder, images, network=NETWORK, labels=labels, classes=classes, vectors="features",
                          names=[f"digit {i}" for i in range(len(images))])
    return folder


@pytest.fixture
def gallery(folder):
    return obscura.Gallery.open(folder, network=NETWORK)


def test_says_what_it_is(gallery, digits):
    assert len(gallery) == 60 and gallery.classes == digits[2]
    assert gallery.facts["kind"] == "vectors" and gallery.facts["recipe"] == "features"
    assert gallery.vector(7).shape == (gallery.dimension,) and gallery.vector(7).dtype == np.float32
    assert np.linalg.norm(gallery.vector(7)) == pytest.approx(1, abs=1e-5)
    np.testing.assert_array_equal(gallery.picture(7), digits[0][7, ..., 0])
    assert gallery.entries()[7] == (7, "digit 7", "7")
    assert "60 images" in repr(gallery)


def test_finds_what_numpy_finds(gallery, looked_for):
    vectors = np.stack([gallery.vector(place) for place in range(len(gallery))])
    scratch = obscura.Network(NETWORK)
    found = gallery.search(looked_for[0], mode="plain", fetch="plain", top=5)
    assert isinstance(found, Found) and len(found) == 5
    # Whatever the vector of what is looked for is: distances to the gallery are those of cosines with one vector.
    nearest = vectors[found[0].place]
    order = np.argsort(1 - vectors @ nearest)
    assert found[0].place == order[0]
    assert [hit.distance for hit in found] == sorted(hit.distance for hit in found)
    itself = gallery.search(gallery.picture(21), mode="plain", fetch="plain", top=5)
    distances = 1 - vectors @ vectors[21]
    np.testing.assert_allclose([hit.distance for hit in itself], np.sort(distances)[:5], atol=1e-5)
    assert itself[0].place == 21
    assert scratch.spec.shape == (1, 28, 28)


@pytest.mark.parametrize("mode", ["blind-features", "blind", "trusted"])
def test_every_mode_finds_the_same(gallery, looked_for, mode):
    plain = gallery.search(looked_for[0], mode="plain", fetch="plain")
    found = gallery.search(looked_for[0], mode=mode)
    assert [hit.place for hit in found] == [hit.place for hit in plain]
    # Encrypted scores of vectors are rounded to 1 / 256.
    np.testing.assert_allclose([hit.distance for hit in found], [hit.distance for hit in plain],
                               atol=4e-3 if mode == "blind-features" else 2e-4)
    for hit, same in zip(found, plain):
        assert (hit.name, hit.label) == (same.name, same.label)
        np.testing.assert_array_equal(hit.picture, same.picture)
        np.testing.assert_array_equal(hit.picture, gallery.picture(hit.place))
    sees = " ".join(found.server_saw)
    assert ("THE PICTURE" in sees) == (mode == "trusted")
    assert found.mode == mode and found.bytes["query"] > 1000
    assert len(found.steps) == (12 if mode == "trusted" else 0)
    assert found.sheet.dtype == np.uint8 and found._repr_png_().startswith(b"\x89PNG")


def test_is_what_the_command_line_finds(folder, gallery, looked_for, tmp_path):
    Image = pytest.importorskip("PIL.Image", reason="python3-pil is not installed")
    Image.fromarray(looked_for[0][..., 0]).save(tmp_path / "picture.png")
    theirs = commandline.figures("search", tmp_path / "picture.png", "--gallery", folder, "--network", NETWORK, "--mode",
                                 "plain", "--top", 7)
    ours = gallery.search(looked_for[0], mode="plain", top=7).facts
    differ = ("command", "seconds")
    assert commandline.without(ours, *differ) == commandline.without(theirs, *differ)


def test_indexes_what_the_command_line_indexes(digits, tmp_path):
    theirs = tmp_path / "theirs"
    commandline.run("index", "--dataset", "samples", "--limit", 20, "--network", NETWORK, "--out", theirs, "--codes",
                    "--vectors", "features")
    same = obscura.Gallery.index(tmp_path / "same", "samples", limit=20, network=NETWORK, codes=True, vectors="features")
    images, labels, classes = obscura.data.load("samples", "train", limit=20)
    arrays = obscura.Gallery.index(tmp_path / "arrays", images, network=NETWORK, labels=labels, classes=classes,
                                   codes=True, vectors="features", source="samples")
    first = obscura.Gallery.open(theirs, network=NETWORK)
    for other in (same, arrays):
        assert commandline.without(other.facts, "id") == commandline.without(first.facts, "id")
        assert other.entries() == first.entries()
        for place in range(20):
            np.testing.assert_array_equal(other.vector(place), first.vector(place))
            np.testing.assert_array_equal(other.picture(place), first.picture(place))


def test_goes_on_where_it_was_ended(digits, tmp_path):
    images, labels, classes = digits
    wishes = dict(network=NETWORK, classes=classes, vectors="output")
    half = obscura.Gallery.index(tmp_path / "g", images[:25], labels=labels[:25], **wishes)
    assert len(half) == 25
    with pytest.warns(obscura.Note, match="going on after 25"):
        whole = obscura.Gallery.index(tmp_path / "g", images, labels=labels, **wishes)
    assert len(whole) == 60
    with pytest.raises(obscura.MismatchError, match="other images"):
        obscura.Gallery.index(tmp_path / "g", images[::-1], labels=labels[::-1], **wishes)


def test_grows_and_shrinks(digits, looked_for, tmp_path):
    images, labels, classes = digits
    gallery = obscura.Gallery.index(tmp_path / "g", images[:30], network=NETWORK, labels=labels[:30], classes=classes)
    version = gallery.facts["version"]
    gallery.remove([2, 3])
    gallery.remove(29)
    assert len(gallery) == 27 and gallery.facts["version"] > version
    gallery.add(images[40:43], labels=["0", "1", None], names=["a", "b", "nobody's"])
    entries = {place: (name, label) for place, name, label in gallery.entries()}
    assert entries[2] == ("a", "0") and entries[3] == ("b", "1")
    assert ("nobody's", None) in entries.values()
    assert gallery.search(images[41], mode="plain", top=1)[0].name in ("b", *(e[0] for e in entries.values()))
    with pytest.raises(obscura.Error, match="35"):
        gallery.remove([1, 35])
    assert len(gallery) == 30, "all or none"
    with pytest.raises(obscura.MismatchError, match="'eleven'"):
        gallery.add(images[:1], labels=["eleven"])
    with pytest.raises(obscura.MismatchError, match="not the network"):
        obscura.Gallery.open(tmp_path / "g", network=commandline.MODELS / "obscura-s-mnist.onnx").add(images[:1])
    assert len(gallery) == 30


def test_a_gallery_can_be_encrypted_too(gallery, looked_for, tmp_path):
    done = gallery.encrypt(tmp_path / "server", tmp_path / "mine", passphrase="eight or more")
    assert done["images"] == 60 and done["encrypted"] == done["blocks"] >= 1
    found = gallery.search(looked_for[0], encrypted=tmp_path / "server", secret=tmp_path / "mine",
                           passphrase="eight or more")
    plain = gallery.search(looked_for[0], mode="plain")
    assert [hit.place for hit in found] == [hit.place for hit in plain]
    with pytest.raises(obscura.UsageError, match="^encrypted"):
        gallery.search(looked_for[0], encrypted=tmp_path / "server")


def test_networks_that_ship_are_found(folder, looked_for):
    found = obscura.Gallery.open(folder).search(looked_for[0], mode="plain")
    assert len(found) == 5


def test_labels_may_be_names_or_missing(digits, tmp_path):
    images, labels, classes = digits
    named = obscura.Gallery.index(tmp_path / "a", images[:6], network=NETWORK, labels=["x", "y", "x", None, "y", "x"])
    assert named.classes == ("x", "y") and [entry[2] for entry in named.entries()] == ["x", "y", "x", None, "y", "x"]
    bare = obscura.Gallery.index(tmp_path / "b", list(images[:3, ..., 0]), network=NETWORK)
    assert [entry[2] for entry in bare.entries()] == [None] * 3
    with pytest.raises(obscura.UsageError, match="^features selects"):
        obscura.Gallery.index(tmp_path / "c", images[:9], network=NETWORK, features=4)


@pytest.mark.parametrize("change, error, said", [
    (dict(labels=[1, 2]), obscura.MismatchError, "one a picture"),
    (dict(labels=[0.5] * 6), obscura.MismatchError, "whole numbers"),
    (dict(labels=[3] * 6, classes=["a"]), obscura.MismatchError, "3, expected"),
    (dict(names=["a"]), obscura.UsageError, "1 names"),
    (dict(vectors="nose"), obscura.UsageError, "nose"),
    (dict(fit="bend"), obscura.UsageError, "bend"),
    (dict(impurity="gini"), obscura.UsageError, "^impurity"),
    (dict(limit=3), obscura.UsageError, "data sets"),
    (dict(network="/nowhere.onnx"), obscura.IoError, "nowhere"),
])
def test_what_cannot_be_is_refused_and_leaves_nothing(digits, tmp_path, change, error, said):
    with pytest.raises(error, match=said):
        obscura.Gallery.index(tmp_path / "g", digits[0][:6], **{"network": NETWORK, **change})
    assert not (tmp_path / "g" / "gallery.db").exists()


@pytest.mark.parametrize("picture, said", [
    (np.zeros((28, 28), np.float32), "uint8"), (np.zeros((2, 28, 28, 1), np.uint8), "one uint8 picture"),
    (np.zeros((28, 28, 2), np.uint8), "one uint8 picture"), ("digit.png", "uint8")])
def test_only_one_picture_is_looked_for(gallery, picture, said):
    with pytest.raises(obscura.MismatchError, match=said):
        gallery.search(picture)


def test_wrong_wishes_speak_of_arguments(gallery, looked_for):
    for wish, said in ((dict(top=61), "^top is 61"), (dict(top=0), "^top"), (dict(mode="nose"), "^mode"),
                       (dict(fetch="nose"), "^fetch"), (dict(mode="trusted", fetch="plain"), "^fetch is not")):
        with pytest.raises(obscura.UsageError, match=said):
            gallery.search(looked_for[0], **wish)
    with pytest.raises(obscura.IoError):
        obscura.Gallery.open("/nowhere")


def test_what_is_done_to_a_picture_is_said(gallery, looked_for):
    large = np.kron(looked_for[0][..., 0], np.ones((2, 3), np.uint8))
    with pytest.warns(obscura.Note, match="28x28"):
        found = gallery.search(large, mode="plain")
    assert any("28x28" in line for line in found.facts["notes"])
    with warnings.catch_warnings():
        warnings.simplefilter("error", obscura.Note)
        gallery.search(looked_for[0], mode="plain", fetch="plain")


def test_progress_is_heard_and_ends_the_work(digits, tmp_path):
    images, labels, classes = obscura.data.drawn_digits(600, seed=4)
    heard = []
    obscura.Gallery.index(tmp_path / "g", images, network=NETWORK, progress=lambda *said: heard.append(said))
    assert heard[-1] == (600, 600, "images")

    def enough(done, total, unit):
        raise ValueError("enough")

    more = obscura.data.drawn_digits(2000, seed=5)[0]
    with pytest.raises(ValueError, match="enough"):
        obscura.Gallery.index(tmp_path / "h", more, network=NETWORK, progress=enough)
    # What was indexed before is there, and is gone on with.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", obscura.Note)
        assert len(obscura.Gallery.index(tmp_path / "h", more, network=NETWORK)) == 2000


def test_rankings_are_measured(gallery):
    figures = gallery.evaluate("samples", limit=20)
    theirs = commandline.figures("evaluate", "--gallery", gallery.folder, "--network", NETWORK, "--dataset", "samples",
                                 "--limit", 20)
    differ = ("command", "seconds", "machine", "threads")
    assert figures.keys() <= theirs.keys() and len(figures) > 5
    assert commandline.without(figures, *differ) == {
        name: value for name, value in commandline.without(theirs, *differ).items() if name in figures}


def test_json_is_what_it_says(gallery, looked_for):
    found = gallery.search(looked_for[0], mode="plain")
    assert json.loads(json.dumps(found.facts)) == found.facts
    assert [hit["index"] for hit in found.facts["results"]] == [hit.place for hit in found]
