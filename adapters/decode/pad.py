"""The last step of the ladder: a soft chord that never ends, synthesised here, so that nothing can fail."""

from typing import Final, Self

import numpy as np

from player.ports.audio import Pcm
from player.units import CHANNELS, SAMPLE_RATE, Seconds, db_to_amplitude

URI: Final = "lull:pad"
BLOCK: Final = 9600  # frames, 200 ms
# C, G, c, e, g: frequency (Hz), share of the amplitude, period of its slow swelling (s)
VOICES: Final = (
    (130.81, 1.0, 11.0),
    (196.00, 0.7, 13.0),
    (261.63, 0.6, 17.0),
    (329.63, 0.35, 19.0),
    (392.00, 0.25, 23.0),
)
DEPTH: Final = 0.2  # of the swelling
APART: Final = 0.35  # Hz between the two sides and between the voices of a chorus: it never stands still
LEVEL: Final = db_to_amplitude(-24.2)  # of one voice: the sum is −23 LUFS, as all music


class PadSource:
    """`ports.AudioSource` without an end. It cannot be moved to another place: there is none."""

    rate: Final = SAMPLE_RATE
    channels: Final = CHANNELS
    duration: Final = Seconds(0.0)

    def __init__(self, uri: str = URI) -> None:
        self.uri = uri
        self._frame = 0
        self._closed = False

    def read(self) -> Pcm | None:
        if self._closed:
            return None
        t = (self._frame + np.arange(BLOCK)) / SAMPLE_RATE
        block: Pcm = np.zeros((BLOCK, CHANNELS), np.float32)
        for number, (hertz, share, period) in enumerate(VOICES):
            swelling = 1.0 - DEPTH + DEPTH * np.sin(2 * np.pi * (t / period + number / len(VOICES)))
            for side, detune in enumerate((-APART / 2, APART / 2)):
                tone = np.sin(2 * np.pi * (hertz + detune) * t) + 0.5 * np.sin(
                    2 * np.pi * (hertz + APART) * t
                )
                block[:, side] += (LEVEL * share * swelling * tone).astype(np.float32)
        self._frame += BLOCK
        return block

    def seek(self, at: Seconds) -> None:
        """Every place is the same."""

    def close(self) -> None:
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
