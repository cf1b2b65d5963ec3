"""Networks to programs: options, what is stated, networks of PyTorch, and the plain run against other libraries."""

import numpy as np
import pytest

import obscura
from onnx_weights import weights_of


def test_facts_and_report(program):
    assert program.facts["mode"] == "packed" and program.facts["program"] == program.spec.program
    report = program.report()
    assert "security" in report or "-bit" in report
    assert "conv1" in report and "fc2" in report and "failure" in report and "images" in report
    assert program.sizes["keys"] > program.sizes["query"] > program.sizes["reply"] > 0
    assert 0 < program.predicted_seconds < 1


def test_options_reach_the_compiler(network_file):
    small = obscura.compile(network_file, max_keys="10MB")
    assert small.sizes["keys"] <= 10e6 < obscura.compile(network_file).sizes["keys"]
    assert obscura.compile(network_file, max_keys=10e6) == small
    finer = obscura.compile(network_file, precision_bits=16)
    assert finer.spec.logit_error < obscura.compile(network_file).spec.logit_error / 4
    shared = obscura.compile(network_file, share=100)
    assert shared.spec.logit_error < small.spec.logit_error
    assert "learns its size and stride" not in obscura.compile(network_file, windows=False).report()
    assert "arranges 784 values as the 1568" in obscura.compile(network_file, mirrored=True).report()
    assert obscura.compile(str(network_file), images_per_query=2).spec.images_per_query == 2


def test_preprocessing_that_is_stated(network_file, digits):
    names = [f"digit {i}, drawn" for i in range(10)]
    network = obscura.Network(network_file, mean=0.25, std=[0.5], range=(0, 1), classes=names)
    assert network.spec.classes == tuple(names) and network.spec.classes_stated
    assert network.spec.mean == (0.25,) and network.spec.std == (0.5,) and network.spec.stated
    assert np.abs(network.preprocess(digits)[:, 0] - (digits / 255.0 - 0.25) / 0.5).max() < 1e-6
    program = obscura.compile(network_file, mean=0.25, std=0.5, range="0..1", classes=names)
    assert program.spec.classes == tuple(names) and program.spec.mean == (0.25,)
    assert program == obscura.compile(network)
    with pytest.raises(obscura.UsageError, match="Network"):
        obscura.compile(network, mean=0.5)


def test_saving_the_network_as_it_is_used(network_file, digits, tmp_path):
    program = obscura.compile(network_file, calibrate=digits, mean=0.1, std=0.3, save=tmp_path / "ready.onnx")
    again = obscura.compile(tmp_path / "ready.onnx")
    assert again.server == program.server
    with pytest.raises(obscura.IoError, match="there already"):
        obscura.compile(network_file, save=tmp_path / "ready.onnx")


def test_many_calibration_images_are_taken_evenly(network_file, digits):
    many = np.concatenate([digits] * 20)
    few = many[[i * len(many) // 256 for i in range(256)]]
    assert obscura.compile(network_file, calibrate=many) == obscura.compile(network_file, calibrate=few)
    with pytest.raises(obscura.MismatchError, match="no image"):
        obscura.compile(network_file, calibrate=digits[:0])


def small_torch_network(torch, activation):
    torch.manual_seed(3)
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 5, stride=2), activation, torch.nn.Flatten(), torch.nn.Linear(4 * 12 * 12, 5))


def test_torch_modules(digits):
    torch = pytest.importorskip("torch")
    module = small_torch_network(torch, torch.nn.ReLU())
    module.train()
    X = (digits[:, None] / 255.0).astype(np.float32)
    stated = {"mean": 0, "std": 1, "classes": ["a", "b", "c", "d", "e"]}
    program = obscura.compile(module, sample=X, **stated)
    assert module.training
    with torch.no_grad():
        exact = module.eval()(torch.tensor(X)).numpy()
    plain = obscura.Network(module, sample=X, **stated).run(X)
    assert np.abs(plain - exact).max() < 1e-4
    simulated = program.simulate(X)
    assert np.abs(simulated - exact).max() < 0.3 * np.abs(exact).max()
    owner, server = obscura.Owner(program.client), obscura.Server(program)
    server.add_keys(owner.evaluation_keys())
    assert np.abs(owner.decrypt(server.run(owner.encrypt(X[0]))) - simulated[0]).max() < 0.05 * np.abs(exact).max()
    assert "ReLU" in program.report()


