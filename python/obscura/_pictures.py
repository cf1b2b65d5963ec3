"""Pictures that are handed in to be searched with or indexed: uint8 arrays or files. Nothing is guessed."""

from .errors import MismatchError


def one_picture(picture, name="picture"):
    """uint8 (height, width, 1 or 3) of an array, a PIL image, or (height, width); contiguous."""
    import numpy as np
    array = np.asarray(picture)
    if array.dtype == np.uint8 and (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3))):
        return np.ascontiguousarray(array)
    raise MismatchError(f"{name}: {array.dtype} of shape {array.shape}, expected one uint8 picture: (height, width), or "
                        "(height, width, 3) with red first")


def several_pictures(pictures, name="pictures"):
    """uint8 (count, height, width, 1 or 3) of an array or of a list of pictures of one size; contiguous."""
    import numpy as np
    if not isinstance(pictures, np.ndarray):
        listed = [one_picture(one, f"{name}[{i}]") for i, one in enumerate(pictures)]
        shapes = sorted({one.shape for one in listed})
        if len(shapes) > 1:
            raise MismatchError(f"{name}: pictures of shapes {shapes[0]} and {shapes[1]}, expected one size (and channels): "
                                "resize them, or hand in those of each size by itself")
        if not listed:
            raise MismatchError(f"{name}: no pictures, expected one or more")
        pictures = np.stack(listed)
    if pictures.dtype == np.uint8 and pictures.ndim == 3:
        pictures = pictures[..., None]
    if pictures.dtype != np.uint8 or pictures.ndim != 4 or pictures.shape[3] not in (1, 3):
        raise MismatchError(f"{name}: {pictures.dtype} of shape {pictures.shape}, expected uint8 (count, height, width) of grey "
                            "pictures, or (count, height, width, 3) with red first")
    return np.ascontiguousarray(pictures)
