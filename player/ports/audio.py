"""Sound in and sound out."""

from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from player.units import Frames, Seconds

Pcm = NDArray[np.float32]  # shape (frames, channels), nominal [−1, 1]


class AudioSource(Protocol):
    """A decoded programme. Used by one thread."""

    @property
    def rate(self) -> int:
        """Frames per second of what `read` returns."""
        ...

    @property
    def channels(self) -> int: ...

    @property
    def duration(self) -> Seconds:
        """0 when unknown."""
        ...

    def read(self) -> Pcm | None:
        """The next 1 or more frames, finite; None at the end, and ever after.

        Raises `DecodeError` when the source breaks; it may then be closed, nothing else.
        """
        ...

    def seek(self, at: Seconds) -> None:
        """Continue at `at` (± 50 ms for files that can seek). Raises `DecodeError` when it cannot."""
        ...

    def close(self) -> None:
        """Idempotent."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


class AudioSink(Protocol):
    """A sound device that takes 48 kHz stereo float32 at its own pace. Used by one thread."""

    @property
    def name(self) -> str: ...

    @property
    def frames_written(self) -> Frames:
        """Accepted since it was opened; never decreases."""
        ...

    @property
    def delay(self) -> Frames:
        """Frames accepted and not yet heard, as far as the device tells."""
        ...

    @property
    def underruns(self) -> int:
        """How often the device ran dry since it was opened."""
        ...

    def write(self, block: Pcm) -> None:
        """Take a block, waiting while more than the buffer is ahead.

        Raises `OutputError` when the device is gone.
        """
        ...

    def close(self) -> None:
        """Idempotent."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...
