"""The way through a calibration: the room, the noise, the meter; never louder than the profile allows."""

from collections.abc import Callable

from adapters.calibration.noise import NoisePlayer, full_scale_dba
from player.errors import LullError, SettingsError
from player.settings import Profile
from player.units import Decibels, Percent, volume_to_db

START = Percent(20.0)  # −40 dB: quiet with any amplifier that people use at a bed
STEP = Percent(5.0)
LEAST_ABOVE = 10.0  # dB over the room; below, the room itself is measured (ISO 3744 asks for 6, better 15)
LOUDEST_READING = 85.0  # dB(A): above it nobody measures on
QUIETEST, LOUDEST = 15.0, 110.0  # dB(A) that a meter can show in a room

Ask = Callable[[str], str]
Tell = Callable[[str], None]


class StoppedError(LullError):
    """Nothing was changed."""


def measure(play: Callable[[Decibels], NoisePlayer], profile: Profile, ask: Ask, tell: Tell) -> float:
    """dB(A) of digital full scale at the ear. play: opens the device at this programme gain.

    Raises `StoppedError`, `OutputError`.
    """
    tell(
        "Hold a sound level meter (dB(A), slow) where the resident's ear is. Leave the amplifier as it stays."
    )
    room = _reading(ask, tell, "The meter in the quiet room, dB(A)")
    top = profile.volume.max
    volume = Percent(min(START, top))
    with play(volume_to_db(volume)) as noise:
        while True:
            ways = "+ louder, - quieter, q stop, or the meter's dB(A)"
            answer = ask(f"Noise at {volume:g} % (at most {top:g} %). {ways}")
            word = answer.strip().lower()
            if word in ("q", "quit", ""):
                raise StoppedError("Stopped: nothing was changed.")
            if word in ("+", "-"):
                volume = Percent(min(max(volume + (STEP if word == "+" else -STEP), STEP), top))
                noise.set(volume_to_db(volume))
                continue
            reading = number(word)
            if reading is None:
                tell("That is no number between 15 and 110.")
            elif reading > LOUDEST_READING:
                volume = Percent(min(START, top))
                noise.set(volume_to_db(volume))
                tell(f"{reading:g} dB(A) is too loud: turn the amplifier down and begin again from quiet.")
            elif reading < room + LEAST_ABOVE:
                tell(f"Too near to the room ({room:g} dB(A)): make it louder, or the room quieter.")
            else:
                noise.set(volume_to_db(volume))  # tells of a device that has gone
                return full_scale_dba(reading, volume_to_db(volume))


def check_result(value: float) -> float:
    """Raises `SettingsError` for what cannot be."""
    if not 40.0 <= value <= 130.0:
        raise SettingsError(f"full level would be {value:.0f} dB(A), which cannot be: check meter and volume")
    return round(value, 1)


def _reading(ask: Ask, tell: Tell, question: str) -> float:
    while True:
        answer = ask(question).strip().lower()
        if answer in ("q", "quit", ""):
            raise StoppedError("Stopped: nothing was changed.")
        value = number(answer)
        if value is not None:
            return value
        tell("That is no number between 15 and 110.")


def number(word: str) -> float | None:
    """dB(A) as people type them; None for what no meter shows in a room."""
    try:
        value = float(word.replace(",", "."))
    except ValueError:
        return None
    return value if QUIETEST <= value <= LOUDEST else None
