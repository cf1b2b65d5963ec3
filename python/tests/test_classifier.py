"""As scikit-learn has classifiers."""

import pickle
import warnings

import numpy as np
import pytest

import obscura


@pytest.fixture(scope="module")
def classifier(network_file, digits):
    return obscura.Classifier(network_file, calibrate=digits)


def test_three_modes_agree(classifier, digits):
    plain, simulated, encrypted = (classifier.predict_proba(digits[:4], mode=mode)
                                   for mode in ("plain", "simulate", "encrypted"))
    for probabilities in (plain, simulated, encrypted):
        assert probabilities.shape == (4, 10) and probabilities.dtype == np.float64
        assert np.allclose(probabilities.sum(axis=1), 1)
    assert np.abs(simulated - plain).max() < 0.1 and np.abs(encrypted - plain).max() < 0.1
    for fhe, mode in (("disable", "plain"), ("simulate", "simulate"), ("execute", "encrypted")):
        assert (classifier.predict(digits[:4], fhe=fhe) == classifier.predict(digits[:4], mode=mode)).all()


def test_probabilities_are_the_softmax_of_logits(classifier, digits):
    logits = classifier.decision_function(digits)
    exact = np.exp(logits - logits.max(axis=1, keepdims=True))
    exact /= exact.sum(axis=1, keepdims=True)
    assert np.abs(classifier.predict_proba(digits) - exact).max() < 1e-12
    assert (classifier.predict(digits) == classifier.classes_[exact.argmax(axis=1)]).all()


def test_classes_and_scores(network_file, digits):
    classifier = obscura.Classifier(network_file)
    assert classifier.classes_.dtype.kind == "i" and list(classifier.classes_) == list(range(10))
    found = classifier.predict(digits)
    assert classifier.score(digits, found) == 1 and classifier.score(digits, (found + 1) % 10) == 0
    for wrong in (found.astype(str), found.astype(float), found + 10, found[:, None]):
        with pytest.raises(obscura.MismatchError):
            classifier.score(digits, wrong)
    with pytest.raises(obscura.MismatchError):
        classifier.score(digits, found[:-1])
    named = obscura.Classifier(network_file, classes=list("abcdefghij"))
    assert named.predict(digits)[0] == "abcdefghij"[found[0]]
    assert named.score(digits, named.predict(digits)) == 1
    with pytest.raises(obscura.MismatchError, match="classes_"):
        named.score(digits, found)


def test_mnist(network_file, mnist):
    pictures, labels = mnist[0][:1000], mnist[1][:1000]
    classifier = obscura.Classifier(network_file)
    assert classifier.score(pictures, labels) > 0.98
    assert classifier.score(pictures[:200], labels[:200], mode="simulate") > 0.97


def test_progress_and_many_images_a_query(network_file, digits):
    heard = []
    classifier = obscura.Classifier(network_file, images_per_query=4)
    logits = classifier.decision_function(digits[:10], mode="encrypted", progress=lambda *s: heard.append(s))
    assert logits.shape == (10, 10) and heard == [(4, 10, "images"), (8, 10, "images"), (10, 10, "images")]
    assert np.abs(logits - classifier.decision_function(digits[:10])).max() < 0.3


def test_parameters(network_file, digits):
    classifier = obscura.Classifier(network_file, mode="batched")
    assert classifier.get_params()["mode"] == "batched"
    assert classifier.compile(digits).spec.mode == "batched"
    assert classifier.set_params(mode="packed").program.spec.mode == "packed"
    with pytest.raises(obscura.UsageError, match="expected plain"):
        classifier.predict(digits, mode="fast")
    with pytest.raises(obscura.UsageError, match="expected disable"):
        classifier.predict(digits, fhe="fast")
    with pytest.raises(obscura.UnsupportedError, match="does not train"):
        classifier.fit(digits, [0] * 32)


def test_it_pickles_without_its_keys(classifier, digits):
    classifier.predict(digits[:1], mode="encrypted")
    again = pickle.loads(pickle.dumps(classifier))
    assert again._sides is None and again.program == classifier.program
    assert (again.predict(digits) == classifier.predict(digits)).all()


def test_scikit_learn_takes_it(network_file, digits):
    base = pytest.importorskip("sklearn.base")
    metrics = pytest.importorskip("sklearn.metrics")
    classifier = obscura.Classifier(network_file, images_per_query=2)
    copy = base.clone(classifier)
    assert copy is not classifier and copy.get_params() == classifier.get_params()
    assert base.is_classifier(classifier)
    found = copy.predict(digits)
    assert metrics.get_scorer("accuracy")(copy, digits, found) == 1


def test_images_that_get_lost_are_doubted(network_file, digits):
    classifier = obscura.Classifier(network_file, calibrate=digits // 8, mean=0, std=0.01)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            classifier.predict(digits[:2], mode="encrypted")
        except obscura.MismatchError as e:
            heard.append(e)
    assert heard
