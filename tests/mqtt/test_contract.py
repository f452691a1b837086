"""The published contract is current, well formed, and what the code really says and takes."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import numpy as np
import pytest
from typer.testing import CliRunner

from adapters.cli import app
from adapters.mqtt import payloads
from adapters.mqtt.contract import AVAILABILITY, CHANNELS, Channel, asyncapi, json_schema
from adapters.mqtt.topics import Topics
from player.model import Verb
from player.units import SAMPLE_RATE
from tests.mqtt.write_contract import DOCUMENT, README, document, readme
from tests.support.lull import lull, person
from tests.support.wav import write_wav

ROOM = Topics("lull", "home1", "room7")
INWARD = [c for c in CHANNELS if c.inward]


def test_the_documents_are_current() -> None:
    assert DOCUMENT.read_bytes() == document(), "run `make contract`"
    assert README.read_text() == readme(), "run `make contract`"
    printed = CliRunner().invoke(app, ["mqtt", "contract"])
    assert json.loads(printed.stdout) == json.loads(DOCUMENT.read_bytes())


def test_every_reference_leads_somewhere_and_every_schema_is_one() -> None:
    whole = json.loads(document())
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(whole)):
        found: Any = whole
        for step in reference.split("/"):
            found = found[step]
        assert isinstance(found, dict)
    for channel in CHANNELS:
        if channel.payload is not None:
            jsonschema.Draft202012Validator.check_schema(json_schema(channel.payload))
    assert asyncapi()["asyncapi"] == "3.0.0"


def test_every_payload_type_has_its_channel() -> None:
    """A type that ends in Payload and stands in no other is a message of its own."""
    types = {t for name, t in vars(payloads).items() if name.endswith("Payload") and isinstance(t, type)}
    parts = {payloads.TrackPayload, payloads.EvidencePayload}
    assert {channel.payload for channel in CHANNELS} - {None} == types - parts


def channel_of(topic: str) -> Channel:
    """`topic` below the player."""
    for channel in CHANNELS:
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", channel.topic), topic):
            return channel
    raise AssertionError(f"{topic} stands in no contract")


def test_all_that_a_real_service_publishes_validates(tmp_path: Path) -> None:
    (tmp_path / "music").mkdir()
    for n in range(2):
        tone = 0.1 * np.sin(2.0 * np.pi * (330.0 + 110.0 * n) * np.arange(60 * SAMPLE_RATE) / SAMPLE_RATE)
        write_wav(tmp_path / "music" / f"{n}.wav", np.repeat(tone.astype(np.float32)[:, None], 2, axis=1))
    (tmp_path / "resident.yaml").write_text("{id: heron, quiet_hours: null}")
    settings = {
        "site": "home1",
        "player": "room7",
        "resident": str(tmp_path / "resident.yaml"),
        "library": {"folders": [str(tmp_path / "music")]},
        "data": str(tmp_path / "data"),
        "audio": {"device": "null"},
        "web": {"listen": None},
    }
    with lull(settings, tmp_path) as running, person(running.port, ROOM.root) as staff:
        staff.wait("state/playback", lambda s: s["state"] == "playing")
        for verb in Verb:
            staff.publish(f"cmd/{verb}", {"id": f"c-{verb}"})
        staff.publish("signal/agitation/band", b"0.7")
        staff.publish("signal/heart_rate/band", {"value": 72, "unit": "bpm"})
        staff.publish("feedback", {"id": "f", "rating": 1, "note": "smiled"})
        staff.publish("cmd/no-such-verb", {"id": "last"})
        staff.wait("cmd_result", lambda r: r["id"] == "last")
        staff.wait("state/agitation", lambda s: s["confidence"] > 0.0)
        seen = list(staff.seen)
    checked = set()
    for _, topic, payload in seen:
        channel = channel_of(topic)
        if channel.inward:
            continue
        if channel.payload is None:
            assert channel.name == AVAILABILITY and payload in (b"online", b"offline")
        else:
            jsonschema.validate(json.loads(payload), json_schema(channel.payload))
        checked.add(channel.name)
    assert checked >= {
        "availability",
        "status",
        "playback",
        "volume",
        "mode",
        "agitation",
        "decision",
        "result",
    }


@pytest.mark.parametrize("channel", INWARD, ids=lambda c: c.name)
def test_a_schema_takes_what_the_decoder_takes(channel: Channel) -> None:
    """Unknown fields on input are allowed by both."""
    assert channel.payload is not None
    example: dict[str, Any] = {"value": 1, "id": "x", "rating": 1, "unknown": True}
    jsonschema.validate(example, json_schema(channel.payload))
    msgspec.json.decode(json.dumps(example), type=channel.payload)
    for broken in ({"id": "x" * 200, "rating": 1, "value": {}}, {"rating": 7, "value": [], "id": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, json_schema(channel.payload))
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(json.dumps(broken), type=channel.payload)
