"""Who hears of a long call's progress and notes."""

import sys
from contextlib import contextmanager

from .errors import Note, UsageError


def warn(line, category=Note):
    """A warning about the line of the caller's own that led here, however deep in this package it is said."""
    import warnings
    frame, level, here = sys._getframe(), 1, __file__.rpartition("/")[0]
    while frame.f_back is not None and frame.f_code.co_filename.rpartition("/")[0] == here:
        frame, level = frame.f_back, level + 1
    warnings.warn(line, category, stacklevel=level)


class _Lines:
    """A line on standard error every two seconds, where tqdm is not installed."""

    def __init__(self):
        from time import monotonic
        self._now = monotonic
        self._next = monotonic() + 2

    def __call__(self, done, total, unit):
        if self._now() < self._next:
            return
        self._next = self._now() + 2
        of = f" of {total:,}" if total else ""
        print(f"{done:,}{of} {unit}", file=sys.stderr)

    def close(self):
        pass


class _Bar:
    """tqdm's bar, made when there is something to show."""

    def __init__(self, tqdm):
        self._tqdm, self._bar = tqdm, None

    def __call__(self, done, total, unit):
        if self._bar is None:
            self._bar = self._tqdm(total=total or None, unit=" " + unit, unit_scale=True)
        self._bar.update(done - self._bar.n)

    def close(self):
        if self._bar is not None:
            self._bar.close()


@contextmanager
def listening(progress):
    """The callable for an extension module, of what a caller gave as `progress`: None, True, or a callable."""
    if progress is None or progress is False:
        yield None
    elif progress is True:
        try:
            from tqdm.auto import tqdm
            shown = _Bar(tqdm)
        except ImportError:
            shown = _Lines()
        try:
            yield shown
        finally:
            shown.close()
    elif callable(progress):
        yield progress
    else:
        raise UsageError(f"progress is {progress!r}, expected None, True or a callable progress(done, total, unit)")
