"""The owner at a server over a network (`obscura serve`): pictures classified and found by who cannot see them.

    remote = obscura.Remote("https://server.example:8443", token, ca_file="tls.crt", keys="keys/")
    remote.predict(picture)                 # [<obscura.Prediction '7', 99.9 %>]
    remote.search(picture, top=5)

Evaluation keys are sent by themselves when the server does not know them; the secret key stays here. Nothing that the
server says is trusted: JSON is checked field by field, sizes are bounded, a client spec is checked against its hash, and
answers are read by the Owner, who checks every field.
"""

from . import _owner, _remote
from ._listen import listening, warn
from ._pictures import one_picture
from ._spec import Spec
from .errors import MismatchError, RemoteError, UsageError
from .owner import Owner, Prediction

__all__ = ["Remote", "RemoteError", "RemoteGallery", "RemoteKeys", "RemoteModel"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike
    from typing import Any, Callable, Union

    import numpy as np
    import numpy.typing as npt

    from .search import Found

    Progress = Union[bool, None, Callable[[int, int, str], object]]
    Path = Union[str, PathLike[str]]

_SHOWN_DIGITS = 16  # of a client spec's hash, which names the folder of its keys, as `obscura remote` has it


class _Facts:
    """Attributes of a dict that came from the extension module."""

    __slots__ = ()

    def __init__(self, facts: "dict[str, Any]") -> None:
        for name in self.__slots__:
            setattr(self, name, facts[name])

    def _said(self) -> str:
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)

    def __repr__(self) -> str:
        return f"<obscura.remote.{type(self).__name__} {self._said()}>"


class RemoteModel(_Facts):
    """A network that a server runs on ciphertexts: name, version, network (as its client spec calls it), client_spec
    (BLAKE2b-256, hex: another one needs other keys), images_per_query (at most), max_query_bytes, evaluation_key_bytes
    (about so many are sent once), gallery (whose scores it says; None: it classifies)."""

    __slots__ = ("name", "version", "network", "client_spec", "images_per_query", "max_query_bytes",
                 "evaluation_key_bytes", "gallery")
    name: str
    version: str
    network: str
    client_spec: str
    images_per_query: int
    max_query_bytes: int
    evaluation_key_bytes: int
    gallery: "str | None"


class RemoteGallery(_Facts):
    """A gallery of a server: name, id, version (counts its changes), images, modes (how it is searched), blind_model (the
    model that mode blind asks; None: there is none)."""

    __slots__ = ("name", "id", "version", "images", "modes", "blind_model")
    name: str
    id: str
    version: int
    images: int
    modes: "tuple[str, ...]"
    blind_model: "str | None"


class RemoteKeys(_Facts):
    """Evaluation keys of this token's tenant at a server: hash (BLAKE2b-256 of their file, hex), state ("ready" or
    "partial"), bytes of total, key_id, created, last_used, expires (Unix seconds), models (that they serve)."""

    __slots__ = ("hash", "state", "bytes", "total", "key_id", "created", "last_used", "expires", "models")
    hash: str
    state: str
    bytes: int
    total: int
    key_id: str
    created: int
    last_used: int
    expires: int
    models: "tuple[str, ...]"


