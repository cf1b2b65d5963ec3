"""A compiled network: the server's program and the owner's client spec, as bytes."""

import os

from . import _server
from ._listen import listening, warn
from ._spec import Spec
from .errors import Doubt, IoError, MismatchError

__all__ = ["Program"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike
    from typing import Any, Callable, Union

    import numpy as np
    import numpy.typing as npt

    Progress = Union[bool, None, Callable[[int, int, str], object]]
    Path = Union[str, PathLike[str]]


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as e:
        raise IoError(f"cannot read {path}: {e.strerror}") from None


class Program:
    """What compile() makes of a network. Immutable; pickles as the bytes of its two files.

    server: bytes    server.program: weights are in it, in the clear; for Server
    client: bytes    client.spec: no weight; for Owner
    facts: dict      what `obscura compile --json` says; {} for one that was loaded
    """

    def __init__(self, server: bytes, client: "bytes | None" = None, *, report: str = "",
                 facts: "dict[str, Any] | None" = None) -> None:
        """Of the bytes of its files, which have to belong together; the client spec follows from server.program."""
        own = _server.spec_of_program(server)
        if client is None:
            client = own
        elif bytes(client) != own:
            raise MismatchError("the client spec is not that of the program: take both files of one compilation")
        self._set(bytes(server), bytes(client), report, facts or {})

    @classmethod
    def _made(cls, server, client, report, facts):
        """Of files that were made together just now."""
        program = cls.__new__(cls)
        program._set(server, client, report, facts)
        return program

    def _set(self, server: bytes, client: bytes, report: str, facts: "dict[str, Any]") -> None:
        self.server: bytes = server
        self.client: bytes = client
        self.facts: "dict[str, Any]" = facts
        self._report = report
        self._spec = Spec(_server.spec_facts(self.client))
        self._simulators: "dict[int, Any]" = {}

    @classmethod
    def load(cls, folder: "Path") -> "Program":
        """Of the folder that save(), or `obscura compile --out`, made; or of a file server.program alone."""
        if os.path.isdir(folder):
            return cls(_read(os.path.join(folder, "server.program")), _read(os.path.join(folder, "client.spec")))
        return cls(_read(folder))

    def save(self, folder: "Path", *, overwrite: bool = False) -> None:
        """Writes server.program and client.spec into a folder, each whole or not at all. Raises IoError where there are
        some already, unless overwrite, and where the folder holds keys."""
        _server.save_program(os.fspath(folder), self.server, self.client, overwrite)

    @property
    def spec(self) -> Spec:
        """What the network takes and tells, and the parameters."""
        return self._spec

    @property
    def sizes(self) -> "dict[str, float]":
        """Predicted bytes: query, reply, keys (as they travel), server (memory for one query), expanded_keys, weights,
        working."""
        return _server.program_sizes(self.server)

    @property
    def predicted_seconds(self) -> float:
        """Of one query on one thread of the machine that costs are counted for. 0 where it is batched."""
        return _server.predicted_seconds(self.server)

    def report(self) -> str:
        """What compile() chose and why, stage by stage, with sizes, security and predicted error, for people."""
        if not self._report:
            from . import _compiler
            self._report = _compiler.report(self.server)
        return self._report

    def simulate(self, images: "npt.ArrayLike", *, seed: int = 1, threads: int = 0,
                 progress: "Progress" = None) -> "npt.NDArray[np.float64]":
        """Logits (n, outputs) as an encrypted run would give them: the program in the clear, with the errors that
        encryption will make. images: as Owner.encrypt takes them, any number. Warns (obscura.Doubt) of images whose
        values leave the range of the modulus: their encrypted answers are noise."""
        from . import _compiler
        from ._images import numbers_of
        numbers = numbers_of(images, self._spec, lambda pictures: _server.preprocess(self.client, pictures))
        if seed not in self._simulators:
            self._simulators = {seed: _compiler.Simulator(self.server, seed)}
        with listening(progress) as hear:
            logits, lost = self._simulators[seed].run(numbers, threads, hear)
        if lost:
            which = ", ".join(str(i) for i in lost[:8]) + (", ..." if len(lost) > 8 else "")
            warn(f"{len(lost)} of {len(logits)} images have values that leave the range of the modulus, whose "
                 f"encrypted answers are noise: {which}", Doubt)
        return logits

    def __reduce__(self):
        return _unpickled, (self.server, self.client, self._report, self.facts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Program) and (self.server, self.client) == (other.server, other.client)

    def __hash__(self) -> int:
        return hash(self._spec.program)

    def __repr__(self) -> str:
        return f"<obscura.Program of {self._spec.describe()}>"


def _unpickled(server, client, report, facts):
    return Program(server, client, report=report, facts=facts)
