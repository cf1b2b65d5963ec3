"""Learnable transforms of pictures: a network learns from what they make, and people cannot read it.

    key = obscura.shield.make_key("hill")             # whoever has it reveals every picture
    shield = obscura.Shield("hill", key)
    protected = shield.protect(pictures)              # an array in, an array out
    shield.reveal(protected)                          # with the key, the pictures again

OBSCURITY, NOT SECURITY. No shield is encryption in the sense of cryptography: attacks are known on every one of them,
`Shield.promise` names what broke this one, and obscura.audit.attack() tries it on your data. Where pictures have to stay
secret, encrypt them (obscura.Owner).
"""

from . import _shield
from ._listen import listening
from .errors import MismatchError, UsageError

__all__ = ["Key", "Shield", "make_key", "names", "view"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike
    from typing import Callable, Union

    import numpy as np
    import numpy.typing as npt

    Progress = Union[bool, None, Callable[[int, int, str], object]]
    Path = Union[str, PathLike[str]]
    Pixels = npt.NDArray[np.uint8]

_WORDS = ("shield", "block", "arithmetic", "depth", "hidden", "statistics")


def names() -> "tuple[str, ...]":
    """The shields that there are: hill, vit, le, pe, ele, etc, etc-grayscale, neuracrypt, color-neuracrypt."""
    return tuple(_shield.names())


def _pictures(pictures: "npt.ArrayLike", name: str = "pictures") -> "tuple[Pixels, bool, bool]":
    """-> (uint8 (count, height, width, channels), one: bool, flat: bool), the shape that was given."""
    import numpy as np
    array = np.asarray(pictures)
    if array.dtype != np.uint8:
        raise MismatchError(f"{name}: {array.dtype} of shape {array.shape}, expected uint8 pictures")
    if array.ndim == 2:
        return np.ascontiguousarray(array[None, :, :, None]), True, True
    if array.ndim == 3 and array.shape[2] in (1, 3):
        return np.ascontiguousarray(array[None]), True, False
    if array.ndim == 4 and array.shape[3] in (1, 3):
        return np.ascontiguousarray(array), False, False
    raise MismatchError(f"{name}: uint8 of shape {array.shape}, expected (height, width) of a grey picture, (height, width, "
                        "1 or 3), or (count, height, width, 1 or 3) of several of one size")


class Key:
    """The owner's key of a shield: a secret seed, and the shield that it is for. Made by make_key() or load().

    The same file as the command line's (`obscura protect --key FILE`). Never pickled or printed.
    """

    def __init__(self, inner: "_shield.Key") -> None:
        self._inner = inner
        self._facts = inner.facts

    @classmethod
    def load(cls, file: "Path", passphrase: "str | bytes | None" = None) -> "Key":
        """Of a file. Raises IoError where there is none, FormatError for something else, MismatchError for a wrong
        passphrase, or one for a file that is not sealed."""
        return cls(_shield.Key.load(file, passphrase))

    def save(self, file: "Path", passphrase: "str | bytes | None" = None) -> None:
        """Into a new file that its owner alone reads (mode 0600), sealed where there is a passphrase of eight bytes or
        more. Raises IoError where there is a file already: what its key protected could not be revealed again."""
        self._inner.save(file, passphrase)

    @property
    def shield(self) -> str:
        """The name of the shield."""
        return self._facts["shield"]

    @property
    def block(self) -> int:
        """Pixels a side of a block; 1 where the shield has no blocks."""
        return self._facts["block"]

    @property
    def arithmetic(self) -> str:
        """"modular": whole numbers modulo 256; "real": sums as they are, protected pictures are float32."""
        return self._facts["arithmetic"]

    @property
    def fingerprint(self) -> int:
        """64 bits that tell keys apart and nothing else about them; they stand in protected files."""
        return self._facts["fingerprint"]

    def __reduce__(self):
        raise UsageError("a key is a secret, which is not pickled or copied: key.save(file, passphrase) here and "
                         "obscura.shield.Key.load(file, passphrase) there")

    def __repr__(self) -> str:
        more = "".join(f", {name} {self._facts[name]}" for name in _WORDS[3:] if self._facts[name] is not None)
        return (f"<obscura.shield.Key of {self.shield}, blocks of {self.block}, {self.arithmetic}{more}, fingerprint "
                f"{self.fingerprint:016x}>")


def make_key(shield: str, *, block: int = 0, arithmetic: str = "", depth: int = 0, hidden: int = 0, statistics: str = "",
             channels: int = 3, calibrate: "Pixels | None" = None, progress: "Progress" = None) -> Key:
    """A key drawn by the operating system's generator, of 256 bits.

    shield: one of names(). block: pixels a side (0: the shield's usual: 4, of patches 16). arithmetic: "real" or
    "modular" (usual: real for hill and the networks, where protected pictures are float32; else modular).
    For neuracrypt and color-neuracrypt alone: depth (layers), hidden (their width), statistics ("frozen", "instance",
    "batch"), channels of the pictures (of neuracrypt), calibrate (uint8 (count, height, width, channels): public pictures
    like those to be protected, by which frozen statistics are measured). Raises UsageError for what there is not.
    """
    publics = None if calibrate is None else _pictures(calibrate, "calibrate")[0]
    with listening(progress) as hear:
        return Key(_shield.Key.draw(shield, block, arithmetic, depth, hidden, statistics, channels, publics, hear))


class Shield:
    """A keyed transform of pictures that a network can learn from. OBSCURITY, NOT SECURITY: see `promise`.

    Bit for bit as `obscura protect` and `obscura reveal`. Thread-safe; protecting lets other Python threads run.
    """

    def __init__(self, name: "str | None", key: "Key | Path", *, passphrase: "str | bytes | None" = None,
                 per_image: bool = False, colour: bool = False) -> None:
        """name: of the shield, which the key must be of (None: whichever it is). key: a Key, or its file.

        per_image: every picture gets a key of its own, derived from the key and a nonce that stands in its file:
        encode() and decode() then, as an array has no place for nonces. colour: grey pictures become three equal channels
        first. Raises MismatchError for a key of another shield.
        """
        if not isinstance(key, Key):
            key = Key.load(key, passphrase)
        elif passphrase is not None:
            raise UsageError("passphrase is for a key's file, and changes nothing of a Key")
        if name is not None and name != key.shield:
            raise MismatchError(f"the key is one of {key.shield}, not of {name}")
        self._key = key
        self._per_image = per_image
        self._inner = _shield.Shield(key._inner, per_image, colour)

    @property
    def key(self) -> Key:
        """Its key."""
        return self._key

    @property
    def name(self) -> str:
        """Of the shield."""
        return self._key.shield

    @property
    def promise(self) -> str:
        """One line: what it does and does not promise, with the attack that broke it."""
        return self._inner.promise

    @property
    def real(self) -> bool:
        """True if protected pictures are float32 and must not be rounded."""
        return self._inner.real

    @property
    def reveals(self) -> bool:
        """False if there is no way back, not even with the key."""
        return self._inner.reveals

    def key_space_bits(self, height: int, width: int, channels: int = 3) -> float:
        """log2 of the number of transforms of such pictures. SAYS NOTHING ABOUT SECURITY: a substitution cipher has 88
        bits and falls to a child. Keys are drawn from a seed of 256 bits."""
        return self._inner.key_space_bits(channels, height, width)

    def protect(self, pictures: "npt.ArrayLike", *, batch: int = 128, threads: int = 0,
                progress: "Progress" = None) -> "npt.NDArray[np.uint8] | npt.NDArray[np.float32]":
        """pictures: uint8 (count, height, width, channels), or one (height, width[, channels]).

        Returns (count, height', width', channels'), or without the count for one picture: uint8, or float32 if `real`.
        Sides are padded to a multiple of the block; etc-grayscale lays three colours side by side as one grey picture;
        neuracrypt gives a row of samples a patch. batch: pictures protected together, where the key's statistics are
        those of a batch. threads: 0 for all cores. progress(done, total, "images").
        """
        array, one, _ = _pictures(pictures)
        with listening(progress) as hear:
            out = self._inner.protect(array, batch, threads, hear)
        return out[0] if one else out

    def reveal(self, protected: "npt.NDArray[np.uint8] | npt.NDArray[np.float32]", *,
               size: "tuple[int, int] | None" = None, threads: int = 0) -> "npt.NDArray[np.uint8]":
        """The pictures again: uint8 (count, height, width, channels), or without the count for one.

        size: (height, width) of the originals, where the shield padded them (default: nothing was padded). With another
        key the result is noise: an array does not tell. Exact, also of real shields, as originals have 8 bits. Raises
        UnsupportedError where there is no way back, MismatchError for what this shield cannot have made.
        """
        import numpy as np
        array = np.asarray(protected)
        wanted = np.float32 if self.real else np.uint8
        if array.dtype != wanted or array.ndim not in (3, 4):
            raise MismatchError(f"protected: {array.dtype} of shape {array.shape}, expected {wanted.__name__} as protect() "
                                "gives it: (height, width, channels), of several with their number before it")
        one = array.ndim == 3
        array = np.ascontiguousarray(array[None] if one else array)
        block = self._inner.facts["block"]
        across = self._inner.planes_across
        height, width = size if size is not None else (array.shape[1], array.shape[2] // across)
        unlike = self.reveals and (min(height, width) < 1 or height > array.shape[1] or width * across > array.shape[2] or
                                   array.shape[1] - height >= block or array.shape[2] // across - width >= block)
        if unlike:
            raise MismatchError(f"size is {(height, width)}, but the protected pictures are of {array.shape[1:3]}: originals "
                                f"are smaller by less than a block of {block}")
        call = self._inner.reveal_real if self.real else self._inner.reveal_bytes
        out = call(array, height, width, threads)
        return out[0] if one else out

    def encode(self, pictures: "npt.ArrayLike", *, batch: int = 128, threads: int = 0,
               progress: "Progress" = None) -> "list[bytes]":
        """The files that `obscura protect` writes of these pictures, one each: a PNG with a label, or, of real shields, a
        `.shield` file. The label says shield, size, the key's fingerprint and the nonce. For one picture a list of one."""
        array, _, _ = _pictures(pictures)
        with listening(progress) as hear:
            return self._inner.encode(array, batch, threads, hear)

    def decode(self, file: "bytes", *, name: str = "the file") -> "npt.NDArray[np.uint8]":
        """The picture in a protected file (its bytes): uint8 (height, width) of a grey one, else (height, width, 3).
        Raises MismatchError if another key or shield made it, FormatError for damaged bytes. name: in messages."""
        return self._inner.decode(file, name)

    @property
    def ending(self) -> str:
        """".png" or ".shield": what encode() makes."""
        return self._inner.ending

    def __repr__(self) -> str:
        facts = self._inner.facts
        keys = "a key an image" if self._per_image else "one key for all"
        return f"<obscura.Shield {self.name}, blocks of {facts['block']}, {facts['arithmetic']}, {keys}: {self.promise}>"


def view(protected: "npt.NDArray[np.float32]") -> "npt.NDArray[np.uint8]":
    """Float32 samples of a real shield as uint8 pictures for people, (height, width, channels) or several. They cannot be
    revealed."""
    import numpy as np
    array = np.ascontiguousarray(protected)
    if array.dtype != np.float32 or array.ndim not in (3, 4):
        raise MismatchError(f"protected: {array.dtype} of shape {array.shape}, expected float32 (height, width, channels), "
                            "of several with their number before it")
    out = _shield.view(array[None] if array.ndim == 3 else array)
    return out[0] if array.ndim == 3 else out
