"""What a client spec says: facts that every side shows."""


class Spec:
    """What a network takes and tells, as its client spec says; nothing in it is secret, and no weight.

    name: str                       of the network
    program: str                    names the compiled program, hex
    channels, height, width: int    of a picture
    images_per_query: int           at most
    mode: str                       "packed" (few images, lowest latency) or "batched" (thousands, one a slot)
    outputs: int                    logits
    classes: tuple[str, ...]        names; numbers where classes_stated is False
    preprocessing: str              how pixels become numbers, for people; `stated` is False where the defaults are assumed
    mean, std, range, colour, equalise   the same by part: value = (x - mean) / std, x being pixel / 255 brought to range
    head: str                       what turns logits into probabilities: "none" (softmax), "softmax", "sigmoid", ...
    multi_label: bool               classes do not exclude each other
    chunks: str | None              how pictures are cut, where they are
    parameters: str                 of the encryption, for people; log_degree, log_qp, security_bits, insecure by part
    galois_keys: int                rotation keys that the server needs
    logit_error: float              standard deviation that encryption adds to a logit, predicted
    fit_error: float                largest difference that fitted activations made when they were fitted; 0: none
    logit_range: float              logits beyond it come from pictures unlike those of the calibration; 0: not known
    keys_made: bool                 it belongs to keys that were made already
    """

    __slots__ = (
        "name", "program", "channels", "height", "width", "images_per_query", "mode", "outputs", "classes",
        "classes_stated", "preprocessing", "stated", "mean", "std", "range", "colour", "equalise", "head", "multi_label",
        "chunks", "parameters", "log_degree", "log_qp", "security_bits", "insecure", "galois_keys", "logit_error",
        "fit_error", "logit_range", "keys_made")

    def __init__(self, facts):
        for name, value in facts.items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name, value):
        raise AttributeError("a spec is what was compiled: it cannot be changed")

    @property
    def shape(self):
        """(channels, height, width) of a picture."""
        return (self.channels, self.height, self.width)

    def __repr__(self):
        return f"<obscura.Spec of {self.describe()}>"

    def describe(self):
        """One line: the network, what it takes and tells, mode, parameters and security."""
        many = "" if self.images_per_query == 1 else f" of up to {self.images_per_query:,} images"
        return (f"{self.name!r}: {self.channels}x{self.height}x{self.width} to {len(self.classes)} classes, "
                f"{self.mode} queries{many}, {self.parameters}{' INSECURE' if self.insecure else ''}")
