"""Obscura: classify and find images that nobody but their owner can see.

    import obscura
    program = obscura.compile("net.onnx", calibrate=X)           # the server's: weights are in it
    owner = obscura.Owner(program.client)                        # holds the secret key
    server = obscura.Server(program)                             # cannot decrypt
    keys = server.add_keys(owner.evaluation_keys())
    logits = owner.decrypt(server.run(owner.encrypt(x), keys))   # arrays in, arrays out

Each name is loaded when it is first used, with the side that it belongs to and nothing else: `obscura.owner` loads no
server and no compiler. What travels between sides is bytes, and the same files as those of the command line.
"""

from .errors import (
    CancelledError, Doubt, Error, FormatError, IoError, MismatchError, Note, ParameterError, RemoteError,
    UnsupportedError, UsageError)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .classifier import Classifier as Classifier
    from .compiler import Evaluation as Evaluation, Network as Network, compile as compile, evaluate as evaluate
    from .owner import Owner as Owner, Prediction as Prediction
    from .program import Program as Program
    from .remote import Remote as Remote
    from .search import Gallery as Gallery
    from .server import Server as Server
    from .shield import Shield as Shield

# Where each name lives: loaded when it is first asked for.
_HOMES = {
    "Owner": "owner", "Prediction": "owner",
    "Server": "server", "Program": "program",
    "compile": "compiler", "evaluate": "compiler", "Evaluation": "compiler", "Network": "compiler",
    "Classifier": "classifier",
    "Remote": "remote", "Gallery": "search", "Shield": "shield",
}
_MODULES = ("audit", "ckks", "classifier", "compiler", "data", "errors", "owner", "program", "remote", "search", "server", "shield")

__all__ = [
    "CancelledError", "Doubt", "Error", "FormatError", "IoError", "MismatchError", "Note", "ParameterError",
    "RemoteError", "UnsupportedError", "UsageError", *_HOMES,
]


def __getattr__(name):
    import importlib
    if name in _MODULES:
        return importlib.import_module("." + name, __name__)
    if name == "__version__":
        return importlib.import_module("._owner", __name__).version
    if name not in _HOMES:
        raise AttributeError(f"module 'obscura' has no attribute {name!r}")
    value = getattr(importlib.import_module("." + _HOMES[name], __name__), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *_HOMES, *_MODULES, "__version__"})
