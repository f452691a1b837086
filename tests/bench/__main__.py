"""`make bench`: the figures of DESIGN section 8, measured on this machine through the real path."""

import argparse
import json
import tempfile
from pathlib import Path

from tests.bench import evidence, flood, latency, live, load, page, scan, selection, ward


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--swaps", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=5.0, help="of playing beside busy cores")
    parser.add_argument("--pieces", type=int, default=70, help="recordings to scan")
    parser.add_argument("--cuts", type=int, default=3, help="files of each recording")
    parser.add_argument("--evidence", type=Path, help="labelled recording of wristbands; none: left out")
    parser.add_argument(
        "--only",
        choices=["latency", "load", "live", "scan", "selection", "ward", "flood", "page", "evidence"],
        default=None,
    )
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lull-bench-") as folder:
        if chosen.only in (None, "latency"):
            latency.measure(Path(folder) / "latency", chosen.swaps)
        if chosen.only in (None, "load"):
            load.measure(Path(folder) / "load", chosen.minutes)
        if chosen.only in (None, "live"):
            live.measure()
        if chosen.only in (None, "scan"):
            scan.measure(Path(folder) / "scan", chosen.pieces, chosen.cuts)
        if chosen.only in (None, "selection"):
            selection.measure()
        if chosen.only in (None, "ward"):
            ward.measure()
        if chosen.only in (None, "flood"):
            flood.measure(Path(folder) / "flood")
        if chosen.only in (None, "page"):
            page.measure(Path(folder) / "page")
        if chosen.only in (None, "evidence") and chosen.evidence:
            print(json.dumps({"evidence": evidence.measure(chosen.evidence)}))


if __name__ == "__main__":
    main()
