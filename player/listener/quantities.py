"""What each quantity looks like: its plausible range, its pace, and a stranger's usual value."""

import math

from msgspec import Struct

from player.model import Quantity


class Nature(Struct, frozen=True, kw_only=True):
    """How a quantity is read. Levels are compared on the scale of `encode`.

    low, high: outside, the sensor is wrong. prior, spread: level of a person not yet known, and how
    far one person departs within minutes. prior_s: s of readings for which the prior counts.
    offset: None for a linear scale, else ln(value + offset). tonic, fast: time constants s.
    scale: departure that counts as large. floor: of the variability, below is noise. stuck_s: s
    without any change after which a sensor is stuck; infinite where staying the same is normal.
    """

    low: float
    high: float
    prior: float
    spread: float
    scale: float
    prior_s: float = 30.0
    offset: float | None = None
    tonic: float = 900.0
    fast: float = 15.0
    floor: float = 0.1
    stuck_s: float = math.inf

    def encode(self, value: float) -> float:
        return value if self.offset is None else math.log(max(value, 0.0) + self.offset)

    def decode(self, level: float) -> float:
        return level if self.offset is None else math.exp(level) - self.offset


# Priors: own guesses for an older adult at rest, in round numbers; they count for seconds only.
# Time constants and scales were chosen on the recordings that tests/bench/evidence.py describes.
NATURES: dict[Quantity, Nature] = {
    Quantity.HEART_RATE: Nature(
        low=30, high=210, prior=75, spread=4, scale=8, tonic=1200, floor=0.3, stuck_s=180
    ),
    Quantity.HEART_RATE_VARIABILITY: Nature(
        low=1, high=300, prior=math.log(26), spread=0.25, scale=0.5, offset=1, fast=30, stuck_s=600
    ),
    Quantity.EDA: Nature(
        low=0, high=100, prior=math.log(0.5), spread=0.25, scale=0.5, prior_s=5, offset=0.05, stuck_s=600
    ),
    Quantity.SKIN_TEMPERATURE: Nature(
        low=10, high=43, prior=32, spread=0.3, scale=0.5, prior_s=5, tonic=600, floor=0.01, stuck_s=3600
    ),
    Quantity.RESPIRATION: Nature(low=3, high=60, prior=15, spread=1.0, scale=2.0, fast=30, stuck_s=900),
    Quantity.MOVEMENT: Nature(
        low=0, high=16, prior=math.log(0.02), spread=0.4, scale=0.6, offset=0.005, fast=30, floor=0.05
    ),
    Quantity.SOUND_LEVEL: Nature(low=-40, high=100, prior=0, spread=4, scale=10, prior_s=300, fast=20),
}
