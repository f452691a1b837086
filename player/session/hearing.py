"""What the audio process must know of the resident: how they hear, and if the room may be listened to."""

from collections.abc import Callable
from typing import Final

from player.model import Listen, MixCommand, Shape
from player.settings import HearingSettings, Profile
from player.units import Decibels

# Of high tones over the rest; own judgement, far below what a hearing aid would give (see mixing.hearing).
TREBLE: Final = {"off": Decibels(0.0), "mild": Decibels(3.0), "moderate": Decibels(6.0)}


def shape_for(hearing: HearingSettings) -> Shape:
    return Shape(mono=hearing.mono, balance=hearing.balance, treble=TREBLE[hearing.presbycusis])


class Ears:
    """Tells an audio process once, and again when the profile changes."""

    def __init__(self, send: Callable[[MixCommand], None], microphone: str | None) -> None:
        self._send, self._microphone = send, microphone
        self._shape, self._listen = Shape(), Listen(on=False)

    def begin(self, profile: Profile) -> None:
        """A new process knows nothing, and listens to nothing."""
        self._shape, self._listen = Shape(), Listen(on=False)
        self.follow(profile)

    def follow(self, profile: Profile) -> None:
        shape = shape_for(profile.hearing)
        listen = Listen(on=self._microphone is not None and profile.consent.microphone)
        if shape != self._shape:
            self._shape = shape
            self._send(shape)
        if listen != self._listen:
            self._listen = listen
            self._send(listen)
