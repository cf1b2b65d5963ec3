"""What is handed in as images: taken as what it plainly is, else refused with what is expected."""

import warnings

import numpy as np
import pytest

import obscura


@pytest.fixture(scope="module")
def numbers(network_file, digits):
    return obscura.Network(network_file).preprocess(digits[:2])


def logits_of(owner, server, images):
    return owner.decrypt(server.run(owner.encrypt(images)))


def test_axes_of_pictures(owner, digits):
    for form in (digits[0], digits[:1], digits[0][..., None], digits[:1, ..., None]):
        assert isinstance(owner.encrypt(form), bytes)


@pytest.mark.parametrize("make, said", [
    (lambda p: p[0].T[:27], "27, 28"),
    (lambda p: p[0][..., None].repeat(3, axis=2), "28, 28, 3"),
    (lambda p: p[:1, None], r"1, 1, 28, 28"),
    (lambda p: p[0].ravel(), "784"),
    (lambda p: p[0].astype(np.int64), "int64"),
    (lambda p: p[0].astype(np.uint16), "uint16"),
    (lambda p: p[0] > 3, "bool"),
    (lambda p: p[0].astype(np.complex64), "complex64"),
    (lambda p: p[0].astype(np.float32), "float32"),
    (lambda p: p[:1].astype(np.float32).reshape(1, -1), "1, 784"),
    (lambda p: "picture.png", "expected uint8"),
    (lambda p: None, "expected uint8"),
    (lambda p: [[1, 2], [3]], "expected uint8"),
])
def test_other_arrays_are_refused_with_what_is_expected(owner, digits, make, said):
    with pytest.raises(obscura.MismatchError, match=said) as e:
        owner.encrypt(make(digits))
    assert "expected" in str(e.value) and "\n" not in str(e.value)


def test_none_and_too_many(owner, digits):
    with pytest.raises(obscura.MismatchError, match="1 to 1"):
        owner.encrypt(digits[:0])
    with pytest.raises(obscura.MismatchError, match="1 to 1"):
        owner.encrypt(digits[:2])


def test_arrays_that_are_not_contiguous(owner, server, digits, numbers):
    plain = logits_of(owner, server, digits[0])
    wide = np.zeros((28, 56), np.uint8)
    wide[:, ::2] = digits[0]
    flipped = np.ascontiguousarray(digits[0][::-1, ::-1])[::-1, ::-1]
    for form in (wide[:, ::2], np.asfortranarray(digits[0]), flipped):
        assert not form.flags.c_contiguous
        assert np.abs(logits_of(owner, server, form) - plain).max() < 0.15
    strided = np.zeros((2, 1, 28, 28, 2), np.float32)
    strided[..., 0] = numbers
    for form in (strided[:1, ..., 0], np.asfortranarray(numbers[:1]), numbers[::-1][1:]):
        assert np.abs(logits_of(owner, server, form) - plain).max() < 0.15


def test_foreign_byte_order(owner, server, digits, numbers):
    plain = logits_of(owner, server, digits[0])
    assert np.abs(logits_of(owner, server, numbers[:1].astype(">f4")) - plain).max() < 0.15


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite(owner, program, network_file, numbers, bad):
    broken = numbers[:1].copy()
    broken[0, 0, 5, 6] = bad
    for takes in (owner.encrypt, program.simulate, obscura.Network(network_file).run):
        with pytest.raises(obscura.MismatchError, match=r"\(0, 0, 5, 6\)"):
            takes(broken)


def test_pixels_as_floats_are_refused_where_the_network_says_its_preprocessing(owner, digits):
    assert owner.spec.stated
    with pytest.raises(obscura.MismatchError, match="uint8"):
        owner.encrypt(digits[0][None].astype(np.float32))


def test_what_looks_like_pixels_is_doubted_where_nobody_said(digits):
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 3))
    with pytest.warns(obscura.Note, match="does not say how pixels"):
        network = obscura.Network(module, sample=np.zeros((1, 1, 28, 28), np.float32))
    with pytest.warns(obscura.Doubt, match="look like pixels"):
        network.run(digits[:1, None].astype(np.float32))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        network.run(digits[:1])


def test_colour(models):
    path = models / "obscura-m-cifar10.onnx"
    network = obscura.Network(path)
    draw = np.random.default_rng(3)
    pictures = draw.integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    numbers = network.preprocess(pictures)
    spec = network.spec
    by_hand = (pictures.astype(np.float64) / 255 - np.asarray(spec.mean)) / np.asarray(spec.std)
    assert np.abs(numbers - by_hand.transpose(0, 3, 1, 2)).max() < 1e-5
    assert np.abs(network.run(pictures) - network.run(numbers)).max() < 1e-4
    for wrong in (pictures.transpose(0, 3, 1, 2), pictures[..., 0], pictures[..., :1]):
        with pytest.raises(obscura.MismatchError, match=r"32, 32, 3"):
            network.run(wrong)


def test_bytes_of_any_kind(owner, server, digits):
    query = owner.encrypt(digits[0])
    for form in (bytearray(query), memoryview(query), np.frombuffer(query, np.uint8)):
        assert owner.decrypt(server.run(form)).shape == (1, 10)
    for wrong in ("query", 17, None, [1, 2]):
        with pytest.raises(obscura.MismatchError, match="expected bytes"):
            server.run(wrong)
    with pytest.raises(obscura.MismatchError, match="expected 16"):
        server.run(query, b"short")
