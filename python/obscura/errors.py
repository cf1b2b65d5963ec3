"""What Obscura raises: one family, each with one line that says what was wrong, what was expected, where, and what to do.

Every class is also the built-in exception that Python users expect in its place.
"""

__all__ = [
    "Error", "ParameterError", "MismatchError", "FormatError", "UnsupportedError", "CancelledError", "IoError",
    "RemoteError", "UsageError", "Note", "Doubt",
]


class Error(Exception):
    """The family: whatever Obscura raises is one of these, but for KeyboardInterrupt, MemoryError and what a callback
    of yours raised."""


class ParameterError(Error, ValueError):
    """Parameters that are impossible or below 128-bit security."""


class MismatchError(Error, ValueError):
    """Two things that do not belong together: an array and a network, a query and keys, levels, scales."""


class FormatError(Error, ValueError):
    """A file or message that is not what it claims to be: truncated, altered, of another kind or version."""


class UnsupportedError(Error, NotImplementedError):
    """A network, layer or option that Obscura does not support; the text says what it does support."""


class CancelledError(Error):
    """What was begun was called off by whoever began it."""


class IoError(Error, OSError):
    """The operating system said no: missing file, full disk, permission."""


class RemoteError(Error, ConnectionError):
    """What a call of a server ends in that has no result.

    code: str, to act on: of the protocol ("keys_unknown", "unauthenticated", "forbidden", "not_found", "too_large",
    "overloaded", "out_of_room", ...; docs/service.md has all), or of the client: "unreachable", "untrusted" (the
    certificate), "unexpected" (an answer that the protocol does not have)
    status: int, of HTTP; 0 where no answer came
    details: dict[str, str], what the server says beside the code
    retry_after: float | None, seconds after which the server says it is worth asking again
    """

    def __init__(self, message, code="", status=0, details=None, retry_after=None):
        super().__init__(message)
        self.code, self.status, self.details, self.retry_after = code, status, dict(details or {}), retry_after

    def __reduce__(self):
        return (type(self), (str(self), self.code, self.status, self.details, self.retry_after))


class UsageError(Error, ValueError):
    """Arguments that contradict each other or change nothing."""


class Note(UserWarning):
    """The category of warnings about what was assumed, substituted or left open. `warnings.simplefilter("error",
    obscura.Note)` makes them errors."""


class Doubt(UserWarning):
    """The category of warnings about a result that may be wrong, with the reason."""
