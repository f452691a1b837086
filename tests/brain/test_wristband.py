"""The virtual wristband against a real mosquitto."""

import asyncio

import pytest

from adapters import virtual_resident
from adapters.virtual_resident import VirtualWristband
from player.units import Seconds
from tests.support.broker import listening, running_broker

ROOT = "lull/v1/home1/room7"
GARBAGE = (b"", b"hi", b"5", b"[]", b'{"state": 5}', b'{"state": "\xff"}', b'{"x":' + b"[" * 20_000)


class Echo:
    """Feels what it hears."""

    def __init__(self, **_: object) -> None:
        pass

    def agitation(self, _now: Seconds, calmness: float | None) -> float:
        return calmness or 0.0


async def test_garbage_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual_resident, "PERIOD", 0.02)
    monkeypatch.setattr(virtual_resident, "VirtualResident", Echo)
    with running_broker() as broker:
        async with listening(broker.port, f"{ROOT}/#") as person:
            wristband = VirtualWristband(ROOT, "127.0.0.1", broker.port, lambda: Seconds(0.0))
            wearing = asyncio.create_task(wristband.run())
            await person.wait("agitation/wristband")
            for payload in (*GARBAGE, b'{"state": "playing", "calmness": 0.9}'):
                await person.client.publish(f"{ROOT}/state/playback", payload, qos=1)
            await person.wait("agitation/wristband", lambda felt: felt == {"value": 0.9})
            assert not wearing.done()
            wearing.cancel()
            await asyncio.gather(wearing, return_exceptions=True)