class Remote:
    """A server. Thread-safe; every call lets other Python threads run, and ^C ends it within a tenth of a second.

    Raises RemoteError for what the server says (`code`, `details`), code "unreachable" for one that says nothing,
    "untrusted" for a certificate that is not trusted.
    """

    def __init__(self, url: str, token: str = "", owner: "Owner | None" = None, *, ca_file: "Path | None" = None,
                 keys: "Path | None" = None, passphrase: "str | bytes | None" = None, connect_seconds: float = 10,
                 stall_seconds: float = 30, total_seconds: float = 600, retries: int = 5) -> None:
        """url: "https://host:port", or "http://" of this machine. token: what `obscura token create` printed; it is not
        sent where others could read it. Connects to nothing yet.

        owner: whose keys are used for the models of his program. keys: else, a folder for the keys of all models and
        galleries, made there when they are needed, as `obscura remote --keys` does; sealed where there is a passphrase.
        With neither, keys live as long as this object: those of models in memory alone.
        ca_file: certificates that are trusted, PEM (default: the system's). stall_seconds: without a byte while bytes
        should come or go. total_seconds: of one call, with all that is tried again (retries times).
        """
        import os
        if owner is not None and not isinstance(owner, Owner):
            raise MismatchError(f"owner: {type(owner).__name__}, expected an obscura.Owner")
        self._url, self._token, self._owner = url, token, owner
        self._ca_file = "" if ca_file is None else os.fspath(ca_file)
        self._keys = None if keys is None else os.fspath(keys)
        self._passphrase = passphrase
        self._owners: "dict[str, Owner]" = {}
        self._own_folder: "Any" = None
        self._inner = _remote.Remote(url, token, self._ca_file, connect_seconds, stall_seconds, total_seconds, retries)

    @property
    def url(self) -> str:
        """Where the server is."""
        return self._url

    def server(self) -> "dict[str, Any]":
        """name, version, extensions."""
        return self._inner.server()

    def models(self) -> "list[RemoteModel]":
        """The networks that the server runs, without those that are galleries' (mode blind)."""
        return [model for model in map(RemoteModel, self._inner.models()) if model.gallery is None]

    def model(self, name: "str | None" = None) -> RemoteModel:
        """The one of that name; None: the owner's, or the only one. Raises UsageError where there are several."""
        if name is not None:
            return RemoteModel(self._inner.model(name))
        models = self.models()
        if self._owner is not None:
            models = [model for model in models if self._program_of(model) == self._owner.spec.program]
            if not models:
                raise MismatchError(f"no model of {self._url} is of the owner's program ({self._owner.spec.describe()}): an "
                                    "Owner is made of Remote.client_spec(model)")
        if not models:
            raise UsageError(f"{self._url} has no model")
        if len(models) > 1:
            raise UsageError(f"{self._url} has {len(models)} models, name one: {', '.join(model.name for model in models)}")
        return self.model(models[0].name)

    def client_spec(self, model: str) -> bytes:
        """The bytes that an Owner is made of, checked against the hash that the model names."""
        return self._inner.client_spec(model)

    def owner(self, model: "str | None" = None, *, progress: "Progress" = None) -> Owner:
        """Whose keys are used for a model: the given one, else opened or made, and kept where `keys` says."""
        return self._owner_of(self.model(model), progress)

    def predict(self, images: "npt.ArrayLike", *, model: "str | None" = None,
                progress: "Progress" = None) -> "list[Prediction]":
        """One obscura.Prediction an image, in their order: encrypted here, computed by the server, read here.

        images: one, or several with their number as the first axis, as Owner.encrypt() takes them: uint8 pictures
        (height, width, channels) or preprocessed floats (channels, height, width). More than a query takes become several
        queries. model: by name (None: the owner's, or the only one). progress(done, total, unit): keys that are made and
        sent, then images.
        """
        return self._ask(images, model, progress, lambda owner, answer: owner.read(answer))

    def logits(self, images: "npt.ArrayLike", *, model: "str | None" = None,
               progress: "Progress" = None) -> "npt.NDArray[np.float64]":
        """Logits (images, outputs), float64, as Owner.decrypt() gives them; see predict()."""
        import numpy as np
        rows = self._ask(images, model, progress, lambda owner, answer: list(owner.decrypt(answer)))
        return np.stack(rows)

    def infer(self, model: str, query: bytes) -> bytes:
        """A query in, its answer out, for who encrypts and reads by himself. Unknown keys are a RemoteError with code
        "keys_unknown"."""
        return self._inner.infer(model, query)

    def send_keys(self, evaluation_keys: bytes, *, progress: "Progress" = None) -> RemoteKeys:
        """Sends evaluation keys, from where an earlier call was cut; returns when the server has them, durable and
        usable. progress(done, total, "bytes ...")."""
        with listening(progress) as hear:
            return RemoteKeys(self._inner.send_keys(evaluation_keys, hear))

    def keys(self) -> "list[RemoteKeys]":
        """The evaluation keys that the server has of this token's tenant."""
        return [RemoteKeys(one) for one in self._inner.keys()]

    def delete_keys(self, which: "str | bytes | Owner | RemoteKeys | None" = None) -> int:
        """The server forgets evaluation keys: by their hash, of an Owner, of their bytes, of an entry of keys(), or "all" of
        this tenant; None: those of the owner that this Remote was made with. Returns how many."""
        if which is None:
            if self._owner is None:
                raise UsageError('name the keys: a hash, an Owner, or "all"; this Remote was made without an owner')
            which = self._owner
        if isinstance(which, Owner):
            which = which.evaluation_keys()
        if isinstance(which, bytes):
            which = _remote.hash_of(which)
        if isinstance(which, RemoteKeys):
            which = which.hash
        if not isinstance(which, str):
            raise MismatchError(f"which: {type(which).__name__}, expected a hash, bytes, an Owner or \"all\"")
        hashes = [key.hash for key in self.keys()] if which == "all" else [which]
        for one in hashes:
            self._inner.delete_keys(one)
        return len(hashes)

    def galleries(self) -> "list[RemoteGallery]":
        """The galleries that the server has."""
        return [RemoteGallery(one) for one in self._inner.galleries()]

    def search(self, picture: "npt.ArrayLike", *, top: int = 5, gallery: str = "", mode: str = "blind-features",
               network: "Path | None" = None, fit: str = "", invert: bool = False, name: str = "the picture",
               threads: int = 0, progress: "Progress" = None) -> "Found":
        """The pictures of a gallery of the server that are nearest to one: obscura.search.Found, with what the server saw.

        picture: uint8 (height, width) or (height, width, 3), of any size. gallery: by name ("": the only one).
        mode: "blind-features" (the picture's vector encrypted: network, the ONNX file of the gallery, makes it here; default:
        the one that ships, if it is the gallery's), "blind" (the picture encrypted; the server runs the network), or
        "trusted": THE SERVER SEES THE PICTURE. What is found is fetched without saying which, but for "trusted".
        Keys and the gallery's hint (once a version) are kept in `keys`, else in a folder of this object's own in memory.
        """
        import os
        from . import _remote_search
        from .search import Found
        array = one_picture(picture)
        with listening(progress) as hear:
            return Found(_remote_search.search(
                self._url, self._token, self._ca_file, array, name, self._key_folder(), gallery, mode,
                "" if network is None else os.fspath(network), top, fit, invert, threads, self._passphrase, hear,
                lambda line: warn(line)))

    @property
    def traffic(self) -> "dict[str, float]":
        """up, down (bytes) and seconds of all calls so far, but for searches, which tell theirs themselves."""
        up, down, seconds = self._inner.traffic()
        return {"up": up, "down": down, "seconds": seconds}

    def _ask(self, images, model, progress, read):
        """What `read` makes of every answer, one behind the other."""
        facts = self.model(model)
        owner = self._owner_of(facts, progress)
        batches = _batches(images, owner.spec)
        total = sum(len(batch) for batch in batches)
        out = []
        with listening(progress) as hear:
            for batch in batches:
                out += read(owner, self._infer(facts.name, owner, owner.encrypt(batch), hear))
                if hear is not None:
                    hear(len(out), total, "images")
        return out

    def _infer(self, model, owner, query, hear):
        """Keys that the server does not know are sent, and it is asked once more."""
        try:
            return self._inner.infer(model, query)
        except RemoteError as e:
            if e.code != "keys_unknown":
                raise
        self._inner.send_keys(owner.evaluation_keys(progress=hear), hear)
        return self._inner.infer(model, query)

    def _program_of(self, model):
        return Spec(_owner.spec_facts(self._inner.client_spec(model.name))).program

    def _owner_of(self, model, progress=None):
        if self._owner is not None:
            if self._program_of(model) != self._owner.spec.program:
                raise MismatchError(f"model {model.name} is of another program than the owner's keys "
                                    f"({self._owner.spec.describe()}): an Owner is made of Remote.client_spec(model)")
            return self._owner
        if model.client_spec not in self._owners:
            self._owners[model.client_spec] = self._opened(model, progress)
        return self._owners[model.client_spec]

    def _opened(self, model, progress):
        import os
        if self._keys is None:
            return Owner(self._inner.client_spec(model.name))
        folder = os.path.join(self._keys, model.client_spec[:_SHOWN_DIGITS])
        if os.path.exists(os.path.join(folder, "secret.key")):
            return Owner.open(folder, self._passphrase)
        owner = Owner(self._inner.client_spec(model.name))
        owner.save(folder, self._passphrase, progress=progress)
        return owner

    def _key_folder(self):
        """In memory where the system has a file system there, so that a secret is on no disk that nobody asked for."""
        if self._keys is not None:
            return self._keys
        if self._own_folder is None:
            import os
            import tempfile
            memory = "/dev/shm"
            self._own_folder = tempfile.TemporaryDirectory(
                prefix="obscura-", dir=memory if os.access(memory, os.W_OK | os.X_OK) else None)
        return self._own_folder.name

    def __repr__(self) -> str:
        keys = "an owner's" if self._owner is not None else self._keys if self._keys is not None else "of this object"
        return f"<obscura.Remote {self._url}, {'with' if self._token else 'without'} a token, keys {keys}>"


def _batches(images, spec):
    """Arrays of as many images as a query takes."""
    import numpy as np
    from ._images import judge
    pictures, numbers = judge(images, spec)
    array = pictures if numbers is None else np.ascontiguousarray(numbers).reshape(-1, *spec.shape)
    if len(array) == 0:
        raise MismatchError("images: an array of 0 images, expected one or more")
    return [array[i:i + spec.images_per_query] for i in range(0, len(array), spec.images_per_query)]
