"""Record a real run: `python -m tests.replay.record` writes `recorded.jsonl` anew.

A real Lull with its demo library, virtual resident and broker, people pressing buttons, the audio process
killed in between. To be repeated when decisions change on purpose; the difference is then to be read.
"""

import os
import signal
import tempfile
import time
from pathlib import Path

from msgspec import Raw, json

from adapters.store.journal import SqliteJournal
from tests.support.lull import lull, person

RECORDED = Path(__file__).with_name("recorded.jsonl")
ROOT = "lull/v1/home1/room7"
PRESSES = ("next", "like", "calm", "pause", "play", "dislike", "louder", "stop", "play", "never", "quieter")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "resident.yaml").write_text("{id: virtual, quiet_hours: null, first_track: Oh! Susanna}")
        settings = {
            "player": "room7",
            "resident": "resident.yaml",
            "data": str(folder / "data"),
            "audio": {"device": "null"},
            "policy": {"persist_s": 10, "refractory_s": 20, "response_window_s": 45},
            "demo": True,
        }
        with lull(settings, folder) as running, person(running.port, ROOT) as staff:
            running.wait_line("9 pieces, all analysed", timeout=180.0)
            staff.wait("event/decision", lambda d: d["trigger"] == "agitation", timeout=120.0)
            for verb in PRESSES:
                staff.publish(f"cmd/{verb}", {"id": f"press-{verb}-{len(staff.seen)}", "args": {}})
                time.sleep(3.0)
            os.kill(running.children()["audio"], signal.SIGKILL)
            staff.publish("feedback", {"id": "f1", "rating": 1})
            time.sleep(8.0)
        journal = SqliteJournal(folder / "data" / "journal.db", resident="virtual")
        with RECORDED.open("w") as file:
            for entry in journal.entries():
                line = json.encode({"event": Raw(entry.event), "effects": Raw(entry.effects)})
                file.write(line.decode().replace(str(folder), "/lull") + "\n")
        journal.close()


if __name__ == "__main__":
    main()
