"""Images from owner to server and back: the same answers as in the clear and as the command line's."""

import warnings

import numpy as np
import pytest

import obscura


def test_the_lines_of_the_documentation(network_file, digits):
    program = obscura.compile(network_file, calibrate=digits)
    owner = obscura.Owner(program.client)
    server = obscura.Server(program)
    kid = server.add_keys(owner.evaluation_keys())
    logits = owner.decrypt(server.run(owner.encrypt(digits[0]), kid))
    assert logits.shape == (1, 10) and logits.dtype == np.float64
    assert np.abs(logits - obscura.Network(network_file).run(digits[:1])).max() < 0.15


def test_mnist_encrypted_names_the_classes_of_the_clear(program, owner, server, network_file, mnist):
    pictures = mnist[0][:24]
    plain = obscura.Network(network_file).run(pictures)
    for i, picture in enumerate(pictures):
        prediction, = owner.read(server.run(owner.encrypt(picture), owner.id))
        assert prediction.index == plain[i].argmax()
        assert prediction.label == program.spec.classes[prediction.index]
        assert prediction.doubt == ""
        assert np.abs(prediction.logits - plain[i]).max() < 64 * program.spec.logit_error + 0.01
        assert prediction.probabilities.sum() == pytest.approx(1)
        assert prediction.confidence == prediction.probabilities.max()


def test_simulation_is_as_near_as_encryption(program, network_file, mnist):
    pictures = mnist[0][:64]
    plain = obscura.Network(network_file).run(pictures)
    simulated = program.simulate(pictures)
    assert simulated.shape == (64, 10)
    assert np.abs(simulated - plain).max() < 64 * program.spec.logit_error + 0.01
    assert (simulated != plain).any()
    assert np.array_equal(simulated, program.simulate(pictures))
    assert not np.array_equal(simulated, program.simulate(pictures, seed=2))


def test_images_side_by_side(network_file, digits):
    program = obscura.compile(network_file, images_per_query=4)
    owner, server = obscura.Owner(program.client), obscura.Server(program)
    server.add_keys(owner.evaluation_keys())
    assert program.spec.images_per_query == 4
    plain = obscura.Network(network_file).run(digits[:4])
    for count in (1, 3, 4):
        logits = owner.decrypt(server.run(owner.encrypt(digits[:count])))
        assert logits.shape == (count, 10)
        assert np.abs(logits - plain[:count]).max() < 0.15
    with pytest.raises(obscura.MismatchError, match="4"):
        owner.encrypt(digits[:5])


def test_batched(network_file, digits):
    program = obscura.compile(network_file, mode="batched")
    assert program.spec.mode == "batched" and program.spec.images_per_query >= 1024
    owner, server = obscura.Owner(program.client), obscura.Server(program)
    server.add_keys(owner.evaluation_keys())
    logits = owner.decrypt(server.run(owner.encrypt(digits)))
    assert logits.shape == (32, 10)
    plain = obscura.Network(network_file).run(digits)
    assert np.abs(logits - plain).max() < 16 * program.spec.logit_error
    assert np.abs(logits - plain).max() < 0.1 * np.abs(plain).max()


def test_pictures_and_preprocessed_numbers_are_the_same_query(network_file, owner, server, digits):
    numbers = obscura.Network(network_file).preprocess(digits[:1])
    assert numbers.shape == (1, 1, 28, 28) and numbers.dtype == np.float32
    of_pixels = owner.decrypt(server.run(owner.encrypt(digits[0])))
    for form in (numbers, numbers[0], numbers.astype(np.float64), numbers.astype(np.float16).astype(np.float32)):
        of_numbers = owner.decrypt(server.run(owner.encrypt(form)))
        assert np.abs(of_numbers - of_pixels).max() < 0.15


def test_owner_and_server_say_what_they_are(program, owner, server):
    for thing in (program, owner, server, program.spec):
        assert "128-bit" in repr(thing) and "1x28x28" in repr(thing)
    assert owner.id.hex()[:8] in repr(owner)
    assert owner.spec.security_bits >= 128 and not owner.spec.insecure
    assert owner.spec.shape == (1, 28, 28) and len(owner.spec.classes) == 10
    with pytest.raises(AttributeError):
        owner.spec.name = "another"


def test_keys_come_and_go(program, digits):
    server = obscura.Server(program, threads=1)
    one, two = obscura.Owner(program.client), obscura.Owner(program.client)
    for owner in (one, two):
        assert not server.has_keys(owner.id)
        assert server.add_keys(owner.evaluation_keys()) == owner.id
    assert server.key_bytes > 0
    query = one.encrypt(digits[0])
    with pytest.raises(obscura.MismatchError):
        server.run(query, two.id)
    answer = server.run(query, one.id)
    with pytest.raises(obscura.MismatchError):
        two.decrypt(answer)
    server.forget(one.id)
    with pytest.raises(obscura.MismatchError):
        server.run(one.encrypt(digits[0]), one.id)
    assert one.decrypt(answer).shape == (1, 10)


def test_an_owner_in_a_folder(program, server, digits, tmp_path):
    first = obscura.Owner(program.client)
    first.save(tmp_path / "keys", "a long passphrase")
    server.add_keys(first.evaluation_keys())
    answer = server.run(first.encrypt(digits[0]))
    with pytest.raises(obscura.MismatchError):
        obscura.Owner.open(tmp_path / "keys", "another passphrase")
    with pytest.raises(obscura.MismatchError):
        obscura.Owner.open(tmp_path / "keys")
    second = obscura.Owner.open(tmp_path / "keys", "a long passphrase")
    assert second.id == first.id and second.client == first.client
    assert second.decrypt(answer).argmax() == program.simulate(digits[:1]).argmax()
    assert second.decryptions == 1
    obscura.Owner.change_passphrase(tmp_path / "keys", "a long passphrase", None)
    assert obscura.Owner.open(tmp_path / "keys").evaluation_keys() == first.evaluation_keys()
    with pytest.raises(obscura.IoError):
        obscura.Owner(program.client).save(tmp_path / "keys")
    assert (tmp_path / "keys" / "secret.key").stat().st_mode & 0o777 == 0o600


def test_times_of_stages(owner, server, digits):
    answer, stages = server.run_timed(owner.encrypt(digits[0]))
    assert len(stages) >= 2 and all(seconds >= 0 and name for name, seconds in stages)
    assert owner.decrypt(answer).shape == (1, 10)


def test_an_answer_is_believed_for_its_query_only(owner, server, digits):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answer = server.run(owner.encrypt(digits[0]))
        assert owner.decrypt(answer).shape == (1, 10)
    for position in (0, 9, 60, len(answer) // 2, len(answer) - 1):
        altered = bytearray(answer)
        altered[position] ^= 1
        with pytest.raises(obscura.Error):
            owner.decrypt(bytes(altered))
    with pytest.raises(obscura.FormatError):
        owner.decrypt(answer[:-1])
    with pytest.raises(obscura.FormatError):
        owner.decrypt(b"")
