"""What is promised, tested the way an attacker would: figures as dicts, as `obscura audit ... --json` has them.

    obscura.audit.params(log_n=13, log_qp=214)["sets"][0]["bits"]      # bits of security
    obscura.audit.randomness(query)["sources"][0]["looks_random"]      # SP 800-22 over bytes, arrays, files
    obscura.audit.images(plain, protected)["checks"]                   # entropy, correlation, NPCR, UACI, PSNR, SSIM
    obscura.audit.attack("hill")["attacks"]                            # what breaks a shield; loads LibTorch

docs/audit.md, docs/randomness.md and docs/parameters.md say what each figure means, and what passing does not say.
"""

import json

from ._listen import listening, warn
from .errors import MismatchError, UnsupportedError, UsageError

__all__ = ["attack", "attacks", "images", "noise", "params", "randomness", "report"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike
    from typing import Any, Callable, Union

    import numpy as np
    import numpy.typing as npt

    Progress = Union[bool, None, Callable[[int, int, str], object]]
    Path = Union[str, PathLike[str]]
    Pixels = npt.NDArray[np.uint8]
    Figures = dict[str, Any]


def _hear(line):
    warn(line)


def _path(given):
    import os
    return "" if given is None else os.fspath(given)


def params(*, network: "Path | None" = None, mode: str = "", client: "Path | None" = None, log_n: int = 0,
           log_qp: float = 0, secret: str = "ternary", sigma: float = 3.2, samples: float = 0,
           toy: bool = False) -> "Figures":
    """How many bits of security parameters have, by published tables and by attacks on LWE.

    Of one of these: network (an ONNX file: what compiling chooses; mode "packed" or "batched"), client (a client.spec, or a
    folder of keys), or log_n and log_qp (log2 of the ring's degree and of all primes, special ones included) with secret
    ("ternary", "sparse:WEIGHT", "gaussian[:DEVIATION]"), sigma and samples (0: as many as help). With nothing named:
    every set that Obscura uses by itself. toy: also the demonstration that looking random is worth nothing.

    {"sets": [{"name", "log_n", "log_qp", "tables", "attacks", "bits", "meets_128", "verdict"}], "meets_128", "toy"}
    """
    from . import _audit
    by_hand = log_n != 0 or log_qp != 0
    if mode and network is None:
        raise UsageError("mode is of a network: name one")
    if not by_hand and (secret != "ternary" or sigma != 3.2 or samples != 0):
        raise UsageError("secret, sigma and samples belong to log_n and log_qp")
    return json.loads(_audit.params(_path(network), mode, _path(client), log_n, log_qp, secret, sigma, samples, toy,
                                    _hear))


def randomness(data: "bytes | npt.NDArray[Any] | None" = None, *, name: str = "the bytes",
               files: "Sequence[Path]" = (), network: "Path | None" = None, streams: "Sequence[str]" = (),
               shield: str = "", arithmetic: str = "", seed: int = 1, dataset: str = "", data_dir: "Path | None" = None,
               images: int = 0, bits: int = 1_000_000, sequences: int = 0, alpha: float = 0.01,
               only: "Sequence[str]" = (), nist_program: bool = False, threads: int = 0,
               progress: "Progress" = None) -> "Figures":
    """The fifteen tests of NIST SP 800-22. Passing says nothing about security: see "caution".

    Of one of these: data (bytes, or an array, whose bytes are taken as they lie in memory; name: for people), files,
    network (an ONNX file: queries are encrypted and their parts tested; streams: some of "c0", "c0-ntt", "c1", "c1-ntt" and
    the controls "encoded", "encoded-ntt", "pictures"), or shield (pictures that it protected with a key drawn from seed).
    dataset, data_dir, images: which pictures, for the latter two. bits: of a sequence; sequences: at the most (0: all of
    bytes, else 100). alpha: a p-value below it is a failure. only: tests by name. progress(done, total, "sequences").

    {"sources": [{"source", "looks_random", "sequences", ...}], "verdicts": [...], "results": [{"test", "p", ...}], ...}
    """
    from . import _audit
    named = [word for word, given in (("data", data is not None), ("files", bool(files)), ("network", network is not None),
                                      ("shield", bool(shield))) if given]
    if len(named) != 1:
        raise UsageError(f"what is to be tested: {' and '.join(named) or 'nothing'} is named, expected one of data, files, "
                         "network and shield")
    _refuse_idle(named[0], {"dataset": dataset, "data_dir": data_dir, "images": images}, ("network", "shield"))
    _refuse_idle(named[0], {"streams": list(streams)}, ("network",))
    _refuse_idle(named[0], {"arithmetic": arithmetic, "seed": seed != 1}, ("shield",))
    wishes = _audit.RandomnessWishes(bits, sequences, alpha, list(only), nist_program, threads)
    with listening(progress) as hear:
        if data is not None:
            text = _audit.randomness_of_bytes(_plain_bytes(data), name, wishes, hear, _hear)
        elif files:
            text = _audit.randomness_of_files([_path(file) for file in files], wishes, hear, _hear)
        elif network is not None:
            text = _audit.randomness_of_network(_path(network), list(streams), dataset, _path(data_dir), images, wishes,
                                                hear, _hear)
        else:
            text = _audit.randomness_of_shield(shield, arithmetic, seed, dataset, _path(data_dir), images, wishes, hear,
                                               _hear)
    return json.loads(text)


def _refuse_idle(named, wishes, homes):
    given = [word for word, value in wishes.items() if value]
    if given and named not in homes:
        raise UsageError(f"{given[0]} is of {' and '.join(homes)}, and changes nothing of {named}")


def _plain_bytes(data):
    if isinstance(data, (bytes, bytearray, memoryview)):
        return data
    import numpy as np
    if not isinstance(data, np.ndarray) or data.dtype == object:
        raise MismatchError(f"data: {type(data).__name__}, expected bytes or an array of numbers")
    return np.ascontiguousarray(data).view(np.uint8).reshape(-1) if data.ndim else data.tobytes()


def images(plain: "npt.ArrayLike | Sequence[Path]", protected: "npt.ArrayLike | Sequence[Path] | None" = None, *,
           changed: "npt.ArrayLike | Path | None" = None, progress: "Progress" = None) -> "Figures":
    """The figures that papers on image encryption print, of plain pictures and protected ones, with what chance gives.

    plain, protected, changed: uint8 (count, height, width[, 3]), as many of each; changed: what protects every plain
    picture after a small change (NPCR and UACI are of it and `protected`). Or plain alone: a list of files
    PLAIN, PROTECTED, ..., or of two folders, whose pictures are paired by name; changed: a file or a folder, too.
    Passing says nothing about security: a Hill cipher passes nearly all of it. progress(done, total, "pairs").

    {"pairs": [{"plain": {"channels": [{"entropy", "p", "neighbours", ...}]}, "protected", "against_plain", "changed"}],
     "checks": [{"picture", "test", "passed", "of"}], ...}
    """
    from . import _audit
    from ._pictures import several_pictures
    with listening(progress) as hear:
        if protected is None:
            text = _audit.image_files([_path(file) for file in plain], _path(changed), hear, _hear)
        else:
            text = _audit.images(several_pictures(plain, "plain"), several_pictures(protected, "protected"),
                                 None if changed is None else several_pictures(changed, "changed"), hear, _hear)
    return json.loads(text)


def noise(network: "Path", *, dataset: str = "mnist", data_dir: "Path | None" = None, batched: bool = False,
          images_per_query: int = 1, count: int = 0, seed: "int | None" = None, threads: int = 0,
          progress: "Progress" = None) -> "Figures":
    """Errors of an encrypted run, stage by stage, against what was predicted. For owners on their own machine: exact
    errors tell the key, which is thrown away.

    dataset: whose test images are run, the first `count` (0: 16, batched 256), or as many drawn by seed.
    {"holds", "stages": [{"stage", "predicted", "measured", "low", "high", "bits", ...}], ...}
    """
    from . import _audit
    with listening(progress) as hear:
        return json.loads(_audit.noise(_path(network), dataset, _path(data_dir), batched, images_per_query, count, seed,
                                       threads, hear, _hear))


def report(network: "Path", *, dataset: str = "samples", data_dir: "Path | None" = None, images: int = 16,
           sequences: int = 10, threads: int = 0, progress: "Progress" = None) -> "Figures":
    """All that is tested of one network's encryption, together: parameters, errors, randomness, controls. Takes minutes."""
    from . import _audit
    with listening(progress) as hear:
        return json.loads(_audit.report(_path(network), dataset, _path(data_dir), images, sequences, threads, hear, _hear))


def _attack_module():
    try:
        from . import _audit_attack
    except ImportError as e:
        raise UnsupportedError(f"attacks need the part of Obscura that was built with LibTorch, which is not here ({e})"
                               ) from None
    return _audit_attack


def attacks() -> "list[dict[str, Any]]":
    """Every attack that there is: name, threat (what the attacker has), summary, shields. Loads LibTorch."""
    return _attack_module().attacks()


def attack(shield: str = "", attack: str = "all", *, key: "Path | None" = None, passphrase: "str | bytes | None" = None,
           block: int = 0, arithmetic: str = "", depth: int = 0, hidden: int = 0, per_image: bool = False,
           control: str = "", dataset: str = "", data_dir: "Path | None" = None, images: int = 1000,
           publics: int = 5000, known: int = 10, side: int = 0, quick: bool = False, seed: int = 1, draw: int = 0,
           threads: int = 1, out: "Path | None" = None, progress: "Progress" = None) -> "Figures":
    """What an attacker gets of pictures that a shield has protected. Loads LibTorch, as some attacks learn.

    shield: one of obscura.shield.names(), with a key drawn from seed; or key: an owner's key file. attack: by name, or
    "all" that there are on it. images: victims; publics: unrelated pictures that the attacker has; known: further pairs
    that leaked; dataset: a name, a folder, or "drawn" (default: cifar-10 if it is here). per_image: a key an image. control:
    "chacha20" or "ckks" in the shield's place, on which every attack must fail. quick: less training. draw: victims are
    drawn with this seed. out: a folder for sheets (PNG) and figures.

    What `obscura audit attack --json` has, and "originals" and, of every attack, "recovered": uint8 pictures, the first of
    the victims and what the attacker made of them.
    """
    module = _attack_module()
    options = {
        "shield": shield, "key": _path(key), "passphrase": passphrase, "block": block, "arithmetic": arithmetic,
        "depth": depth, "hidden": hidden, "per_image": per_image, "control": control, "dataset": dataset,
        "data": _path(data_dir), "images": images, "publics": publics, "known": known, "side": side, "quick": quick,
        "seed": seed, "draw": draw, "threads": threads,
    }
    if out is not None:
        import os
        os.makedirs(out, exist_ok=True)
        if os.listdir(out):
            raise UsageError(f"out: the folder {out} is not empty, and nothing is written over: name another")
    with listening(progress) as hear:
        done = module.attack(options, attack, _path(out), hear, _hear)
    figures = json.loads(done["json"])
    figures["originals"] = done["originals"]
    for one, recovered in zip(figures["attacks"], done["recovered"]):
        one["recovered"] = recovered
    return figures
