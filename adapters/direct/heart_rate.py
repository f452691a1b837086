"""Heart Rate Measurement, characteristic 0x2A37 of the Bluetooth Heart Rate Service 1.0. Pure."""

from msgspec import Struct

from adapters.mqtt.values import SCALES
from player.errors import PayloadError
from player.model import Quantity

WIDE, CONTACT, CONTACT_KNOWN, ENERGY, INTERVALS = 1, 2, 4, 8, 16  # flags
TICKS = 1024.0  # of an RR interval, per second


class Measurement(Struct, frozen=True, kw_only=True):
    bpm: int
    contact: bool | None  # with the skin; None: the sensor cannot tell
    rr_ms: tuple[float, ...] = ()


def measurement(data: bytes) -> Measurement:
    """Raises `PayloadError`: too short, no contact with the skin, or not the pulse of a person."""
    flags = data[0] if data else 0
    wide = bool(flags & WIDE)
    at = 3 if wide else 2
    intervals = at + (2 if flags & ENERGY else 0)
    if len(data) < intervals:
        raise PayloadError("heart-rate", "bad-payload", f"{len(data)} bytes are too few for its flags")
    contact = bool(flags & CONTACT) if flags & CONTACT_KNOWN else None
    if contact is False:
        raise PayloadError("heart-rate", "no-contact", "the strap does not touch the skin")
    bpm = int.from_bytes(data[1:at], "little")
    scale = SCALES[Quantity.HEART_RATE]
    if not scale.low <= bpm <= scale.high:
        raise PayloadError("heart-rate", "bad-value", f"a pulse outside {scale.low:g} to {scale.high:g}")
    ticks = data[intervals:] if flags & INTERVALS else b""
    rr_ms = tuple(
        round(1000.0 * int.from_bytes(ticks[n : n + 2], "little") / TICKS, 1)
        for n in range(0, len(ticks) - 1, 2)
    )
    return Measurement(bpm=bpm, contact=contact, rr_ms=rr_ms)
