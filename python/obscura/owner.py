"""The owner's side: keys, queries, answers. Loads libsodium and nothing of a server or a compiler.

    owner = obscura.owner.Owner.load("net/client.spec")
    keys = owner.evaluation_keys()        # bytes: to the server, once
    query = owner.encrypt(picture)        # bytes: to the server
    logits = owner.decrypt(answer)        # the server's bytes, as an array
"""

from . import _owner
from ._images import judge
from ._listen import listening, warn
from ._spec import Spec
from .errors import Doubt, IoError, MismatchError, UnsupportedError

__all__ = ["Owner", "Prediction", "Spec"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike
    from typing import Callable, Union

    import numpy as np
    import numpy.typing as npt

    Progress = Union[bool, None, Callable[[int, int, str], object]]
    Path = Union[str, PathLike[str]]


class Prediction:
    """What the network says of one picture.

    logits, probabilities: float64 arrays (outputs,), (classes,); index: int, label: str, confidence: float of the most
    probable class; doubt: str, why it may be wrong, "" where nothing speaks against it.
    """

    __slots__ = ("logits", "probabilities", "index", "label", "confidence", "doubt")

    def __init__(self, logits: "npt.NDArray[np.float64]", probabilities: "npt.NDArray[np.float64]", index: int,
                 label: str, doubt: str = "") -> None:
        self.logits, self.probabilities = logits, probabilities
        self.index, self.label, self.doubt = index, label, doubt
        self.confidence = float(probabilities[index])

    def __repr__(self) -> str:
        doubt = f", doubt: {self.doubt}" if self.doubt else ""
        return f"<obscura.Prediction {self.label!r}, {100 * self.confidence:.1f} %{doubt}>"


class Owner:
    """Makes a secret key, encrypts pictures and reads answers. Keep it, or save() it: what it encrypted is read by no
    other. Thread-safe; encrypting and reading let other Python threads run.

    The secret key is in guarded memory that Python cannot reach, and is never pickled: save() and open() keep it in a
    folder, under a passphrase where you give one.
    """

    def __init__(self, client_spec: bytes, *, threads: int = 0) -> None:
        """With a fresh secret key, for the program whose client spec (bytes) this is. threads: 0 for all cores.

        Raises FormatError for other bytes, MismatchError for the spec of keys that were made already.
        """
        if hasattr(client_spec, "client"):
            raise MismatchError("an Owner is made of a client spec: Owner(program.client), so that no weight comes near "
                                "the secret key")
        self._set(_owner.Owner(client_spec, threads))

    def _set(self, inner: _owner.Owner) -> None:
        self._inner = inner
        self._spec = Spec(_owner.spec_facts(inner.client_spec))

    @classmethod
    def load(cls, path: "Path", *, threads: int = 0) -> "Owner":
        """With a fresh secret key, for the client spec in a file: `net/client.spec` of compile."""
        try:
            with open(path, "rb") as file:
                spec = file.read()
        except OSError as e:
            raise IoError(f"cannot read {path}: {e.strerror}") from None
        return cls(spec, threads=threads)

    @classmethod
    def open(cls, folder: "Path", passphrase: "str | bytes | None" = None, *, threads: int = 0) -> "Owner":
        """With the keys that save() or `obscura keygen` put into a folder. Its records of queries and its count of
        decryptions are used and kept. Raises MismatchError for a wrong passphrase."""
        owner = cls.__new__(cls)
        owner._set(_owner.Owner.open(folder, passphrase, threads))
        return owner

    def save(self, folder: "Path", passphrase: "str | bytes | None" = None, *, progress: "Progress" = None) -> None:
        """Puts everything into a folder, all files or none, and keeps records there from now on: secret.key (mode 0600,
        sealed where there is a passphrase of eight bytes or more), evaluation.key, client.spec. Raises IoError where
        there are keys already, MismatchError where these are in a folder already."""
        with listening(progress) as hear:
            self._inner.save(folder, passphrase, hear)

    @staticmethod
    def change_passphrase(folder: "Path", now: "str | bytes | None", next: "str | bytes | None") -> None:
        """Another passphrase for the secret.key of a folder; None for none, before or after."""
        _owner.change_passphrase(folder, now, next)

    @property
    def spec(self) -> Spec:
        """What the network takes and tells, and the parameters."""
        return self._spec

    @property
    def client(self) -> bytes:
        """The client spec with the id of these keys in it, as `client.spec` in the folder of keys."""
        return self._inner.client_spec

    @property
    def id(self) -> bytes:
        """16 bytes that name the keys; public."""
        return self._inner.id

    @property
    def decryptions(self) -> int:
        """Ciphertexts that were decrypted with this key so far, by this object and in its folder."""
        return self._inner.decryptions

    def evaluation_keys(self, *, progress: "Progress" = None) -> bytes:
        """For the server: it computes with them and cannot decrypt. The file evaluation.key; made at the first call."""
        with listening(progress) as hear:
            return self._inner.evaluation_keys(hear)

    def encrypt(self, images: "npt.ArrayLike") -> bytes:
        """A query: bytes for the server. Of one image, or up to spec.images_per_query.

        images: uint8 pictures (height, width, channels), grey ones also (height, width), red first, which are
        preprocessed as the network was trained; or floats that are preprocessed already, (channels, height, width).
        Several with their number as the first axis. Raises MismatchError, with what is expected, for anything else.
        """
        pictures, numbers = judge(images, self._spec)
        if numbers is None:
            return self._inner.encrypt_pictures(pictures)
        return self._inner.encrypt_values(numbers)

    def decrypt(self, answer: bytes, *, share: int = 0) -> "npt.NDArray[np.float64]":
        """Logits (images, outputs), float64, of the query that this answers, in its order. Warns (obscura.Doubt) of
        images whose class may be wrong. Each answer is read once it was checked: see read()."""
        logits, _, _, doubts = self._inner.read(answer, share)
        for i, doubt in enumerate(doubts):
            if doubt:
                warn(f"image {i}: {doubt}", Doubt)
        return logits

    def read(self, answer: bytes, *, share: int = 0) -> "list[Prediction]":
        """One Prediction an image. Every field of the answer has one right value, and all are compared before anything is
        decrypted: raises MismatchError for another program, key or query and for an answer that decrypts to noise,
        FormatError for damaged bytes. share: the logits of so many images in all may be shown to others than the
        owner (0: none); UnsupportedError where the program was not compiled for that."""
        logits, probabilities, indices, doubts = self._inner.read(answer, share)
        return [Prediction(logits[i], probabilities[i], indices[i], self._spec.classes[indices[i]], doubts[i])
                for i in range(len(indices))]

    def __reduce__(self):
        raise UnsupportedError("an owner holds a secret key, which is not pickled or copied: owner.save(folder, "
                               "passphrase) here and obscura.Owner.open(folder, passphrase) there")

    def __repr__(self) -> str:
        return f"<obscura.Owner of {self._spec.describe()}, key {self.id.hex()[:8]}>"
