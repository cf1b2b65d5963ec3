"""The server's side: a compiled program on ciphertexts. What it loads has no way to decrypt.

    server = obscura.server.Server.load("net/server.program")
    id = server.add_keys(keys)            # an owner's evaluation keys, bytes
    answer = server.run(query, id)        # bytes in, bytes out
"""

from . import _server
from ._spec import Spec
from .errors import IoError, UnsupportedError

__all__ = ["Server", "Spec"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike
    from typing import Union

    from .program import Program

    Path = Union[str, PathLike[str]]


class Server:
    """A compiled program made ready once, and the evaluation keys of as many owners as the memory allows.

    Thread-safe: owners come, ask and go at the same time, from as many Python threads, and share its cores evenly.
    """

    def __init__(self, program: "bytes | Program", *, threads: int = 0, matrix_memory: "int | None" = None,
                 key_memory: "int | None" = None) -> None:
        """program: a Program, or the bytes of a server.program. Takes seconds for a large network.

        threads: 0 for all cores. matrix_memory: bytes of encoded matrices that may be kept ready (2 GiB).
        key_memory: bytes of expanded keys of all owners together (8 GiB). Raises FormatError for other bytes.
        """
        self._inner = _server.Server(getattr(program, "server", program), threads, matrix_memory, key_memory)
        self._spec = Spec(_server.spec_facts(self._inner.client_spec))

    @classmethod
    def load(cls, path: "Path", *, threads: int = 0, matrix_memory: "int | None" = None,
             key_memory: "int | None" = None) -> "Server":
        """Of a file: `net/server.program` of compile."""
        try:
            with open(path, "rb") as file:
                program = file.read()
        except OSError as e:
            raise IoError(f"cannot read {path}: {e.strerror}") from None
        return cls(program, threads=threads, matrix_memory=matrix_memory, key_memory=key_memory)

    @property
    def spec(self) -> Spec:
        """What the network takes and tells, and the parameters."""
        return self._spec

    @property
    def client(self) -> bytes:
        """What owners need: the bytes of client.spec."""
        return self._inner.client_spec

    @property
    def threads(self) -> int:
        """How many threads a query can have."""
        return self._inner.threads

    @property
    def key_bytes(self) -> int:
        """What the expanded keys of all owners take."""
        return self._inner.key_bytes

    def add_keys(self, evaluation_keys: bytes) -> bytes:
        """Takes an owner's evaluation keys and returns their id, 16 bytes. Where key_memory is used up, those that were
        not asked with for longest go. Raises FormatError, MismatchError for keys of another program."""
        return self._inner.add_keys(evaluation_keys)

    def has_keys(self, id: bytes) -> bool:
        """Whether the keys of that id are here."""
        return self._inner.has_keys(id)

    def forget(self, id: bytes) -> None:
        """The keys of that id go; what is being answered goes on to its end."""
        self._inner.forget(id)

    def run(self, query: bytes, keys: "bytes | None" = None) -> bytes:
        """A query in, its answer out: bytes of Owner.encrypt, bytes for Owner.decrypt.

        keys: the id that add_keys returned, where only that owner may ask; None for any whose keys are here. Lets other
        Python threads run; ^C ends it. Raises FormatError, MismatchError for a query of another program or owner.
        """
        return self._inner.run(query, keys)[0]

    def run_timed(self, query: bytes, keys: "bytes | None" = None) -> "tuple[bytes, tuple[tuple[str, float], ...]]":
        """The same, with the seconds of every stage: (answer, ((stage, seconds), ...))."""
        return self._inner.run(query, keys)

    def __reduce__(self):
        raise UnsupportedError("a server holds owners' keys, which pickling would leave behind: pickle its Program and "
                               "make a Server of it there")

    def __repr__(self) -> str:
        return f"<obscura.Server of {self._spec.describe()}, {self.threads} threads>"
