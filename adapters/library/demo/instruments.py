"""The instruments of TimGM6mb that the demo library uses, levelled against each other."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Instrument:
    """program: General MIDI, 0-127; None is the percussion channel. trim in dB.

    The trims were measured: with them a scale at velocity 90 is equally loud (BS.1770) on every instrument.
    """

    program: int | None
    trim: float


PIANO: Final = Instrument(0, 2.0)
HONKY_TONK: Final = Instrument(3, -1.5)
CELESTA: Final = Instrument(8, -8.0)
GLOCKENSPIEL: Final = Instrument(9, -3.0)
XYLOPHONE: Final = Instrument(13, 3.4)
DULCIMER: Final = Instrument(15, -6.5)
ACCORDION: Final = Instrument(21, -9.5)
GUITAR: Final = Instrument(24, -13.0)
STEEL_GUITAR: Final = Instrument(25, -8.0)
BASS: Final = Instrument(32, -9.5)
CELLO: Final = Instrument(42, -6.0)
PIZZICATO: Final = Instrument(45, -9.0)
HARP: Final = Instrument(46, -12.5)
STRINGS: Final = Instrument(48, -7.5)
SLOW_STRINGS: Final = Instrument(49, -4.0)
CHOIR: Final = Instrument(52, -2.5)
TRUMPET: Final = Instrument(56, -9.0)
TUBA: Final = Instrument(58, -4.0)
HORN: Final = Instrument(60, -13.0)
CLARINET: Final = Instrument(71, -10.0)
PICCOLO: Final = Instrument(72, -7.5)
FLUTE: Final = Instrument(73, -3.0)
BANJO: Final = Instrument(105, -9.0)
FIDDLE: Final = Instrument(110, -6.0)
DRUMS: Final = Instrument(None, -6.0)

# Letter in a grid → General MIDI percussion key, and a factor for the velocity that levels it.
PERCUSSION: Final = {
    "K": (36, 0.9),  # bass drum
    "S": (38, 0.75),  # snare
    "P": (39, 1.5),  # hand clap
    "H": (42, 2.0),  # closed hi-hat
    "C": (49, 1.3),  # crash cymbal
    "T": (54, 1.5),  # tambourine
    "G": (81, 0.7),  # triangle
}
