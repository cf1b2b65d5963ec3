"""Numbers: what encrypted vectors come to, against numpy."""

import pickle

import numpy as np
import pytest

import obscura
from obscura import ckks


@pytest.fixture(scope="module")
def secret():
    return ckks.SecretKey(ckks.Parameters(13, levels=3, scale_bits=38))


@pytest.fixture(scope="module")
def context(secret):
    return ckks.Context(keys=secret.evaluation_keys())


@pytest.fixture(scope="module")
def draw():
    return np.random.default_rng(5)


def vector_of(context, secret, values):
    return context.vector(secret.encrypt(values), len(values))


@pytest.mark.parametrize("size", [1, 2, 7, 64, 1000, 4096])
def test_there_and_back(secret, context, draw, size):
    values = draw.normal(size=size)
    assert np.abs(secret.decrypt(secret.encrypt(values), size=size) - values).max() < 1e-6
    assert np.abs(secret.decrypt(vector_of(context, secret, values)) - values).max() < 1e-6


def test_arithmetic(secret, context, draw):
    a, b = draw.normal(size=50), draw.normal(size=50)
    x, y = vector_of(context, secret, a), vector_of(context, secret, b)
    for found, exact in [
        (x + y, a + b), (x - y, a - b), (-x, -a), (x * y, a * b), (x + b, a + b), (b + x, a + b), (x - b, a - b),
        (b - x, b - a), (1 - x, 1 - a), (x + 1.5, a + 1.5), (x * b, a * b), (b * x, a * b), (x * 3, 3 * a),
        (-2 * x, -2 * a), (x * 0.25, a / 4), (x.square(), a * a), (x * y + x, a * b + a), (x * y * x + y, a * b * a + b),
        (x + x * x * x, a + a**3), ((x + y) * (x - y), (a + b) * (a - b)), (x * y - 0.5, a * b - 0.5),
    ]:
        assert found.size == 50
        assert np.abs(secret.decrypt(found) - exact).max() < 1e-5


def test_levels(secret, context):
    x = vector_of(context, secret, [1.0, 2.0])
    assert (x.levels, (x * x).levels, (x * 2).levels, (x * 2.5).levels, (x + 1).levels) == (3, 2, 3, 2, 3)
    used = x * x * x * x
    assert used.levels == 0
    with pytest.raises(obscura.ParameterError, match="no level is left"):
        used * x
    assert np.abs(secret.decrypt(used * 2 + 1) - np.array([3.0, 33.0])).max() < 1e-3


@pytest.mark.parametrize("steps", [0, 1, 3, 4, 100, 4095, -1, -7])
def test_rotations(secret, context, draw, steps):
    values = draw.normal(size=4096)
    found = secret.decrypt(vector_of(context, secret, values).rotate(steps))
    assert np.abs(found - np.roll(values, -steps)).max() < 1e-5


@pytest.mark.parametrize("size", [1, 2, 3, 10, 100, 4096])
def test_sums(secret, context, draw, size):
    a, b = draw.normal(size=size), draw.normal(size=size)
    x = vector_of(context, secret, a)
    assert (x.sum()).size == 1
    assert abs(secret.decrypt(x.sum())[0] - a.sum()) < 1e-3
    assert abs(secret.decrypt(x.dot(b))[0] - a @ b) < 1e-3
    assert abs(secret.decrypt((x.rotate(-2) + 1).sum())[0] - (np.roll(np.pad(a, (0, 4096 - size)), 2)[:size] + 1).sum()) < 1e-3


@pytest.mark.parametrize("rows, columns", [(1, 1), (5, 3), (3, 5), (16, 16), (64, 10)])
def test_matrices(secret, context, draw, rows, columns):
    a, m = draw.normal(size=rows), draw.normal(size=(rows, columns))
    x = vector_of(context, secret, a)
    assert np.abs(secret.decrypt(x @ m) - a @ m).max() < 1e-3
    assert np.abs(secret.decrypt((x @ m).matmul(np.eye(columns)) + 1) - (a @ m + 1)).max() < 1e-3


@pytest.mark.parametrize("coefficients", [[1, 2], [0, 0, 1], [0.5, -1, 0.25, 2], [1, 0, 0, 0.1, 0]])
def test_polynomials(secret, context, draw, coefficients):
    a = draw.uniform(-1, 1, 20)
    found = secret.decrypt(vector_of(context, secret, a).polyval(coefficients))
    assert np.abs(found - np.polynomial.polynomial.polyval(a, coefficients)).max() < 1e-4


def test_public_keys(secret, context):
    x = context.encrypt(secret.public_key(), [0.5, -4.0, 3.0])
    assert np.abs(secret.decrypt(x * x) - [0.25, 16, 9]).max() < 1e-5


