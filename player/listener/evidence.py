"""Readings → how agitated the listener seems, how sure that is, and why.

For now two quantities count: an agitation score computed elsewhere (0-1) and the rating of a
person in the room (0-4). Physiological signals need personal baselines before they may count.
"""

from player.model import Evidence, ListenerState, Quantity, Reading, Trend
from player.units import Seconds

# Own judgement, to be replaced by measured reliabilities of each source.
HALF_LIFE = {Quantity.AGITATION: 60.0, Quantity.AGITATION_RATING: 600.0}  # s
STALE_AFTER = {Quantity.AGITATION: 180.0, Quantity.AGITATION_RATING: 1800.0}  # s
TRUST = {Quantity.AGITATION: 0.5, Quantity.AGITATION_RATING: 1.0}  # confidence of one fresh reading, 0-1
RATING_WEIGHT = 8.0  # a person in the room outweighs any sensor (SCIENCE: staff are authoritative)
MAX_SOURCES = 32  # of one resident; the one that was silent longest goes
RATING_FULL_SCALE = 4.0
TREND_TIME_CONSTANT = 60.0  # s
TREND_THRESHOLD = 0.1  # change of agitation that is called a trend


class EvidencePool:
    """The newest usable reading of each source, fused with freshness and quality.

    Estimate: Σ wᵢaᵢ / Σ wᵢ with wᵢ = qualityᵢ · 2^(−ageᵢ/half-lifeᵢ) · (8 for a staff rating).
    Confidence: 1 − Π (1 − trustᵢ · qualityᵢ · freshnessᵢ), 0 when nothing is fresh: a missing
    sensor is never evidence of calm.
    """

    def __init__(self) -> None:
        self._newest: dict[tuple[str, Quantity], Reading] = {}
        self._slow: float | None = None  # agitation, smoothed
        self._slow_at = Seconds(0.0)

    def observe(self, reading: Reading) -> None:
        """Take a reading; quantities that are not yet understood are left aside."""
        if reading.quantity in HALF_LIFE:
            self._newest.pop((reading.source, reading.quantity), None)
            self._newest[reading.source, reading.quantity] = reading
            while len(self._newest) > MAX_SOURCES:
                del self._newest[next(iter(self._newest))]

    def estimate(self, at: Seconds) -> ListenerState:
        self._drop_stale(at)
        weighed = [(reading, *self._weigh(reading, at)) for reading in self._newest.values()]
        total = sum(weight for _, weight, _ in weighed)
        if total <= 0.0:
            self._slow = None
            return ListenerState(agitation=0.0, confidence=0.0, trend=Trend.STEADY, why=(), at=at)
        agitation = sum(weight * _agitation(reading) for reading, weight, _ in weighed) / total
        doubt = 1.0
        for _, _, trust in weighed:
            doubt *= 1.0 - trust
        why = [
            Evidence(
                source=reading.source,
                quantity=reading.quantity,
                agitation=_agitation(reading),
                weight=weight / total,
                age=Seconds(max(at - reading.at, 0.0)),
            )
            for reading, weight, _ in sorted(weighed, key=lambda item: -item[1])[:3]
        ]
        return ListenerState(
            agitation=agitation,
            confidence=1.0 - doubt,
            trend=self._trend(agitation, at),
            why=tuple(why),
            at=at,
        )

    def _drop_stale(self, at: Seconds) -> None:
        for key, reading in list(self._newest.items()):
            if at - reading.at > STALE_AFTER[reading.quantity]:
                del self._newest[key]

    @staticmethod
    def _weigh(reading: Reading, at: Seconds) -> tuple[float, float]:
        freshness = 2.0 ** (-max(at - reading.at, 0.0) / HALF_LIFE[reading.quantity])
        authority = RATING_WEIGHT if reading.quantity is Quantity.AGITATION_RATING else 1.0
        weight = reading.quality * freshness * authority
        return weight, TRUST[reading.quantity] * reading.quality * freshness

    def _trend(self, agitation: float, at: Seconds) -> Trend:
        if self._slow is None:
            self._slow, self._slow_at = agitation, at
        change = agitation - self._slow
        keep = 2.0 ** (-max(at - self._slow_at, 0.0) / TREND_TIME_CONSTANT)
        self._slow, self._slow_at = agitation + keep * (self._slow - agitation), at
        if change > TREND_THRESHOLD:
            return Trend.RISING
        return Trend.FALLING if change < -TREND_THRESHOLD else Trend.STEADY


def _agitation(reading: Reading) -> float:
    if reading.quantity is Quantity.AGITATION_RATING:
        return reading.value / RATING_FULL_SCALE
    return reading.value
