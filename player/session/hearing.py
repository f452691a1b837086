"""From how the resident hears to how the programme is shaped."""

from typing import Final

from player.model import Shape
from player.settings import HearingSettings
from player.units import Decibels

# Of high tones over the rest; own judgement, far below what a hearing aid would give (see mixing.hearing).
TREBLE: Final = {"off": Decibels(0.0), "mild": Decibels(3.0), "moderate": Decibels(6.0)}


def shape_for(hearing: HearingSettings) -> Shape:
    return Shape(mono=hearing.mono, balance=hearing.balance, treble=TREBLE[hearing.presbycusis])
