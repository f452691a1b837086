"""Child processes that end with their parent."""

import ctypes
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from typing import Final

PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h


def bound(argv: Sequence[str], death: str = "KILL") -> list[str]:
    """`argv`, wrapped so that the kernel sends signal `death` when the starting thread of this process ends.

    Uses `setpriv` of util-linux; where it is missing, this module as a program.
    """
    if setpriv := shutil.which("setpriv"):
        return [setpriv, "--pdeathsig", death, *argv]
    return [sys.executable, "-m", "adapters.system.child", death, *argv]


def saving(argv: Sequence[str]) -> list[str]:
    """`bound` with SIGTERM: a broker writes to disk what it has acknowledged before it ends."""
    return bound(argv, "TERM")


def main() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    death = signal.Signals[f"SIG{sys.argv[1]}"]
    if libc.prctl(PR_SET_PDEATHSIG, death, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    os.execvp(sys.argv[2], sys.argv[2:])  # the death signal outlives exec


if __name__ == "__main__":
    main()
