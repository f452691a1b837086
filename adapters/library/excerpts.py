"""Which parts of a track a quick scan listens to."""

from typing import Final

from player.units import Seconds

# Tuning constants, chosen by agreement with the full analysis (`python -m tests.bench --only scan`).
CENTRES: Final = (0.2, 0.5, 0.8)  # of the excerpts, as shares of the track: not its entrance, not its end
LENGTH: Final = Seconds(20.0)  # of each; whole seconds
WHOLE: Final = Seconds(75.0)  # a track up to this length is analysed from end to end: that costs as little


def excerpts(duration: Seconds) -> tuple[Seconds, ...]:
    """Where excerpts of `LENGTH` begin, in order; empty when the track is to be analysed whole."""
    if duration <= WHOLE:
        return ()
    return tuple(Seconds(round(centre * duration - LENGTH / 2.0, 3)) for centre in CENTRES)
