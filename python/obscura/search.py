"""Finding pictures like one's own: galleries that live and grow, searched by who must not see what is looked for.

    gallery = obscura.Gallery.index("gallery/", pictures, network="embed.onnx", labels=labels, classes=names)
    found = gallery.search(picture, top=5, mode="blind-features")
    found[0].label, found[0].distance, found[0].picture

A gallery is a folder, the same as the command line's (`obscura index`, `obscura search`). A search here is both sides in
one process, with nothing passing between them but what is counted in `found.bytes`; at a server it is
obscura.Remote.search().
"""

import json

from . import _search
from ._listen import listening, warn
from ._pictures import one_picture, several_pictures
from .errors import IoError, MismatchError, UsageError

__all__ = ["Found", "Gallery", "Hit"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    import builtins
    from collections.abc import Iterator, Sequence
    from os import PathLike
    from typing import Any, Callable, Union

    import numpy as np
    import numpy.typing as npt

    Progress = Union[bool, None, Callable[[int, int, str], object]]
    Path = Union[str, PathLike[str]]
    Pixels = npt.NDArray[np.uint8]

# The callables that extension modules speak to; the level is that of who called the method.
def _hear(line):
    warn(line)


def _hear_but_wishes(line):
    """What was asked for is no news."""
    if not line.startswith("vectors are "):
        warn(line)


class Hit:
    """One picture that was found.

    place: int, its number in the gallery; name: str; label: str | None, of its class; distance: float (0: alike);
    picture: uint8 (height, width) or (height, width, 3), its thumbnail of at most 32 pixels a side.
    """

    __slots__ = ("place", "name", "label", "distance", "picture")

    def __init__(self, place: int, name: str, label: "str | None", distance: float, picture: "Pixels") -> None:
        self.place, self.name, self.label, self.distance, self.picture = place, name, label, distance, picture

    def __repr__(self) -> str:
        label = "" if self.label is None else f" {self.label!r},"
        return f"<obscura.search.Hit {self.place},{label} {self.name!r}, distance {self.distance:.4g}>"


class Found:
    """What a search gave: a sequence of Hit, the nearest first, with what it cost and what the server saw of it.

    mode: str; fetch: "private", "plain" or None (the server sent what it found, or the gallery is its owner's own)
    server_saw: tuple[str, ...]   a sentence each
    bytes: dict[str, int]         query, reply, keys (once), hint (once), fetch; of a server also up, down
    seconds: dict[str, float]     client, server, total, prepare (once)
    query, server_view: uint8     the picture that was asked with, and what the server has of it, drawn
    sheet: uint8                  both, and what was found, side by side; notebooks show it
    steps: tuple[dict, ...]       of mode trusted: who can read what after each of its twelve steps
    facts: dict                   all of it, as `obscura search --json` has it
    """

    __slots__ = ("hits", "facts", "query", "server_view", "sheet", "_png")

    def __init__(self, given: "dict[str, Any]") -> None:
        self.facts: dict[str, Any] = json.loads(given["json"])
        self.hits = [Hit(hit["index"], hit["name"], hit["label"], hit["distance"], picture)
                     for hit, picture in zip(self.facts["results"], given["thumbnails"])]
        self.query, self.server_view, self.sheet = given["query"], given["server_view"], given["sheet"]
        self._png = given["png"]

    @property
    def mode(self) -> str:
        """What the server was shown."""
        return self.facts["mode"]

    @property
    def fetch(self) -> "str | None":
        """How pictures came."""
        return self.facts["fetch_mode"]

    @property
    def server_saw(self) -> "tuple[str, ...]":
        """What the server has of the search, a sentence each."""
        return tuple(self.facts["server_saw"])

    @property
    def bytes(self) -> "dict[str, int]":
        """What travelled."""
        return self.facts["bytes"]

    @property
    def seconds(self) -> "dict[str, float]":
        """What it took."""
        return self.facts["seconds"]

    @property
    def steps(self) -> "tuple[dict[str, Any], ...]":
        """Of mode trusted."""
        return tuple(self.facts["steps"])

    def __len__(self) -> int:
        return len(self.hits)

    def __getitem__(self, i: int) -> Hit:
        return self.hits[i]

    def __iter__(self) -> "Iterator[Hit]":
        return iter(self.hits)

    def _repr_png_(self) -> "builtins.bytes":
        return self._png

    def __repr__(self) -> str:
        lines = [f"<obscura.search.Found, mode {self.mode}: {len(self)} of {self.facts['images']:,} images"]
        lines += [f"  {hit.distance:.4g}  {hit.label if hit.label is not None else ''}  {hit.name}".rstrip() for hit in self]
        return "\n".join(lines) + ">"


def _labels(labels, classes, count):
    """-> (int64 labels, class names). Names may be given as labels themselves."""
    import numpy as np
    if labels is None:
        if classes is not None:
            raise UsageError("classes are names of what labels number: labels are missing")
        return np.full(count, -1, dtype=np.int64), []
    given = np.asarray(labels)
    if given.shape != (count,):
        raise MismatchError(f"labels: of shape {given.shape}, expected ({count},): one a picture")
    if given.dtype.kind in "US" or given.dtype == object:
        words = [None if word is None else str(word) for word in given.tolist()]
        names = list(classes) if classes is not None else sorted({word for word in words if word is not None})
        unknown = sorted({word for word in words if word is not None} - set(names))
        if unknown:
            raise MismatchError(f"labels: {unknown[0]!r} is none of the classes {names}")
        return np.array([-1 if word is None else names.index(word) for word in words], dtype=np.int64), names
    if given.dtype.kind not in "iu":
        raise MismatchError(f"labels: {given.dtype}, expected whole numbers or names")
    highest = int(given.max()) if count else -1
    names = [str(i) for i in range(highest + 1)] if classes is None else [str(name) for name in classes]
    return given.astype(np.int64), names


class Gallery:
    """Pictures with the vectors that they are found by, in a folder. Made by index() or open().

    What is in a gallery is not encrypted: whoever has the folder sees thumbnails, names, labels and vectors (encrypt()
    makes vectors that a server compares without seeing them). What stays secret is who looks for what.
    """

    def __init__(self, folder: "Path", network: "Path | None") -> None:
        import os
        self._folder = os.fspath(folder)
        self._network = None if network is None else os.fspath(network)
        self._facts = _search.state(self._folder)

    @classmethod
    def open(cls, folder: "Path", *, network: "Path | None" = None) -> "Gallery":
        """One that is there. network: the ONNX file that it was indexed with, which makes vectors of what is looked for
        (default: the one that ships, if it is the gallery's; searching without any says so)."""
        return cls(folder, network)

    @classmethod
    def index(cls, folder: "Path", pictures: "npt.ArrayLike | Sequence[npt.ArrayLike] | str", *, network: "Path",
              labels: "npt.ArrayLike | None" = None, classes: "Sequence[str] | None" = None,
              names: "Sequence[str] | None" = None, vectors: str = "", features: int = 0, codes: bool = False,
              impurity: str = "", fit: str = "", limit: int = 0, data: "Path" = "", source: str = "pictures",
              progress: "Progress" = None) -> "Gallery":
        """Makes a gallery in a folder; a call that was ended is gone on with by the same call.

        pictures: uint8 (count, height, width[, 3]), or a list of pictures of one size; or the name of a data set, or a
        folder of pictures with a folder a class, whose training pictures are taken (limit: the first so many; data: the
        folder of the data sets). network: the ONNX file that vectors are made by.
        labels: (count,) numbers of classes, or names; classes: their names; names: of the pictures.
        vectors: "classes" (square roots of probabilities), "output" (what the network says), "features" (what enters its
        last dense layer); default: what suits the network. features: so many of them, chosen by a random forest over
        labels; codes: bits in their place (smaller; Hamming distances); impurity: of the forest, "gini" or "entropy".
        fit: "stretch", "crop" or "letterbox", how pictures of other proportions are made to fit the network.
        progress(done, total, "images"). What is assumed is warned about (obscura.Note).
        """
        import os
        said = _hear_but_wishes if vectors else _hear
        wishes = {"vectors": vectors, "features": features, "codes": codes, "impurity": impurity, "fit": fit}
        with listening(progress) as hear:
            if isinstance(pictures, (str, os.PathLike)):
                if labels is not None or classes is not None or names is not None:
                    raise UsageError("labels, classes and names are of arrays: a data set has its own")
                _search.index_dataset(folder, network, wishes, os.fspath(pictures), data, limit, hear, said)
            else:
                array = several_pictures(pictures)
                if limit:
                    raise UsageError("limit is of data sets: hand in fewer pictures")
                numbers, words = _labels(labels, classes, len(array))
                _search.index_pictures(folder, network, wishes, array, numbers, words,
                                       [] if names is None else [str(name) for name in names], source, hear, said)
        return cls(folder, network)

    def add(self, pictures: "npt.ArrayLike | Sequence[npt.ArrayLike]", *, labels: "npt.ArrayLike | None" = None,
            names: "Sequence[str] | None" = None, fit: str = "", progress: "Progress" = None) -> None:
        """Adds pictures, all or none: as index() takes them, with labels of the gallery's classes (numbers or names).
        They take the places of removed ones first. Raises MismatchError for a class that it has not."""
        array = several_pictures(pictures)
        numbers, _ = _labels(labels, None if labels is None else self.classes, len(array))
        with listening(progress) as hear:
            _search.add(self._folder, self._need_network(), array, numbers,
                        [] if names is None else [str(name) for name in names], fit, hear, _hear)
        self._facts = _search.state(self._folder)

    def remove(self, places: "int | Sequence[int]") -> None:
        """Removes the pictures in these places, all or none. Raises UsageError for a place where nothing is."""
        if isinstance(places, int):
            places = [places]
        _search.remove(self._folder, [str(int(place)) for place in places])
        self._facts = _search.state(self._folder)

    def search(self, picture: "npt.ArrayLike", *, top: int = 5, mode: str = "blind-features", fetch: "str | None" = None,
               fit: str = "", invert: bool = False, encrypted: "Path | None" = None, secret: "Path | None" = None,
               passphrase: "str | bytes | None" = None, name: str = "the picture", threads: int = 0,
               progress: "Progress" = None) -> Found:
        """The pictures that are nearest to one: uint8 (height, width) or (height, width, 3), of any size.

        mode: what a server is shown. "blind-features": an encryption of the picture's vector, which the client makes with
        the network; "blind": an encryption of the picture, on which the server runs the network; "plain": the vector
        itself; "trusted": THE PICTURE, encrypted on its way under a key that the server has.
        fetch: "private" (the default: the server does not learn what was found) or "plain".
        fit, invert: how the picture is made to fit the network; light and dark change places.
        encrypted, secret: the gallery that encrypt() made, and its owner's folder of secrets (passphrase opens it): the
        server then sees no vector of the gallery, either. name: of the picture, in notes. threads: 0 for all cores.
        """
        import os
        array = one_picture(picture)
        with listening(progress) as hear:
            return Found(_search.search(
                self._folder, self._need_network(), array, name, mode, fetch or "", top, fit, invert,
                "" if encrypted is None else os.fspath(encrypted), "" if secret is None else os.fspath(secret),
                passphrase, threads, hear, _hear))

    def encrypt(self, out: "Path", secret: "Path", *, passphrase: "str | bytes | None" = None,
                threads: int = 0) -> "dict[str, Any]":
        """Encrypts the vectors into the folder `out`, for a server that is not to see them, either; only blocks that have
        changed since the last time. secret: the owner's folder, where the key is (made if need be, sealed where there is a
        passphrase). Returns what was done: blocks, encrypted, bytes, seconds, version, images."""
        return _search.encrypt(self._folder, out, secret, passphrase, threads)

    def compile(self) -> "list[str]":
        """A program for mode blind of this version of the gallery, put into its folder, where `obscura serve` finds it.
        Returns the files that were written."""
        return [str(file) for file in _search.compile_blind(self._folder, self._need_network())]

    def evaluate(self, dataset: str, *, mode: str = "plain", distance: str = "", limit: int = 0, fit: str = "",
                 data: "Path" = "", threads: int = 0, progress: "Progress" = None) -> "dict[str, Any]":
        """How good rankings are, with every test picture of a data set (a name or a folder) as a query: what
        `obscura evaluate --gallery --json` has. mode: plain, blind or blind-features; limit: queries (0: all)."""
        with listening(progress) as hear:
            return json.loads(_search.evaluate(self._folder, self._need_network(), dataset, data, mode, distance, limit,
                                               fit, threads, hear, _hear))

    def vector(self, place: int) -> "npt.NDArray[np.float32]":
        """(dimension,), float32: what the picture in a place is found by."""
        return _search.image_at(self._folder, place)[2]

    def picture(self, place: int) -> "Pixels":
        """The thumbnail in a place: uint8 (height, width) or (height, width, 3)."""
        return _search.image_at(self._folder, place)[3]

    def entries(self) -> "list[tuple[int, str, str | None]]":
        """(place, name, class or None) of every picture."""
        return [(place, name, self._class(label)) for place, name, label in _search.entries(self._folder)]

    @property
    def folder(self) -> str:
        """Where it is."""
        return self._folder

    @property
    def classes(self) -> "tuple[str, ...]":
        """Names."""
        return self._facts["classes"]

    @property
    def dimension(self) -> int:
        """Numbers, or bits of codes, of a vector."""
        return self._facts["dimension"]

    @property
    def facts(self) -> "dict[str, Any]":
        """id, version (counts changes), images, places, kind ("vectors" or "codes"), dimension, recipe, network (SHA-256),
        source, classes, selection."""
        self._facts = _search.state(self._folder)
        return dict(self._facts)

    def __len__(self) -> int:
        return self.facts["images"]

    def _class(self, label: int) -> "str | None":
        return self.classes[label] if 0 <= label < len(self.classes) else None

    def _need_network(self) -> str:
        if self._network is None:
            found = str(_search.shipped_network(self._facts["network"]))
            if found in ("", "."):
                raise IoError(f"none of the networks that ship is the gallery's (SHA-256 {self._facts['network'][:16]}...): "
                              "name its file, Gallery.open(folder, network=FILE)")
            self._network = found
        return self._network

    def __repr__(self) -> str:
        facts = self.facts
        return (f"<obscura.Gallery {self._folder!r}, {facts['images']:,} images, {facts['kind']} of {facts['dimension']} from "
                f"{facts['recipe']}, version {facts['version']}>")
