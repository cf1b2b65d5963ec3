"""One family of exceptions, each with one line; and what is assumed is warned of."""

import warnings

import numpy as np
import pytest

import obscura
from obscura import errors


def test_the_family():
    children = [getattr(errors, name) for name in errors.__all__ if name.endswith("Error") and name != "Error"]
    assert len(children) >= 7 and all(issubclass(child, obscura.Error) for child in children)
    assert issubclass(obscura.MismatchError, ValueError) and issubclass(obscura.IoError, OSError)
    assert issubclass(obscura.UnsupportedError, NotImplementedError)
    assert issubclass(obscura.Note, UserWarning) and not issubclass(obscura.Note, Exception) is False


@pytest.mark.parametrize("act, kind, said", [
    (lambda m, t: obscura.compile(m / "nothing.onnx"), obscura.IoError, "nothing.onnx"),
    (lambda m, t: obscura.compile(m / "README.md"), obscura.FormatError, "README.md"),
    (lambda m, t: obscura.Owner(b"nothing"), obscura.FormatError, "client spec"),
    (lambda m, t: obscura.Server(b""), obscura.FormatError, "program"),
    (lambda m, t: obscura.Owner.load(t / "none"), obscura.IoError, "none"),
    (lambda m, t: obscura.Owner.open(t), obscura.IoError, str),
    (lambda m, t: obscura.compile(m / "tenseal-mnist.onnx", mode="both"), obscura.UsageError, "expected packed"),
    (lambda m, t: obscura.compile(m / "tenseal-mnist.onnx", relu="none"), obscura.UsageError, "expected fitted"),
    (lambda m, t: obscura.compile(m / "tenseal-mnist.onnx", relu_bits=8), obscura.UsageError, "relu_bits"),
    (lambda m, t: obscura.compile(m / "tenseal-mnist.onnx", precision_bits=2), obscura.UsageError, "precision of 2 bits"),
    (lambda m, t: obscura.compile(m / "tenseal-mnist.onnx", max_keys="5 apples"), obscura.UsageError, "600MB"),
    (lambda m, t: obscura.compile(m / "tenseal-mnist.onnx", max_keys=1), obscura.UnsupportedError, "MB of keys"),
    (lambda m, t: obscura.compile(m / "tenseal-mnist.onnx", fit="crop"), obscura.UsageError, "fit"),
    (lambda m, t: obscura.compile(m / "tenseal-mnist.onnx", mean="dark"), obscura.Error, "mean"),
    (lambda m, t: obscura.compile(m / "tenseal-mnist.onnx", mean=[0.1, 0.2]), obscura.Error, "mean"),
    (lambda m, t: obscura.compile(m / "tenseal-mnist.onnx", share=-1), obscura.MismatchError, "share"),
    (lambda m, t: obscura.compile(m / "tenseal-mnist.onnx", images_per_query=3), obscura.Error, "power of two"),
    (lambda m, t: obscura.compile(m / "tenseal-mnist.onnx", windows=False, mode="batched"), obscura.UsageError, "windows"),
    (lambda m, t: obscura.compile(m / "rcnn-cifar10.onnx"), obscura.UnsupportedError, ""),
    (lambda m, t: obscura.compile(3), obscura.MismatchError, "int"),
    (lambda m, t: obscura.Network(m / "tenseal-mnist.onnx", sample=np.zeros((1, 1, 28, 28))), obscura.UsageError, "sample"),
])
def test_errors_are_of_the_family_and_one_line(models, tmp_path, act, kind, said):
    with pytest.raises(obscura.Error) as e:
        act(models, tmp_path)
    text = str(e.value)
    assert isinstance(e.value, kind)
    assert (said if isinstance(said, str) else "") in text
    assert text and "\n" not in text and "--" not in text


def test_unknown_arguments_are_type_errors(network_file):
    with pytest.raises(TypeError, match="meen"):
        obscura.compile(network_file, meen=0.5)


def test_notes_are_warnings(models):
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 2))
    sample = np.ones((4, 1, 4, 4), np.float32)
    with pytest.warns(obscura.Note) as heard:
        obscura.compile(module, sample=sample)
    said = " ".join(str(w.message) for w in heard)
    assert "does not name its classes" in said and "--" not in said
    assert all(w.filename == __file__ for w in heard)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        obscura.compile(module, sample=sample, mean=0, std=1, classes=["off", "on"])
        with pytest.raises(obscura.Note):
            obscura.compile(module, sample=sample)


def test_warnings_point_at_the_callers_line(network_file, digits):
    classifier = obscura.Classifier(network_file, mean=0.2, std=0.4)
    with pytest.warns(obscura.Note) as heard:
        classifier.predict(digits, mode="simulate")
    assert {w.filename for w in heard} == {__file__}
