"""Numbers: encrypted vectors, what a user of TenSEAL tries first. Levels and scales are kept for you.

    parameters = ckks.Parameters(levels=3)
    secret = ckks.SecretKey(parameters)                              # the owner's
    context = ckks.Context(keys=secret.evaluation_keys())            # whoever computes: cannot decrypt
    x = context.vector(secret.encrypt([1.0, 2.0, 3.0]), 3)           # bytes travel
    secret.decrypt(x * x + x.rotate(1) * 0.5)                        # array([...])

Loads what computes; the secret half is loaded by the first SecretKey.
"""

from . import _ckks
from ._listen import listening
from .errors import MismatchError, ParameterError, UnsupportedError

__all__ = ["Context", "Parameters", "SecretKey", "Vector"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike
    from typing import Callable, Iterable, Sequence, Union

    import numpy as np
    import numpy.typing as npt

    from . import _ckks_owner

    Progress = Union[bool, None, Callable[[int, int, str], object]]
    Path = Union[str, PathLike[str]]

# Whole numbers below this multiply without a level.
_LARGEST_FACTOR = 1 << 20


class Parameters:
    """Ring, primes and security. Immutable; pickles, and compares, as the bytes of its file."""

    __slots__ = ("_bytes", "_facts")

    def __init__(self, log_degree: "int | None" = None, *, levels: int = 2, scale_bits: int = 40,
                 first_bits: "int | None" = None, q_bits: "Sequence[int] | None" = None,
                 p_bits: "Sequence[int] | None" = None, digit_size: int = 1, insecure: bool = False) -> None:
        """levels: products one after another. scale_bits: of precision, 20 to 60; values are off by about 2^-scale_bits
        times a few hundred. first_bits: of the first prime, over scale_bits by as many bits as values may have before
        the point (10). log_degree: the smallest ring, 2^11 to 2^17, that is 128-bit secure where it is not given.

        Or by bits: q_bits, p_bits and digit_size as SEAL has coeff_mod_bit_sizes: q_bits=[60, 40, 40], p_bits=[60].
        Raises ParameterError for less than 128-bit security, unless insecure, which every repr then says.
        """
        if q_bits is None:
            first = min(scale_bits + 10, 60) if first_bits is None else first_bits
            q_bits = [first] + [scale_bits] * levels
        elif first_bits is not None:
            raise ParameterError("first_bits is the first of q_bits: give one of them")
        if p_bits is None:
            p_bits = [max(q_bits)]
        self._set(self._smallest(log_degree, list(q_bits), list(p_bits), digit_size, insecure))

    @staticmethod
    def _smallest(log_degree, q_bits, p_bits, digit_size, insecure):
        if log_degree is not None:
            return _ckks.parameters(log_degree, q_bits, p_bits, digit_size, insecure)
        for log_degree in range(11, 18):
            try:
                return _ckks.parameters(log_degree, q_bits, p_bits, digit_size, insecure)
            except ParameterError as e:
                refused = e
        raise refused

    def _set(self, file):
        self._bytes = bytes(file)
        self._facts = _ckks.parameter_facts(file)

    @classmethod
    def from_bytes(cls, file: bytes) -> "Parameters":
        """Of a file of parameters."""
        made = cls.__new__(cls)
        made._set(file)
        return made

    def to_bytes(self) -> bytes:
        """As a file."""
        return self._bytes

    @property
    def log_degree(self) -> int:
        """log2 of the ring's degree."""
        return self._facts["log_degree"]

    @property
    def slots(self) -> int:
        """Numbers of one ciphertext."""
        return 1 << (self.log_degree - 1)

    @property
    def levels(self) -> int:
        """Products one after another."""
        return len(self._facts["q_bits"]) - 1

    @property
    def security_bits(self) -> int:
        """Estimated, against classical attacks."""
        return self._facts["security_bits"]

    def __reduce__(self):
        return Parameters.from_bytes, (self._bytes,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Parameters) and self._bytes == other._bytes

    def __hash__(self) -> int:
        return hash(self._bytes)

    def __repr__(self) -> str:
        insecure = ", INSECURE" if self._facts["insecure"] else ""
        return f"<obscura.ckks.Parameters {self._facts['text']}, {self.slots:,} slots, {self.levels} levels{insecure}>"


class SecretKey:
    """The owner's half: encrypts, decrypts, and makes keys for others. In guarded memory that Python cannot reach; never
    pickled: save() and load() keep it in a file. Thread-safe."""

    def __init__(self, parameters: Parameters) -> None:
        """A fresh one, from the operating system's generator."""
        from . import _ckks_owner
        self._set(_ckks_owner.SecretKey(parameters.to_bytes()))

    def _set(self, inner: "_ckks_owner.SecretKey") -> None:
        self._inner = inner
        self._parameters = Parameters.from_bytes(inner.parameters)

    @classmethod
    def load(cls, path: "Path", passphrase: "str | bytes | None" = None) -> "SecretKey":
        """Of a file of save(), or the secret.key of a folder of keys."""
        from . import _ckks_owner
        made = cls.__new__(cls)
        made._set(_ckks_owner.SecretKey.load(path, passphrase))
        return made

    def save(self, path: "Path", passphrase: "str | bytes | None" = None) -> None:
        """Into a new file that its owner alone may read (mode 0600), sealed where there is a passphrase."""
        self._inner.save(path, passphrase)

    @property
    def parameters(self) -> Parameters:
        return self._parameters

    @property
    def id(self) -> bytes:
        """16 bytes that name the key; public."""
        return self._inner.id

    @property
    def decryptions(self) -> int:
        """Ciphertexts that this object has decrypted."""
        return self._inner.decryptions

    def public_key(self) -> bytes:
        """For others to encrypt with: Context.encrypt."""
        return self._inner.public_key()

    def evaluation_keys(self, rotations: "Iterable[int] | None" = None, *, relinearisation: bool = True,
                        progress: "Progress" = None) -> bytes:
        """For whoever computes. rotations: by so many slots each; None for 1, 2, 4, ..., of which all others, sums and
        products with matrices are made. relinearisation: for products of two encrypted vectors."""
        if rotations is None:
            rotations = [1 << i for i in range(self._parameters.log_degree - 1)]
        with listening(progress) as hear:
            return self._inner.evaluation_keys([int(steps) for steps in rotations], relinearisation, hear)

    def encrypt(self, values: "npt.ArrayLike") -> bytes:
        """Numbers (n,), n up to slots, as a ciphertext for Context.vector; half the size of a public key's."""
        return self._inner.encrypt(_numbers(values, "values"))

    def decrypt(self, vector: "Vector | bytes", *, size: int = 0, share: int = 0,
                noise: float = 0.0) -> "npt.NDArray[np.float64]":
        """Numbers (n,), float64: of a Vector its own, of bytes the first `size` (0: all slots).

        Exact errors would tell the key, so noise is added and results are rounded, by what a fresh ciphertext or one
        rescaling has; noise: its standard deviation where you know it to be more. That is for the owner's own eyes: share
        > 0 floods results that others may see, that many in all.
        """
        if isinstance(vector, Vector):
            size, vector = size or vector.size, vector.to_bytes()
        return self._inner.decrypt(vector, size, share, noise)

    def __reduce__(self):
        raise UnsupportedError("a secret key is not pickled or copied: secret.save(path, passphrase) here and "
                               "obscura.ckks.SecretKey.load(path, passphrase) there")

    def __repr__(self) -> str:
        return f"<obscura.ckks.SecretKey {self.id.hex()[:8]}, {self._parameters._facts['text']}>"


class Context:
    """What computes on encrypted vectors: parameters, and an owner's evaluation keys. It cannot decrypt. Thread-safe."""

    def __init__(self, parameters: "Parameters | None" = None, keys: "bytes | None" = None) -> None:
        """keys: of SecretKey.evaluation_keys, which hold their parameters; without keys there are no products of two
        encrypted vectors, rotations, sums and matrices. Raises MismatchError for keys of other parameters."""
        if parameters is None and keys is None:
            raise MismatchError("a context is made of parameters, of evaluation keys, or of both")
        self._inner = _ckks.Arithmetic(None if parameters is None else parameters.to_bytes(), keys)
        self._parameters = Parameters.from_bytes(self._inner.parameters)

    @property
    def parameters(self) -> Parameters:
        return self._parameters

    @property
    def slots(self) -> int:
        """Numbers of one vector, at most."""
        return self._inner.slots

    def vector(self, ciphertext: bytes, size: int = 0) -> "Vector":
        """Of bytes that an owner encrypted, or another vector's. size: numbers that are meant; 0: all slots."""
        return Vector(self, self._inner.read(ciphertext, size))

    def encrypt(self, public_key: bytes, values: "npt.ArrayLike") -> "Vector":
        """Numbers (n,), encrypted for whoever has the secret key."""
        return Vector(self, self._inner.encrypt(public_key, _numbers(values, "values")))

    def __repr__(self) -> str:
        keys = "with evaluation keys" if self._inner.has_keys else "without evaluation keys"
        return f"<obscura.ckks.Context {self._parameters._facts['text']}, {keys}>"


class Vector:
    """Encrypted numbers. + - * with vectors, arrays (n,) and numbers; operands at different levels meet at the lower one.

    Every product but that with a whole number takes a level; ParameterError where none is left. Immutable.
    """

    __slots__ = ("_context", "_inner")
    # For an array on the left: its operators leave the work to this.
    __array_ufunc__ = None

    def __init__(self, context: Context, inner: "_ckks.Vector") -> None:
        self._context, self._inner = context, inner

    @property
    def context(self) -> Context:
        return self._context

    @property
    def size(self) -> int:
        """Numbers that are meant."""
        return self._inner.size

    @property
    def levels(self) -> int:
        """Products that are left."""
        return self._inner.levels

    @property
    def scale(self) -> float:
        return self._inner.scale

    def to_bytes(self) -> bytes:
        """A file of a ciphertext, for the owner, or for vector() of another context of these parameters."""
        return self._context._inner.write(self._inner)

    def _of(self, name, *arguments):
        return Vector(self._context, getattr(self._context._inner, name)(self._inner, *arguments))

    def _plain(self, value):
        """As many numbers as this has."""
        import numpy as np
        values = np.asarray(value, dtype=np.float64)
        return np.full(self.size, values) if values.ndim == 0 else values

    def __add__(self, other: "Vector | npt.ArrayLike") -> "Vector":
        if isinstance(other, Vector):
            return self._of("add", other._inner)
        return self._of("add_plain", self._plain(other))

    __radd__ = __add__

    def __sub__(self, other: "Vector | npt.ArrayLike") -> "Vector":
        if isinstance(other, Vector):
            return self._of("sub", other._inner)
        return self._of("add_plain", -self._plain(other))

    def __rsub__(self, other: "npt.ArrayLike") -> "Vector":
        return -self + other

    def __neg__(self) -> "Vector":
        return self._of("negate")

    def __mul__(self, other: "Vector | npt.ArrayLike") -> "Vector":
        if isinstance(other, Vector):
            return self._of("multiply", other._inner)
        if isinstance(other, int) and abs(other) < _LARGEST_FACTOR:
            return self._of("multiply_integer", other)
        return self._of("multiply_plain", self._plain(other))

    __rmul__ = __mul__

    def __matmul__(self, matrix: "npt.ArrayLike") -> "Vector":
        return self.matmul(matrix)

    def square(self) -> "Vector":
        """Each times itself."""
        return self * self

    def rotate(self, steps: int) -> "Vector":
        """Number i of the result is number i + steps; what leaves at one end of all slots comes in at the other."""
        return self._of("rotate", steps)

    def sum(self) -> "Vector":
        """One number: the sum of all."""
        return self._of("sum")

    def dot(self, other: "Vector | npt.ArrayLike") -> "Vector":
        """One number: the sum of the products."""
        return (self * other).sum()

    def matmul(self, matrix: "npt.ArrayLike") -> "Vector":
        """x M, (columns,), for a matrix (size, columns) in the clear: size + columns - 1 rotations by one."""
        import numpy as np
        return self._of("times_matrix", np.asarray(matrix, dtype=np.float64))

    def polyval(self, coefficients: "npt.ArrayLike") -> "Vector":
        """A polynomial of each number, coefficients from the constant on: ceil(log2(degree)) + 1 levels."""
        return self._of("polynomial", _numbers(coefficients, "coefficients"))

    def __reduce__(self):
        raise UnsupportedError("a vector is its bytes and its context: pickle vector.to_bytes()")

    def __repr__(self) -> str:
        return f"<obscura.ckks.Vector of {self.size:,} numbers, {self.levels} levels left>"


def _numbers(values, what):
    import numpy as np
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as e:
        raise MismatchError(f"{what}: {e}") from None
    if array.ndim != 1 or array.size == 0:
        raise MismatchError(f"{what}: an array of shape {array.shape}, expected numbers (n,)")
    return array