def test_without_keys(secret):
    context = ckks.Context(secret.parameters)
    x = vector_of(context, secret, [1.0, 2.0])
    assert np.abs(secret.decrypt(x * 0.5 + x) - [1.5, 3.0]).max() < 1e-5
    for act in (lambda: x * x, lambda: x.rotate(1), lambda: x.sum(), lambda: x @ np.eye(2)):
        with pytest.raises(obscura.MismatchError):
            act()


def test_a_rotation_without_its_key(secret):
    context = ckks.Context(keys=secret.evaluation_keys([5], relinearisation=False))
    x = vector_of(context, secret, np.arange(8.0))
    assert np.abs(secret.decrypt(x.rotate(5))[:3] - [5, 6, 7]).max() < 1e-5
    with pytest.raises(obscura.MismatchError, match="rotation by 2"):
        x.rotate(2)


def test_what_travels(secret, context, tmp_path):
    x = vector_of(context, secret, [1.0, 2.0, 3.0])
    again = ckks.Context(pickle.loads(pickle.dumps(secret.parameters))).vector(x.to_bytes(), 3)
    assert np.abs(secret.decrypt(again) - [1, 2, 3]).max() < 1e-6
    assert np.array_equal(secret.decrypt(x), secret.decrypt(x))
    secret.save(tmp_path / "key", "a long passphrase")
    with pytest.raises(obscura.MismatchError):
        ckks.SecretKey.load(tmp_path / "key", "something else")
    loaded = ckks.SecretKey.load(tmp_path / "key", "a long passphrase")
    assert loaded.id == secret.id and np.abs(loaded.decrypt(x) - [1, 2, 3]).max() < 1e-6
    with pytest.raises(obscura.IoError, match="there already"):
        secret.save(tmp_path / "key")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    for thing in (secret, x):
        with pytest.raises(obscura.UnsupportedError):
            pickle.dumps(thing)


def test_another_key_reads_nothing(secret):
    other = ckks.SecretKey(secret.parameters)
    assert np.abs(other.decrypt(secret.encrypt([1.0]), size=1) - 1).max() > 1e3


def test_parameters():
    p = ckks.Parameters(levels=2)
    assert p.security_bits >= 128 and p.levels == 2 and "-bit" in repr(p)
    assert ckks.Parameters(13, q_bits=[60, 40, 40], p_bits=[60]).slots == 4096
    assert ckks.Parameters.from_bytes(p.to_bytes()) == p and hash(p) == hash(pickle.loads(pickle.dumps(p)))
    with pytest.raises(obscura.ParameterError):
        ckks.Parameters(12, levels=5)
    weak = ckks.Parameters(12, levels=5, insecure=True)
    assert "INSECURE" in repr(weak) and weak.security_bits < 128
    with pytest.raises(obscura.ParameterError):
        ckks.Parameters(13, levels=2, scale_bits=90)


@pytest.mark.parametrize("wrong", ["numbers", [[1.0]], [], [1j], None])
def test_wrong_numbers(secret, wrong):
    with pytest.raises(obscura.MismatchError):
        secret.encrypt(wrong)


def test_wrong_bytes_and_sizes(secret, context):
    x = vector_of(context, secret, [1.0, 2.0, 3.0])
    foreign = ckks.SecretKey(ckks.Parameters(13, levels=2)).encrypt([1.0])
    for act, kind in [
        (lambda: context.vector(b"nothing"), obscura.FormatError), (lambda: context.vector(foreign), obscura.MismatchError),
        (lambda: secret.decrypt(foreign), obscura.MismatchError), (lambda: context.vector(x.to_bytes()[:-1]), obscura.FormatError),
        (lambda: ckks.Context(), obscura.MismatchError), (lambda: ckks.Context(keys=b"keys"), obscura.FormatError),
        (lambda: context.vector(x.to_bytes(), 5000), obscura.MismatchError),
        (lambda: x + [1.0, 2.0], obscura.MismatchError), (lambda: x @ np.eye(4), obscura.MismatchError),
        (lambda: secret.encrypt(np.ones(5000)), obscura.ParameterError), (lambda: secret.encrypt([np.nan]), obscura.ParameterError),
        (lambda: x.polyval([1.0]), obscura.MismatchError),
        (lambda: x + vector_of(context, secret, [1.0]), obscura.MismatchError),
    ]:
        with pytest.raises(kind):
            act()


def test_results_that_others_may_see_are_flooded(secret):
    sent = secret.encrypt(np.zeros(100))
    mine, shared = secret.decrypt(sent, size=100), secret.decrypt(sent, size=100, share=1)
    assert np.abs(shared).max() > 1000 * np.abs(mine).max() or np.abs(mine).max() == 0
