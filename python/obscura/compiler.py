"""From networks to programs that run on ciphertexts; and networks in the clear, to compare with.

    network = obscura.Network("net.onnx")
    program = obscura.compile(network, calibrate=X)
"""

import json
import os
import re
import shutil
import weakref

from . import _compiler
from ._images import numbers_of
from ._listen import listening, warn
from ._network import exported, is_torch_module
from ._spec import Spec
from .errors import IoError, MismatchError, UsageError
from .program import Program

__all__ = ["Evaluation", "Network", "Program", "compile", "evaluate"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike
    from typing import Any, Callable, Sequence, Union

    import numpy as np
    import numpy.typing as npt

    Progress = Union[bool, None, Callable[[int, int, str], object]]
    Path = Union[str, PathLike[str]]
    Numbers = Union[float, Sequence[float], None]

# Images that ranges are measured on, of those that are handed in: more cost time and tell little more.
_MOST_SAMPLES = 256


def _in_python(line):
    """A note whose remedy is an argument here, and a command there."""
    line = re.sub(r"\(obscura compile NETWORK [^)]* states it\)", "(mean=, std= and range= state it)", line)
    return re.sub(r"\(compile [^)]*classes [^)]*\)", "(classes= names them)", line)


def _note(line):
    warn(_in_python(line))


def _numbers_text(name, value):
    if value is None or isinstance(value, str):
        return value
    try:
        values = [float(v) for v in (value if hasattr(value, "__iter__") else [value])]
    except (TypeError, ValueError):
        raise MismatchError(f"{name} is {value!r}, expected a number or one a channel") from None
    return ",".join(repr(v) for v in values)


def _range_text(value):
    if value is None or isinstance(value, str):
        return value
    try:
        low, high = (float(v) for v in value)
    except (TypeError, ValueError):
        raise MismatchError(f"range is {value!r}, expected (0, 1), (0, 255) or (-1, 1)") from None
    return f"{low:g}..{high:g}"


def _classes_text(value):
    if value is None or isinstance(value, (str, os.PathLike)):
        return None if value is None else os.fspath(value)
    names = list(value)
    if not names or not all(isinstance(name, str) for name in names):
        raise MismatchError(f"classes is {value!r}, expected a list of names in the order of outputs")
    return json.dumps(names)


def _sides_text(name, value, separator="x"):
    if value is None or isinstance(value, str):
        return value
    try:
        return separator.join(str(int(v)) for v in value)
    except (TypeError, ValueError):
        raise MismatchError(f"{name} is {value!r}, expected numbers of pixels") from None


def _bytes_of(name, value):
    """600e6, or "600MB"."""
    if value is None:
        return None
    units = {"": 1, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "KIB": 2.0**10, "MIB": 2.0**20, "GIB": 2.0**30,
             "TIB": 2.0**40}
    number, unit = value, ""
    if isinstance(value, str):
        text = value.strip().upper()
        digits = text.rstrip("BKMGTI ")
        number, unit = digits, text[len(digits):].strip()
    try:
        bytes_ = float(number) * units[unit]
    except (KeyError, TypeError, ValueError):
        bytes_ = 0.0
    if not 1 <= bytes_ < 1e18:
        raise UsageError(f"{name} is {value!r}, expected bytes above 0, or text as '600MB', '1.5GB', '2GiB'")
    return bytes_


class Network:
    """A classifier as its file has it, in the clear: what it takes, and what it says without any encryption.

    Preprocessing and class names that the file does not say are stated here: they hold for this network and what is
    compiled of it. What nobody stated is assumed, and warned of (obscura.Note).
    """

    def __init__(self, network: "Path | Any", *, sample: "npt.ArrayLike | None" = None,
                 mean: "Numbers" = None, std: "Numbers" = None,
                 range: "tuple[float, float] | str | None" = None, colour: "str | None" = None,
                 histogram: "str | None" = None, classes: "Sequence[str] | Path | None" = None,
                 picture: "tuple[int, int] | str | None" = None,
                 input: "tuple[int, int, int] | str | None" = None) -> None:
        """network: an ONNX file, or a torch.nn.Module with `sample`, an array (n, channels, height, width) as it takes
        them, whose shape is the network's.

        value = (x - mean) / std, where x is pixel / 255 brought to range ((0, 1), (0, 255) or (-1, 1)); mean and std: one
        number, or one a channel. colour: "grey", "rgb" or "bgr". histogram: "equalise" or "none". classes: names in the
        order of outputs, or a file of them. picture: (width, height) of pictures that are cut into chunks of the network's
        input. input: (channels, height, width) for a network that takes a vector of numbers.

        Raises FormatError, IoError, UnsupportedError that names the layer.
        """
        self._open(network, sample, _note, mean=mean, std=std, range=range, colour=colour,
                   histogram=histogram, classes=classes, picture=picture, input=input)

    def _open(self, network, sample, note, *, mean=None, std=None, range=None, colour=None, histogram=None, classes=None,
              picture=None, input=None):
        self._stated = {
            "mean": _numbers_text("mean", mean), "std": _numbers_text("std", std), "range": _range_text(range),
            "colour": colour, "histogram": histogram, "classes": _classes_text(classes),
            "picture": _sides_text("picture", picture), "input": _sides_text("input", input)}
        if is_torch_module(network):
            folder, self._path = exported(network, sample)
            weakref.finalize(self, shutil.rmtree, folder, True)
        elif sample is not None:
            raise UsageError("sample is for a torch module: an ONNX file says itself what it takes")
        else:
            try:
                self._path = os.fspath(network)
            except TypeError:
                raise MismatchError(f"network: a {type(network).__name__}, expected the path of an ONNX file or a "
                                    f"torch.nn.Module") from None
        self._inner = _compiler.Network(self._path, self._stated, note)
        self._facts = self._inner.facts()
        self._spec = _Pictures(self._facts)

    @property
    def path(self) -> str:
        """Its ONNX file; of a torch module a temporary one, which lives as long as this."""
        return self._path

    @property
    def spec(self) -> Spec:
        """What it takes and tells: name, shape, preprocessing, classes, head. It has no parameters before it is
        compiled."""
        return self._spec

    @property
    def needs_fitting(self) -> bool:
        """Whether it has activations that become polynomials, for which compile() needs images to calibrate on."""
        return self._facts["needs_fitting"]

    def preprocess(self, images: "npt.ArrayLike") -> "npt.NDArray[np.float32]":
        """float32 (n, channels, height, width) of uint8 pictures; of floats themselves, checked."""
        return numbers_of(images, self._spec, self._inner.preprocess).reshape(-1, *self._spec.shape)

    def run(self, images: "npt.ArrayLike", *, progress: "Progress" = None) -> "npt.NDArray[np.float32]":
        """Logits (n, outputs), float32, in the clear. images: as Owner.encrypt takes them, any number."""
        numbers = numbers_of(images, self._spec, self._inner.preprocess)
        with listening(progress) as hear:
            return self._inner.run(numbers, hear)

    def __reduce__(self):
        raise UsageError("a network is its file: pickle its path, or the Program that was compiled of it")

    def __repr__(self) -> str:
        return f"<obscura.Network {self._spec.describe()}, {self._facts['layers']} layers>"


class _Pictures(Spec):
    """A spec of a network that was not compiled."""

    __slots__ = ("layers", "needs_fitting", "has_relu", "calibrated")

    def describe(self):
        return f"{self.name!r}: {self.channels}x{self.height}x{self.width} to {len(self.classes)} classes"


def _quietly(network, sample, stated):
    """A Network whose notes are not heard: what is done with it next says them."""
    made = Network.__new__(Network)
    made._open(network, sample, None, **stated)
    return made


def _some_of(samples):
    """At most _MOST_SAMPLES, evenly spread: what is sorted by class keeps all classes."""
    if len(samples) <= _MOST_SAMPLES:
        return samples
    return samples[[i * len(samples) // _MOST_SAMPLES for i in range(_MOST_SAMPLES)]]


def compile(network: "Path | Network | Any", *, calibrate: "npt.ArrayLike | str | None" = None,
            sample: "npt.ArrayLike | None" = None, mode: str = "packed", images_per_query: int = 1, share: int = 0,
            max_keys: "float | str | None" = None, max_memory: "float | str | None" = None,
            precision_bits: "float | None" = None, windows: bool = True, mirrored: bool = False, relu: str = "fitted",
            relu_bits: "float | None" = None, max_degree: int = 15, measure: bool = False,
            policy: "str | None" = None, threshold: "float | None" = None, score: "str | None" = None,
            hidden_chunks: "int | None" = None, fit: "str | None" = None, invert: bool = False,
            data: "Path | None" = None, save: "Path | None" = None, progress: "Progress" = None,
            **stated: "Any") -> Program:
    """A program that runs on ciphertexts, of a network: an ONNX file, a Network, or a torch.nn.Module with `sample`.

    calibrate         images to measure ranges on, as Owner.encrypt takes them (of more than 256 as many, evenly spread);
                      or the name of a data set. Activations become polynomials that fit there. Of a torch module,
                      `sample` is measured on where this is not given.
    mode              "packed": few images a query, lowest latency; "batched": thousands, highest throughput
    images_per_query  packed: side by side in a query, a power of two; 0: as many as make the most images a second
    share             precise enough that so many answers may be shown to others than the owner; 0: none
    max_keys, max_memory   bytes, or text as "600MB": the most that evaluation keys, and a server, may take
    precision_bits    logits are off by 2^-precision_bits of the largest, or up to four times that where it saves primes
                      (11); fewer bits make deep networks faster
    windows           packed: clients may lay out the windows of the first layer, which tells them their size
    mirrored          the network sees the mirror image beside the picture; the answer is the mean of both
    relu              "fitted": polynomials; "composite": composite signs to relu_bits (8); "auto": both are compared
    max_degree        of a fitted polynomial
    measure           run one encrypted query, for report() to show what every stage took
    policy, threshold, score, hidden_chunks   of pictures in chunks: what of them is encrypted (docs/chunks.md)
    fit, invert, data of a data set that calibrates: how its pictures are made to fit, and the folder of data sets
    save              writes the network as it is used here: fitted, calibrated, with what was stated
    stated            mean, std, range, colour, histogram, classes, picture, input: as Network has them

    What was assumed or substituted is warned of (obscura.Note). Raises UnsupportedError that names the layer for a network
    that cannot run on ciphertexts, with a remedy.
    """
    if not isinstance(network, Network):
        if is_torch_module(network) and calibrate is None:
            calibrate = sample
        network = _quietly(network, sample, stated)
    elif stated or sample is not None:
        raise UsageError("what is stated of preprocessing and classes belongs into Network(...)")
    values = {
        "mode": mode, "images_per_query": images_per_query, "share": share, "max_keys": _bytes_of("max_keys", max_keys),
        "max_memory": _bytes_of("max_memory", max_memory), "precision_bits": precision_bits, "windows": windows,
        "mirrored": mirrored, "relu": relu, "relu_bits": relu_bits, "max_degree": max_degree, "measure": measure, "policy": policy,
        "threshold": threshold, "score": score, "hidden_chunks": hidden_chunks, "fit": fit, "invert": invert,
        "data": None if data is None else os.fspath(data),
        "save": None if save is None else os.fspath(save), **network._stated}
    _check_wishes(values, calibrate)
    samples = None
    if isinstance(calibrate, str):
        values["calibrate"] = calibrate
    elif calibrate is not None:
        samples = _some_of(numbers_of(calibrate, network.spec, network._inner.preprocess))
        if len(samples) == 0:
            raise MismatchError("calibrate holds no image, and ranges are measured on some")
    with listening(progress) as hear:
        server, client, report, facts = _compiler.compile(network.path, values, samples, hear, _note)
    return Program._made(server, client, report, json.loads(facts))


def _check_wishes(values, calibrate):
    """What would change nothing, or is written over, is refused."""
    if values["relu_bits"] is not None and values["relu"] == "fitted":
        raise UsageError("relu_bits changes nothing where ReLUs are fitted: add relu='composite' or relu='auto'")
    if not values["windows"] and values["mode"] == "batched":
        raise UsageError("windows=False changes nothing in mode batched, where clients lay out no windows")
    if not isinstance(calibrate, str):
        for name in ("fit", "invert", "data"):
            if values[name]:
                raise UsageError(f"{name} changes nothing without a data set to calibrate on")
    if values["save"] is not None and os.path.exists(values["save"]):
        raise IoError(f"{values['save']} is there already: name another file to save the network in")


class Evaluation:
    """What evaluate() found.

    facts: dict    everything, by the names that `obscura evaluate --json` has (docs/cli.md)
    accuracy, plain_accuracy, agreement: float, 0 to 1
    str(evaluation) is the text for people; page() an HTML page with confusion, classes and errors.
    """

    def __init__(self, facts: "dict[str, Any]", text: str, page: str) -> None:
        self.facts, self._text, self._page = facts, text, page

    @property
    def accuracy(self) -> float:
        """Of the encrypted (or simulated) run."""
        return self.facts["encrypted_accuracy" if "encrypted_accuracy" in self.facts else "simulated_accuracy"]

    @property
    def plain_accuracy(self) -> float:
        """Of the network in the clear, on the same images."""
        return self.facts["plain_accuracy"]

    @property
    def agreement(self) -> float:
        """How often both name the same class."""
        return self.facts["agreement"]

    def page(self) -> str:
        """HTML, whole in itself."""
        return self._page

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"<obscura.Evaluation: {100 * self.accuracy:.2f} %, {100 * self.plain_accuracy:.2f} % in the clear>"


def evaluate(network: "Path | Network", dataset: str = "mnist", *, simulate: bool = False, mode: str = "packed",
             images_per_query: int = 1, limit: int = 0, seed: "int | None" = None, against: "Path | None" = None,
             max_keys: "float | str | None" = None, max_memory: "float | str | None" = None,
             precision_bits: "float | None" = None, together: int = 0, mirrored: bool = False, threads: int = 0,
             policy: "str | None" = None, threshold: "float | None" = None, score: "str | None" = None,
             hidden_chunks: "int | None" = None, fit: "str | None" = None, invert: bool = False,
             data: "Path | None" = None, resume: "Path | None" = None, progress: "Progress" = None,
             **stated: "Any") -> Evaluation:
    """The study behind `obscura evaluate`: test images of a data set (mnist, fashion-mnist, kmnist, cifar-10, neu-cls,
    samples, or a folder of class folders) in the clear and encrypted, owner to server and back, every step timed.

    simulate   encrypt nothing: the program in the clear, with the errors that encryption will make
    limit      use so many images only; 0: all. seed: draw them instead of taking the first
    against    the network that this one was fitted from
    together   large packed networks: queries at a time; 1: lowest latency; 0: a few
    data       the folder of data sets (else $OBSCURA_DATA, else the cache)
    resume     a file that keeps what is done, and is continued from; removed when all is
    The rest is as compile() and Network have it. ^C, and what `progress` raises, end it after the images at work.
    """
    if not isinstance(network, Network):
        network = _quietly(network, None, stated)
    elif stated:
        raise UsageError("what is stated of preprocessing and classes belongs into Network(...)")
    values = {
        "dataset": dataset, "mode": mode, "images_per_query": images_per_query, "limit": limit, "seed": seed,
        "against": None if against is None else os.fspath(against), "max_keys": _bytes_of("max_keys", max_keys),
        "max_memory": _bytes_of("max_memory", max_memory), "precision_bits": precision_bits, "together": together,
        "mirrored": mirrored, "threads": threads, "policy": policy,
        "threshold": threshold, "score": score, "hidden_chunks": hidden_chunks, "fit": fit, "invert": invert,
        "data": None if data is None else os.fspath(data), "resume": None if resume is None else os.fspath(resume),
        **network._stated}
    if network._stated["input"]:
        raise UsageError("input is for compile(): evaluate a network that was saved with it (compile(..., save=...))")
    with listening(progress) as hear:
        facts, text, page = _compiler.evaluate(network.path, values, simulate, hear, _note)
    return Evaluation(json.loads(facts), text, page)
