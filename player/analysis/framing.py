"""Cutting an endless signal into overlapping frames, independent of how it arrives."""

from collections.abc import Sequence
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

SILENT_POWER: Final = 1e-7  # mean square, −70 dBFS: a frame below it has no sound worth measuring

SINGLE_THREADED: Final = 1 << 17  # multiplications; OpenBLAS starts threads above twice that
UNTHREADED: Final = 8_192  # elements; OpenBLAS starts threads for a product of two rows above 10,000

Signal = NDArray[np.float32]  # shape (samples,)
Counts = Sequence[int]  # how many of the frames belong to each second, in order
Membership = NDArray[np.float64]  # shape (seconds, frames): 1 where the frame belongs to the second
Scalar = TypeVar("Scalar", np.float32, np.float64)


def fft_friendly(length: float) -> int:
    """The even 7-smooth number nearest to `length` (for which FFTs are fast), at least 2."""
    for distance in range(max(int(length), 2)):
        for candidate in (round(length) + distance, round(length) - distance):
            if candidate >= 2 and candidate % 2 == 0 and _is_smooth(candidate):
                return candidate
    return 2


def _is_smooth(number: int) -> bool:
    for prime in (2, 3, 5, 7):
        while number % prime == 0:
            number //= prime
    return number == 1


def spectra(frames: NDArray[np.float32]) -> NDArray[np.complex64]:
    """The one-sided transform of each row, divided by its length.

    `norm` keeps it in single precision: without the factor numpy computes in double, at four times the time.
    """
    found: NDArray[np.complex64] = np.fft.rfft(frames, axis=1, norm="forward").astype(
        np.complex64, copy=False
    )
    return found


def product(rows: NDArray[Scalar], matrix: NDArray[Scalar]) -> NDArray[Scalar]:
    """`rows @ matrix`, in slices too small for a BLAS library to start its threads.

    Those gain nothing here, and burn every other core by spinning (four times the CPU on a busy machine).
    """
    result = np.empty((len(rows), matrix.shape[1]), dtype=rows.dtype)
    step = max(1, SINGLE_THREADED // matrix.size)
    for start in range(0, len(rows), step):
        np.matmul(rows[start : start + step], matrix, out=result[start : start + step])
    return result


def squares(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sum of squares along the last axis: by BLAS, where that starts no threads, in a quarter of the time."""
    if rows.shape[-1] <= UNTHREADED:
        return np.asarray(np.vecdot(rows, rows))
    return np.asarray(np.einsum("...i,...i->...", rows, rows))


def power(signal: Signal) -> float:
    """Sum of squares."""
    whole = len(signal) // UNTHREADED * UNTHREADED
    return float(squares(signal[:whole].reshape(-1, UNTHREADED)).sum() + squares(signal[whole:]))


def membership(counts: Counts) -> Membership:
    """`membership(counts) @ values` sums the values of the frames of each second."""
    return np.repeat(np.eye(len(counts)), counts, axis=1)


def sliding(values: NDArray[Scalar], size: int) -> NDArray[Scalar]:
    """Every `size` neighbours of contiguous values, shape (n − size + 1, size): a view, only to be read.

    numpy's `sliding_window_view` takes 20 µs for its checks, as long as the work on a second of frames.
    """
    step = values.itemsize
    return np.ndarray((len(values) - size + 1, size), values.dtype, values, strides=(step, step))


class Framer:
    """Frames of `size` samples every `hop`; keeps fewer than `size + hop` samples between calls."""

    def __init__(self, size: int, hop: int) -> None:
        self._size, self._hop = size, hop
        self._rest: Signal = np.zeros(0, dtype=np.float32)

    def push(self, signal: Signal) -> NDArray[np.float32]:
        """Every frame that is now complete, shape (frames, size); a view, valid until the next call."""
        joined = np.concatenate((self._rest, signal))
        count = max(0, (len(joined) - self._size) // self._hop + 1)
        self._rest = joined[count * self._hop :].copy()
        if count == 0:
            return np.empty((0, self._size), dtype=np.float32)
        return sliding(joined, self._size)[:: self._hop]
