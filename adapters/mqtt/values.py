"""What a signal may say: plausible range and accepted spellings of the unit, by quantity."""

from typing import Final

from msgspec import Struct

from player.errors import PayloadError
from player.model import Quantity

ON_OFF: Final = {"on": 1.0, "off": 0.0, "true": 1.0, "false": 0.0}


class Scale(Struct, frozen=True):
    """Inclusive limits of what is plausible for a person in a room (tuning constants), and units."""

    low: float
    high: float
    units: tuple[str, ...] = ()
    switch: bool = False  # on or off


SCALES: Final = {
    Quantity.AGITATION: Scale(0, 1, ("1",)),
    Quantity.AGITATION_RATING: Scale(0, 4),
    Quantity.HEART_RATE: Scale(30, 220, ("1/min", "bpm")),
    Quantity.HEART_RATE_VARIABILITY: Scale(0, 500, ("ms",)),
    Quantity.EDA: Scale(0, 100, ("µS", "μS", "uS")),  # micro sign, Greek mu, ASCII
    Quantity.SKIN_TEMPERATURE: Scale(10, 45, ("°C", "C")),
    Quantity.RESPIRATION: Scale(2, 80, ("1/min", "rpm")),
    Quantity.MOVEMENT: Scale(0, 16, ("g",)),
    Quantity.BED_OCCUPIED: Scale(0, 1, switch=True),
    Quantity.PRESENCE: Scale(0, 1, switch=True),
    Quantity.SOUND_LEVEL: Scale(-60, 100, ("dB",)),
    Quantity.SOUND_EVENT: Scale(0, 1, switch=True),
    Quantity.VOICE: Scale(0, 1, ("1",)),
    Quantity.SHOUT: Scale(0, 1, ("1",)),
    Quantity.REPETITIVE_CALL: Scale(0, 1, ("1",)),
    Quantity.POSTURE: Scale(0, 255),
    Quantity.ALARM: Scale(0, 1, switch=True),
}

# Of these a retained one still holds.
STATES: Final = frozenset({Quantity.BED_OCCUPIED, Quantity.PRESENCE, Quantity.ALARM})

# Of these a value without quality is none at all: it ends what was measured before.
FADING: Final = frozenset(
    {
        Quantity.AGITATION,
        Quantity.HEART_RATE,
        Quantity.HEART_RATE_VARIABILITY,
        Quantity.EDA,
        Quantity.SKIN_TEMPERATURE,
        Quantity.RESPIRATION,
        Quantity.SOUND_LEVEL,
    }
)


def quantity(kind: str) -> Quantity | None:
    try:
        return Quantity(kind)
    except ValueError:
        return None


def reading_value(kind: Quantity, value: float | bool | str, unit: str, topic: str) -> float:
    """The value in the unit of the quantity; raises `PayloadError`."""
    scale = SCALES[kind]
    if unit and unit not in scale.units:
        known = ", ".join(scale.units) or "none"
        raise PayloadError(topic, "bad-unit", f"accepted: {known}")
    if isinstance(value, bool | str):
        number = ON_OFF.get(str(value).lower()) if scale.switch else None
        if number is None:
            raise PayloadError(topic, "bad-value", "on or off" if scale.switch else "not a number")
        return number
    if not scale.low <= value <= scale.high or (scale.switch and value not in (0, 1)):
        raise PayloadError(topic, "bad-value", f"outside {scale.low:g} to {scale.high:g}")
    return float(value)


def clean(text: str, limit: int) -> str:
    """On one line, printable characters only (no controls, no lone surrogates), at most `limit` of them."""
    line = " ".join(text[: 4 * limit].split())
    return "".join(character for character in line if character.isprintable())[:limit].strip()
