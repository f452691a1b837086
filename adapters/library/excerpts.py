"""Which parts of a track a quick scan listens to."""

from typing import Final

from player.units import Seconds

# Tuning constants, chosen by agreement with the full analysis (`python -m tests.bench --only scan`).
# Many short places say more of how calm a track is than few long ones (rank correlation with the whole 0.95
# for 12 × 5 s, 0.86 for 3 × 20 s, over 61 recordings); of its tempo they say less.
PLACES: Final = 12
CENTRES: Final = tuple((place + 0.5) / PLACES for place in range(PLACES))  # as shares of the track
LENGTH: Final = Seconds(5.0)  # of each; whole seconds
WHOLE: Final = Seconds(75.0)  # a track up to this length is analysed from end to end: that costs as little


def excerpts(duration: Seconds) -> tuple[Seconds, ...]:
    """Where excerpts of `LENGTH` begin, in order; empty when the track is to be analysed whole."""
    if duration <= WHOLE:
        return ()
    return tuple(Seconds(round(centre * duration - LENGTH / 2.0, 3)) for centre in CENTRES)
