"""Which parts of a track a quick scan listens to."""

from typing import Final

from player.units import Seconds

# Tuning constants, chosen by agreement with the full analysis (`python -m tests.bench --only scan`).
# Many short places say more of how calm a track is than few long ones (rank correlation with the whole over
# 59 recordings 0.95 for 12 × 4 s, 0.94 for 12 × 5 s, 0.93 for 5 × 10 s). Of tempo they say less: within 4 %
# of the whole on 0.56, 0.59 and 0.64 (each ± 0.06), and no choice of a minute on more than 0.66.
PLACES: Final = 12
CENTRES: Final = tuple((place + 0.5) / PLACES for place in range(PLACES))  # as shares of the track
LENGTH: Final = Seconds(4.0)  # of each; whole seconds
WHOLE: Final = Seconds(75.0)  # a track up to this length is analysed from end to end: that costs little more


def excerpts(duration: Seconds) -> tuple[Seconds, ...]:
    """Where excerpts of `LENGTH` begin, in order; empty when the track is to be analysed whole."""
    if duration <= WHOLE:
        return ()
    return tuple(Seconds(round(centre * duration - LENGTH / 2.0, 3)) for centre in CENTRES)
