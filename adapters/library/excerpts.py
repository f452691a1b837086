"""Which parts of a track a quick scan listens to."""

from typing import Final

from player.units import Seconds

# Tuning constants, chosen by agreement with the full analysis, each figure a mean over five phases of the
# places: rank correlation of calmness on 63 recordings (orchestra, electronic) 0.93 for 12 × 4 s, 0.92 for
# 8 × 4 s, 0.90 for 6 × 5 s, 0.84 for 3 × 10 s (± 0.02); tempo within 4 % of the whole's, there and on 60 pop
# songs, 0.61 and 0.88, 0.54 and 0.87, 0.59 and 0.90, 0.67 and 0.91. Many places say how calm a track is,
# long ones how fast; 30 s of them cost 0.17 s of processor, a third of it in FFmpeg. No excerpt agrees on
# tempo much better: where tempo wavers, half of a recording agrees with the whole in 0.84.
PLACES: Final = 6
CENTRES: Final = tuple((place + 0.5) / PLACES for place in range(PLACES))  # as shares of the track
LENGTH: Final = Seconds(5.0)  # of each; whole seconds
WHOLE: Final = Seconds(75.0)  # a track up to this length is analysed from end to end: that costs little more


def excerpts(duration: Seconds) -> tuple[Seconds, ...]:
    """Where excerpts of `LENGTH` begin, in order; empty when the track is to be analysed whole."""
    if duration <= WHOLE:
        return ()
    return tuple(Seconds(round(centre * duration - LENGTH / 2.0, 3)) for centre in CENTRES)
