"""`make bench`: the figures of DESIGN section 8, measured on this machine through the real path."""

import argparse
import tempfile
from pathlib import Path

from tests.bench import latency, load


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--swaps", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=5.0, help="of playing beside busy cores")
    parser.add_argument("--only", choices=["latency", "load"], default=None)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lull-bench-") as folder:
        if chosen.only in (None, "latency"):
            latency.measure(Path(folder) / "latency", chosen.swaps)
        if chosen.only in (None, "load"):
            load.measure(Path(folder) / "load", chosen.minutes)


if __name__ == "__main__":
    main()
