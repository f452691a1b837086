"""What an evening leaves in the log: nothing of the resident, of judgements, or of what was heard."""

import json
import re
from pathlib import Path
from typing import Any

from tests.e2e.conftest import CALM, LIVELY, start_with
from tests.e2e.test_swap import ROOT
from tests.support.lull import lull, person

# What a log must never hold, written so that it can be found.
PSEUDONYM = "heron-4711"
LOVED = "Zarah Xylander"
NOTE = "wept when her daughter Quintessa left"
FEELING = "agitat"
REMARKS = {"by": "role:night-nurse-7", "note": NOTE}


def test_the_log_tells_nothing_about_the_resident(
    music: dict[str, str], settings: dict[str, Any], tmp_path: Path
) -> None:
    start_with(settings, next(name for name, piece in music.items() if piece in LIVELY))
    profile = Path(settings["resident"])
    said = profile.read_text().replace("heron", PSEUDONYM)
    profile.write_text(said.replace("{id:", f"{{loved: {{artists: ['{LOVED}']}}, birth_year: 1937, id:"))
    settings["audio"] = {"device": "null"}
    settings["policy"] = {"persist_s": 1, "refractory_s": 1}
    with lull(settings, tmp_path) as running, person(running.port, ROOT) as staff:
        playing = staff.wait("state/playback", lambda s: s["state"] == "playing")
        track = playing["track"]
        staff.publish("signal/agitation_rating/nurse", {"value": 3, "by": "role:night-nurse-7"})
        staff.wait("event/decision", lambda d: d["event_type"] == "swap")
        staff.publish(
            "feedback", {"id": "f-1", "about": "now", "rating": -1, "observed": ["crying"], **REMARKS}
        )
        for number, (verb, payload) in enumerate(
            (
                ("like", {"args": {"track": track["id"]}}),
                ("never", {"args": {"track": track["id"]}}),
                ("next", {}),
                ("calm", {"args": {"why": NOTE}}),
                ("nonsense", {"args": {"why": NOTE}}),
            )
        ):
            staff.publish(f"cmd/{verb}", {"id": f"c-{number}", "by": "role:night-nurse-7", **payload})
        staff.publish("signal/heart_rate/strap", {"value": 6173.25, "note": NOTE})
        staff.publish("signal/heart_rate/strap", f"{{{NOTE}")
        staff.publish("feedback", {"rating": 77, **REMARKS})
        staff.wait("cmd_result", lambda r: r["id"] == "c-4")
        running.wait_line("all analysed", timeout=120)
        staff.publish("cmd/stop", {"id": "s"})
        staff.wait("state/playback", lambda s: s["state"] != "playing")
        titles = {
            t["title"] for _, topic, p in staff.seen if topic == "state/playback" and (t := track_in(p))
        }
    log = "\n".join(running.log)
    assert re.search(r"decided: swap", log), "the log was read"
    found = [
        secret
        for secret in (
            PSEUDONYM,
            LOVED,
            "1937",
            NOTE,
            "Quintessa",
            "night-nurse",
            "crying",
            "6173",
            track["id"],
        )
        if secret.lower() in log.lower()
    ]
    assert not found, log
    assert len(titles) >= 2
    assert not [title for title in (*titles, *CALM, *LIVELY) if title in log]
    assert FEELING not in log.lower(), "how somebody feels is told in the journal and to staff alone"


def track_in(payload: bytes) -> Any:
    return json.loads(payload).get("track")