def test_torch_modules_that_cannot_be(digits):
    torch = pytest.importorskip("torch")
    module = small_torch_network(torch, torch.nn.ReLU())
    X = (digits[:, None] / 255.0).astype(np.float32)
    with pytest.raises(obscura.MismatchError, match="sample="):
        obscura.compile(module)
    for wrong in (digits, X[0], X.astype(int)):
        with pytest.raises(obscura.MismatchError, match="sample"):
            obscura.compile(module, sample=wrong)
    with pytest.raises(obscura.UnsupportedError, match="ONNX"):
        obscura.Network(module, sample=X[..., :5])
    deep = torch.nn.Sequential(torch.nn.Flatten(), *[torch.nn.Sequential(torch.nn.Linear(16, 16), torch.nn.Sigmoid())
                                                      for _ in range(20)], torch.nn.Linear(16, 2))
    with pytest.raises(obscura.UnsupportedError):
        obscura.compile(deep, sample=X[:, :, 12:16, 12:16], mean=0, std=1, classes=["a", "b"])


def test_the_plain_run_is_that_of_numpy_on_the_files_own_bytes(network_file, digits):
    """An independent reading of the file, and its layers in numpy: conv, square, dense, square, dense."""
    weights = weights_of(network_file).values()
    x = obscura.Network(network_file).preprocess(digits).astype(np.float64)
    biases = {len(w): w for w in weights if w.ndim == 1}
    conv, = (w for w in weights if w.ndim == 4)
    windows = np.lib.stride_tricks.sliding_window_view(x[:, 0], conv.shape[2:], axis=(1, 2))[:, ::3, ::3]
    x = np.einsum("nyxhw,chw->ncyx", windows, conv[:, 0]) + biases[len(conv)][:, None, None]
    x = (x**2).reshape(len(x), -1)
    dense = sorted((w for w in weights if w.ndim == 2), key=lambda w: -w.size)
    for i, w in enumerate(dense):
        w = w if w.shape[0] == x.shape[1] else w.T
        x = x @ w + biases[w.shape[1]]
        x = x**2 if i == 0 else x
    assert len(dense) == 2 and x.shape == (32, 10)
    assert np.abs(obscura.Network(network_file).run(digits) - x).max() < 1e-3


def test_evaluate(network_file):
    heard = []
    simulated = obscura.evaluate(network_file, "samples", simulate=True, limit=48, progress=lambda *s: heard.append(s))
    assert heard[-1][:2] == (48, 48)
    assert 0 <= simulated.agreement <= 1 and simulated.plain_accuracy > 0.3
    assert "48" in str(simulated) and "<html" in simulated.page().lower()
    encrypted = obscura.evaluate(obscura.Network(network_file), "samples", limit=8)
    assert encrypted.facts["images"] == 8 and encrypted.agreement == 1
    assert str(round(100 * encrypted.accuracy)) in repr(encrypted)
    with pytest.raises(obscura.UsageError):
        obscura.evaluate(network_file, "no-such-set")


def test_evaluate_is_that_of_the_command_line(network_file, run_obscura):
    import json
    told = json.loads(run_obscura("evaluate", "--network", network_file, "--dataset", "samples", "--limit", "32",
                                  "--simulate", "--json"))
    found = obscura.evaluate(network_file, "samples", simulate=True, limit=32).facts
    timed = {"seconds", "peak_memory_mb", "machine", "threads"}
    assert {k: v for k, v in told.items() if k not in timed} == {k: v for k, v in found.items() if k not in timed}


def test_what_a_callback_raises_ends_an_evaluation(network_file):
    def stop(done, total, unit):
        raise KeyError("enough")
    with pytest.raises(KeyError):
        obscura.evaluate(network_file, "samples", simulate=True, limit=2000, progress=stop)
