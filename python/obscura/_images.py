"""Arrays that are handed in, judged: pictures in uint8, or numbers that are preprocessed already. Nothing is guessed."""

from ._listen import warn
from .errors import Doubt, MismatchError

# Numbers of preprocessed pictures are small; those of pixels reach 255. Where a network does not say its preprocessing,
# values beyond this are doubted.
_LARGEST_USUAL = 32.0


def _expected(spec):
    c, h, w = spec.channels, spec.height, spec.width
    pictures = f"({h}, {w}, {c})" + (f" or ({h}, {w})" if c == 1 else "")
    return (f"expected uint8 pictures, height x width x channels {pictures}, "
            f"or float32 numbers that are preprocessed already, channels x height x width ({c}, {h}, {w}); "
            f"of several images with their number before it")


def _batched(array, spec):
    """uint8: as (n, h, w, c), or None where the shape is another."""
    c, h, w = spec.channels, spec.height, spec.width
    shape = array.shape
    found = []
    if shape[-3:] == (h, w, c) and array.ndim in (3, 4):
        found.append(array.reshape(-1, h, w, c))
    if c == 1 and shape[-2:] == (h, w) and array.ndim in (2, 3):
        found.append(array.reshape(-1, h, w, 1))
    if len(found) > 1 and found[0].shape != found[1].shape:
        raise MismatchError(f"images of shape {shape} can be read in two ways: give them as (n, {h}, {w}, {c})")
    return found[0] if found else None


def _check_range(values, spec):
    import numpy as np
    if values.size == 0:
        return
    low, high = float(values.min()), float(values.max())
    if not spec.stated:
        if max(-low, high) > _LARGEST_USUAL:
            warn(
                f"numbers from {low:.6g} to {high:.6g}, where networks usually take some around zero: these look like "
                f"pixels, and nothing said how {spec.name!r} was trained to see them", Doubt)
        return
    mean, std = np.asarray(spec.mean), np.asarray(spec.std)
    least, most = float(((spec.range[0] - mean) / std).min()), float(((spec.range[1] - mean) / std).max())
    slack = 1e-3 * (most - least)
    if low < least - slack or high > most + slack:
        raise MismatchError(
            f"numbers from {low:.6g} to {high:.6g}, but preprocessed pictures of {spec.name!r} are from {least:.4g} to "
            f"{most:.4g} ({spec.preprocessing}): hand in uint8 pixels to have them preprocessed")


def judge(images, spec):
    """-> (pictures, None) with uint8 (n, height, width, channels), or (None, numbers) with float (n, c * h * w).

    Raises MismatchError for anything that is not plainly one of both, with the shapes that are expected.
    """
    import numpy as np
    try:
        array = np.asarray(images)
    except (TypeError, ValueError, RuntimeError) as e:
        raise MismatchError(f"images: no array ({e}); {_expected(spec)}") from None
    if array.dtype == np.uint8:
        pictures = _batched(array, spec)
        if pictures is None:
            raise MismatchError(f"images: uint8 of shape {array.shape}, {_expected(spec)}")
        return np.ascontiguousarray(pictures), None
    if array.dtype.kind != "f":
        raise MismatchError(f"images: {array.dtype} of shape {array.shape}, {_expected(spec)}")
    if array.shape[-3:] != spec.shape or array.ndim not in (3, 4):
        raise MismatchError(f"images: {array.dtype} of shape {array.shape}, {_expected(spec)}")
    numbers = array.reshape(-1, spec.channels * spec.height * spec.width)
    if not np.isfinite(numbers).all():
        at = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise MismatchError(f"images: value {array[at]} at {at}, expected finite numbers")
    _check_range(numbers, spec)
    return None, numbers


def numbers_of(images, spec, preprocess):
    """Float32 (n, c * h * w) of either; preprocess(pictures) makes numbers of pictures."""
    import numpy as np
    pictures, numbers = judge(images, spec)
    return preprocess(pictures) if numbers is None else np.ascontiguousarray(numbers, dtype=np.float32)
