"""How a process that analyses music keeps its memory."""

import ctypes
from functools import cache
from typing import Final

M_TRIM_THRESHOLD: Final = -1  # malloc.h
M_MMAP_THRESHOLD: Final = -3
KEPT: Final = 64 << 20  # bytes: more than all arrays of a chunk together


@cache
def keep_memory() -> None:
    """Let glibc reuse what is freed instead of giving it back after each array.

    Else every array of 128 KiB or more is mapped afresh and its pages are faulted in again: a batch of FFTs
    then takes three times as long.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):  # another C library has rules of its own
        libc.mallopt(M_MMAP_THRESHOLD, KEPT)
        libc.mallopt(M_TRIM_THRESHOLD, 2 * KEPT)
