"""Readings → how agitated the listener seems, how sure that is, and why."""

import math

from msgspec import Struct

from player.listener.arousal import logistic
from player.listener.sensors import Habits, Picture, Piece, Sensors
from player.model import Evidence, ListenerState, Quantity, Reading, Trend, Validity
from player.units import Decibels, Seconds

# Own judgement, unless a line says otherwise.
HALF_LIFE = {Quantity.AGITATION: 60.0, Quantity.AGITATION_RATING: 600.0}  # s
STALE_AFTER = {Quantity.AGITATION: 180.0, Quantity.AGITATION_RATING: 1800.0}  # s
TRUST = {Quantity.AGITATION: 0.5, Quantity.AGITATION_RATING: 1.0}  # confidence of one fresh reading, 0-1
RATING_WEIGHT = 8.0  # a person in the room outweighs any sensor (SCIENCE: staff are authoritative)
MAX_SOURCES = 32  # of one resident; the one that was silent longest goes
RATING_FULL_SCALE = 4.0
UNUSUAL_RATING = 2.0  # from here on a moment is not learned as usual
UNUSUAL_FOR = 600.0  # s
AHEAD = 5.0  # s by which a reading may seem to come from the future
TREND_TIME_CONSTANT = 60.0  # s
TREND_THRESHOLD = 0.1  # change of agitation that is called a trend
# Log-odds against arousal. Chosen in people left out: 0.14 false episodes per calm hour at the default
# persistence (goal 0.3), with room for people who differ from those 23.
CAUTION = 1.6


class _Voice(Struct, frozen=True, kw_only=True):
    """One opinion in the fusion: of a reading of agitation itself, or of all other sensors together."""

    said: Reading | Picture
    agitation: float
    weight: float
    trust: float  # 0-1


