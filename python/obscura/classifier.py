"""A classifier as scikit-learn has them: one object with both sides in it, to try out what encryption does to a network.

    classifier = obscura.Classifier("net.onnx", calibrate=X)
    classifier.predict_proba(X, mode="encrypted")
"""

from ._listen import listening, warn
from .compiler import Network, compile as _compile
from .errors import Doubt, MismatchError, UnsupportedError, UsageError

__all__ = ["Classifier"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Union

    import numpy as np
    import numpy.typing as npt

    from .owner import Owner
    from .program import Program
    from .server import Server

    Progress = Union[bool, None, Callable[[int, int, str], object]]

_MODES = ("plain", "simulate", "encrypted")
# What users of Concrete ML call them.
_FHE = {"disable": "plain", "simulate": "simulate", "execute": "encrypted"}


class Classifier:
    """predict, predict_proba, decision_function and score of a network, in the clear, simulated or encrypted.

    X is what Owner.encrypt takes, any number of images: uint8 pictures (n, height, width, channels), or floats that are
    preprocessed already (n, channels, height, width). `mode` is of a call:
      "plain"      the network as its file has it (the default)
      "simulate"   the compiled program in the clear, with the errors that encryption will make
      "encrypted"  both sides in this process: keys are made once, and every image is encrypted, computed on and read
    `fhe="disable" | "simulate" | "execute"` is the same in Concrete ML's words.

    classes_: array of class names; of numbers 0, 1, ... where the network names none, or names its classes so.
    """

    _estimator_type = "classifier"

    def __init__(self, network: "Any" = None, *, calibrate: "Any" = None, sample: "Any" = None,
                 threads: int = 0, **options: "Any") -> None:
        """network, calibrate, sample: as obscura.compile has them, with every other argument of it as an option. Nothing
        is compiled before it is needed; what a network assumes is warned of when it is first read."""
        self.network = network
        self.calibrate = calibrate
        self.sample = sample
        self.threads = threads
        self.options = options
        self._forget()

    def _forget(self):
        self._network: "Network | None" = None
        self._program: "Program | None" = None
        self._sides: "tuple[Owner, Server, bytes] | None" = None

    # What scikit-learn asks of an estimator.

    def get_params(self, deep: bool = True) -> "dict[str, Any]":
        """The arguments that it was made with."""
        return {"network": self.network, "calibrate": self.calibrate, "sample": self.sample, "threads": self.threads,
                **self.options}

    def set_params(self, **params: "Any") -> "Classifier":
        """Other arguments; what was compiled is given up."""
        for name, value in params.items():
            if name in ("network", "calibrate", "sample", "threads"):
                setattr(self, name, value)
            else:
                self.options[name] = value
        self._forget()
        return self

    def fit(self, X: "Any", y: "Any" = None) -> "Classifier":
        """Refused: the network was trained already. compile(X) measures ranges on images."""
        raise UnsupportedError("a Classifier does not train: its network was trained already; compile(X) measures ranges "
                               "on images, and `obscura train` trains networks for ciphertexts")

    def __sklearn_is_fitted__(self) -> bool:
        return True

    # The parts.

    @property
    def plain_network(self) -> Network:
        """The network in the clear."""
        if self._network is None:
            if isinstance(self.network, Network):
                self._network = self.network
            else:
                stated = {name: self.options[name] for name in _STATED if name in self.options}
                self._network = Network(self.network, sample=self.sample, **stated)
        return self._network

    @property
    def program(self) -> "Program":
        """The compiled program; compiled now if it was not."""
        if self._program is None:
            options = {name: value for name, value in self.options.items() if name not in _STATED}
            calibrate = self.sample if self.calibrate is None else self.calibrate
            self._program = _compile(self.plain_network, calibrate=calibrate, **options)
        return self._program

    def compile(self, X: "npt.ArrayLike | str | None" = None, *, progress: "Progress" = None) -> "Program":
        """Compiles now, with ranges measured on X (images, or the name of a data set) where it is given."""
        if X is not None:
            self.calibrate = X
        self._program = self._sides = None
        return self.program

    @property
    def classes_(self) -> "npt.NDArray[Any]":
        import numpy as np
        spec = self.plain_network.spec
        numbered = all(name == str(i) for i, name in enumerate(spec.classes))
        return np.arange(len(spec.classes)) if numbered else np.asarray(spec.classes)

    # What it says.

    def decision_function(self, X: "npt.ArrayLike", *, mode: str = "plain", fhe: "str | None" = None,
                          progress: "Progress" = None) -> "npt.NDArray[np.float64]":
        """Logits (n, outputs), float64."""
        import numpy as np
        mode = _mode_of(mode, fhe)
        if mode == "plain":
            return self.plain_network.run(X, progress=progress).astype(np.float64)
        if mode == "simulate":
            return self.program.simulate(X, threads=self.threads, progress=progress)
        return self._encrypted(X, progress)

    def predict_proba(self, X: "npt.ArrayLike", *, mode: str = "plain", fhe: "str | None" = None,
                      progress: "Progress" = None) -> "npt.NDArray[np.float64]":
        """Probabilities (n, classes), float64; of classes that do not exclude each other that of each by itself."""
        from . import _compiler
        logits = self.decision_function(X, mode=mode, fhe=fhe, progress=progress)
        return _compiler.probabilities(logits, self.plain_network.spec.head)

    def predict(self, X: "npt.ArrayLike", *, mode: str = "plain", fhe: "str | None" = None,
                progress: "Progress" = None) -> "npt.NDArray[Any]":
        """Classes (n,), of classes_; of classes that do not exclude each other bools (n, classes)."""
        probabilities = self.predict_proba(X, mode=mode, fhe=fhe, progress=progress)
        if self.plain_network.spec.multi_label:
            return probabilities > 0.5
        return self.classes_[probabilities.argmax(axis=1)]

    def score(self, X: "npt.ArrayLike", y: "npt.ArrayLike", *, mode: str = "plain", fhe: "str | None" = None,
              progress: "Progress" = None) -> float:
        """The share of images whose class is y, of classes_. Raises MismatchError where y are not such."""
        import numpy as np
        labels, classes = np.asarray(y), self.classes_
        if self.plain_network.spec.multi_label:
            raise UnsupportedError("score: classes that do not exclude each other have no accuracy")
        if labels.ndim != 1 or labels.dtype.kind not in ("iu" if classes.dtype.kind == "i" else "U"):
            raise MismatchError(f"y: {labels.dtype} of shape {labels.shape}, expected (n,) of classes_, which are "
                                f"{classes.dtype}: {', '.join(map(str, classes[:4]))}, ...")
        unknown = np.setdiff1d(labels, classes)
        if len(unknown):
            raise MismatchError(f"y: {unknown[0]!r} is no class of the network (classes_)")
        found = self.predict(X, mode=mode, fhe=fhe, progress=progress)
        if len(found) != len(labels):
            raise MismatchError(f"{len(labels)} labels of {len(found)} images")
        return float(np.mean(found == labels))

    def _encrypted(self, X, progress):
        import numpy as np
        from ._images import judge
        owner, server, keys = self._both_sides()
        pictures, numbers = judge(X, owner.spec)
        each = owner.spec.images_per_query
        count = len(numbers if pictures is None else pictures)
        logits = np.empty((count, owner.spec.outputs))
        doubts = []

        def ask(first):
            some = slice(first, first + each)
            query = (owner._inner.encrypt_values(numbers[some]) if pictures is None
                     else owner._inner.encrypt_pictures(pictures[some]))
            return owner._inner.read(server.run(query, keys), 0)
        with listening(progress) as hear:
            for first, (found, _, _, doubtful) in _asked(ask, range(0, count, each), self._together(owner, server)):
                logits[first:first + each] = found
                doubts += [(first + i, doubt) for i, doubt in enumerate(doubtful) if doubt]
                if hear:
                    hear(min(first + each, count), count, "images")
        if doubts:
            warn(f"{len(doubts)} of {count} images may have another class: image {doubts[0][0]}: {doubts[0][1]}", Doubt)
        return logits

    @staticmethod
    def _together(owner, server):
        """Queries at a time. A small query leaves threads idle, which another takes; a batched one takes all."""
        return 1 if owner.spec.mode == "batched" else server.threads

    def _both_sides(self):
        if self._sides is None:
            from .owner import Owner
            from .server import Server
            owner = Owner(self.program.client, threads=self.threads)
            server = Server(self.program, threads=self.threads)
            self._sides = owner, server, server.add_keys(owner.evaluation_keys())
        return self._sides

    def __getstate__(self):
        return {**self.get_params(), "compiled": self._program}

    def __setstate__(self, state):
        program = state.pop("compiled")
        self.__init__(**state)
        self._program = program

    def __repr__(self) -> str:
        done = "not compiled" if self._program is None else self._program.spec.describe()
        return f"<obscura.Classifier of {self.network!r}, {done}>"


_STATED = ("mean", "std", "range", "colour", "histogram", "classes", "picture", "input")


def _asked(ask, firsts, together):
    """(first, ask(first)) of each, in order, some at a time; no more are begun once one fails or ^C is pressed."""
    if together == 1 or len(firsts) == 1:
        yield from ((first, ask(first)) for first in firsts)
        return
    from concurrent.futures import ThreadPoolExecutor
    pool = ThreadPoolExecutor(together)
    try:
        yield from zip(firsts, pool.map(ask, firsts))
    finally:
        pool.shutdown(cancel_futures=True)


def _mode_of(mode, fhe):
    if fhe is not None:
        if mode != "plain":
            raise UsageError("mode and fhe say the same: give one of them")
        if fhe not in _FHE:
            raise UsageError(f"fhe is {fhe!r}, expected {', '.join(_FHE)}")
        return _FHE[fhe]
    if mode not in _MODES:
        raise UsageError(f"mode is {mode!r}, expected {', '.join(_MODES)}")
    return mode