class EvidencePool:
    """Staff ratings, scores computed elsewhere and the sensors of the body, fused with freshness and quality.

    Estimate: Σ wᵢaᵢ / Σ wᵢ with wᵢ = qualityᵢ · 2^(−ageᵢ/half-lifeᵢ) · (8 for a staff rating); the
    sensors of body and room are one voice, with their confidence as weight.
    Confidence: 1 − Π (1 − trustᵢ), less what the voices differ by; 0 when nothing is fresh, when the
    wearable is off and while the resident sleeps: a missing sensor is never evidence of calm.
    """

    def __init__(self, habits: Habits | None = None) -> None:
        """habits: what earlier runs learned of this person."""
        self._newest: dict[tuple[str, Quantity], Reading] = {}
        self._sensors = Sensors(habits)
        self._unusual_until = Seconds(-math.inf)
        self._slow: float | None = None  # agitation, smoothed
        self._slow_at = Seconds(0.0)

    def observe(self, reading: Reading) -> None:
        """Take a reading; what is not finite is left aside."""
        if not (math.isfinite(reading.value) and math.isfinite(reading.at)):
            return
        if reading.quantity not in HALF_LIFE:
            self._sensors.observe(reading, learn=self._usual(reading.at))
            return
        if reading.quantity is Quantity.AGITATION_RATING:
            self._rated(reading)
        self._newest.pop((reading.source, reading.quantity), None)
        self._newest[reading.source, reading.quantity] = reading
        while len(self._newest) > MAX_SOURCES:
            del self._newest[next(iter(self._newest))]

    def playing(self, level: Decibels | None, at: Seconds) -> None:
        """Programme gain heard in the room from now on, dB; None: silence. Music is no voice."""
        self._sensors.own_sound.playing(level, at)

    def clock_is(self, ahead: Seconds) -> None:
        """So far is the wall clock ahead of the moments given here: habits have hours of the true day."""
        self._sensors.clock_is(ahead)

    def estimate(self, at: Seconds, *, rated: bool = True) -> ListenerState:
        """The listener at this moment; may be asked as often as one likes.

        rated: False leaves out the ratings of staff, which hold still and tell nothing of what came after
        them; then without a trend.
        """
        self._drop_stale(at)
        not_worn = self._sensors.not_worn(at)
        asleep = self._sensors.sleep.asleep(at)
        voices = [
            self._reported(reading, at)
            for reading in self._newest.values()
            if reading.source not in not_worn and (rated or reading.quantity is not Quantity.AGITATION_RATING)
        ]
        sensed = None if asleep else self._sensed(at, not_worn)
        if sensed is not None:
            voices.append(sensed)
        total = sum(voice.weight for voice in voices)
        if total <= 0.0:
            self._slow = None if rated else self._slow
            validity = Validity.NOT_WORN if not_worn else Validity.VALID
            return ListenerState(
                agitation=0.0,
                confidence=0.0,
                trend=Trend.STEADY,
                why=(),
                at=at,
                validity=Validity.ASLEEP if asleep else validity,
            )
        agitation = sum(voice.agitation * voice.weight for voice in voices) / total
        doubt, differing = 1.0, 0.0
        for voice in voices:
            doubt *= 1.0 - voice.trust
            differing += voice.weight / total * abs(voice.agitation - agitation)
        return ListenerState(
            agitation=min(max(agitation, 0.0), 1.0),
            confidence=(1.0 - doubt) * (1.0 - differing),
            trend=self._trend(agitation, at) if rated else Trend.STEADY,
            why=_strongest(voices, total, at),
            at=at,
            validity=Validity.ASLEEP if asleep else Validity.VALID,
        )

    def habits(self) -> Habits:
        """What is usual for this person, to be stored."""
        return self._sensors.habits()

    def rating(self, at: Seconds) -> float | None:
        """The newest rating by staff that still counts, 0-4."""
        fresh = STALE_AFTER[Quantity.AGITATION_RATING]
        ratings = [
            reading
            for reading in self._newest.values()
            if reading.quantity is Quantity.AGITATION_RATING and -AHEAD <= at - reading.at <= fresh
        ]
        return max(ratings, key=lambda reading: reading.at).value if ratings else None

    def features(self, at: Seconds) -> dict[str, float]:
        """What the fitted model sees at this moment, by name (see `arousal.FEATURES`): for fitting it."""
        return self._sensors.picture(at, set()).features

    # --- voices -----------------------------------------------------------------------------------------

    def _rated(self, reading: Reading) -> None:
        """Staff teach what movement means, and which moments are not usual."""
        rating = min(max(reading.value, 0.0), RATING_FULL_SCALE)
        self._sensors.sleep.wake()
        self._sensors.teach(rating / RATING_FULL_SCALE, reading.at)
        self._unusual_until = Seconds(reading.at + UNUSUAL_FOR if rating >= UNUSUAL_RATING else -math.inf)

    def _usual(self, at: Seconds) -> bool:
        """Whether a moment may be learned as usual: awake, and not seen restless by staff."""
        restless = self._unusual_until - UNUSUAL_FOR <= at < self._unusual_until
        return not restless and not self._sensors.sleep.asleep(at)

    @staticmethod
    def _reported(reading: Reading, at: Seconds) -> _Voice:
        """A staff rating, or a score that another device computed."""
        rated = reading.quantity is Quantity.AGITATION_RATING
        weight = min(reading.quality, 1.0) * 2.0 ** (-_age(reading, at) / HALF_LIFE[reading.quantity])
        return _Voice(
            said=reading,
            agitation=min(max(reading.value / (RATING_FULL_SCALE if rated else 1.0), 0.0), 1.0),
            weight=weight * (RATING_WEIGHT if rated else 1.0),
            trust=weight * TRUST[reading.quantity],
        )

    def _sensed(self, at: Seconds, not_worn: set[str]) -> _Voice | None:
        picture = self._sensors.picture(at, not_worn)
        if picture.confidence <= 0.0:
            return None
        return _Voice(
            said=picture,
            agitation=logistic(picture.log_odds - CAUTION),
            weight=picture.confidence,
            trust=picture.confidence,
        )

    # --- over time --------------------------------------------------------------------------------------

    def _drop_stale(self, at: Seconds) -> None:
        for key, reading in list(self._newest.items()):
            if not -AHEAD <= at - reading.at <= STALE_AFTER[reading.quantity]:
                del self._newest[key]

    def _trend(self, agitation: float, at: Seconds) -> Trend:
        if self._slow is None or at < self._slow_at:
            self._slow, self._slow_at = agitation, at
        change = agitation - self._slow
        keep = 2.0 ** (-(at - self._slow_at) / TREND_TIME_CONSTANT)
        self._slow, self._slow_at = agitation + keep * (self._slow - agitation), at
        if change > TREND_THRESHOLD:
            return Trend.RISING
        return Trend.FALLING if change < -TREND_THRESHOLD else Trend.STEADY


def _strongest(voices: list[_Voice], total: float, at: Seconds) -> tuple[Evidence, ...]:
    """The three pieces with the largest share in the estimate, readable one by one."""
    shares: list[tuple[float, _Voice, Piece | None]] = []
    for voice in voices:
        weight = voice.weight / total
        if isinstance(voice.said, Reading):
            shares.append((weight, voice, None))
            continue
        size = sum(abs(piece.log_odds) for piece in voice.said.pieces) or 1.0
        shares += [(weight * abs(piece.log_odds) / size, voice, piece) for piece in voice.said.pieces]
    shares.sort(key=lambda each: -each[0])
    return tuple(
        piece.evidence(weight, at) if piece else _plain(voice, weight, at)
        for weight, voice, piece in shares[:3]
    )


def _plain(voice: _Voice, weight: float, at: Seconds) -> Evidence:
    reading = voice.said
    assert isinstance(reading, Reading)
    return Evidence(
        source=reading.source,
        quantity=reading.quantity,
        agitation=voice.agitation,
        weight=weight,
        age=_age(reading, at),
    )


def _age(reading: Reading, at: Seconds) -> Seconds:
    return Seconds(max(at - reading.at, 0.0))
