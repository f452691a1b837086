"""From readings to the state of the listener: fusion, authority, validity, bad input."""

import math

import pytest
from msgspec import json

from player.listener.evidence import MAX_SOURCES, EvidencePool
from player.listener.sensors import MAX_SOURCES as MAX_SENSORS
from player.listener.sensors import Habits
from player.model import ListenerState, Quantity, Reading, Trend, Validity
from player.units import Decibels, Seconds

NOON = 1_600_000_000.0 - 1_600_000_000.0 % 86_400.0 + 43_200.0  # s, UTC


class Wrist:
    """A wristband at 1 Hz whose signals breathe a little around their level."""

    def __init__(self, at: float = NOON, source: str = "wristband") -> None:
        self.pool, self.at, self.source = EvidencePool(), at, source

    def tell(self, quantity: Quantity, value: float, at: float | None = None, source: str = "") -> None:
        when = Seconds(self.at if at is None else at)
        self.pool.observe(Reading(source=source or self.source, quantity=quantity, value=value, at=when))

    def wear(self, seconds: int, **levels: float) -> ListenerState:
        """Readings of each quantity named, e.g. heart_rate=70, wavering by some per cent."""
        for _ in range(seconds):
            self.at += 1.0
            for name, level in levels.items():
                wave = 1.0 + 0.02 * math.sin(self.at / 3.0) + 0.02 * math.sin(self.at / 7.0)
                self.tell(Quantity(name), level * wave)
        return self.state()

    def state(self, after: float = 0.0) -> ListenerState:
        return self.pool.estimate(Seconds(self.at + after))


CALM = {"heart_rate": 70.0, "eda": 0.5, "skin_temperature": 32.0, "movement": 0.03, "respiration": 14.0}
AROUSED = {"heart_rate": 95.0, "eda": 2.0, "skin_temperature": 32.0, "movement": 0.03, "respiration": 14.0}


def test_a_calm_hour_is_calm_and_arousal_is_seen_within_two_minutes() -> None:
    wrist = Wrist()
    calm = wrist.wear(900, **CALM)
    assert calm.agitation < 0.4 and calm.confidence > 0.3 and calm.validity is Validity.VALID
    restless = wrist.wear(120, **AROUSED)
    assert restless.agitation > 0.6


def test_the_evidence_can_be_read() -> None:
    wrist = Wrist()
    wrist.wear(900, **CALM)
    strongest, *others = wrist.wear(60, **AROUSED).why
    assert strongest.source == "wristband" and strongest.quantity is Quantity.EDA and len(others) == 2
    assert strongest.value == pytest.approx(2.0, rel=0.1) and strongest.usual == pytest.approx(0.5, rel=0.4)
    assert strongest.departure is not None and strongest.departure > 3.0


def test_without_sensors_nothing_is_known() -> None:
    state = EvidencePool().estimate(Seconds(NOON))
    assert state.confidence == 0.0 and state.validity is Validity.VALID and state.why == ()


def test_a_sensor_that_falls_silent_takes_its_confidence_along() -> None:
    wrist = Wrist()
    fresh = wrist.wear(600, **CALM)
    assert wrist.state(after=60.0).confidence < fresh.confidence
    assert wrist.state(after=200.0).confidence == 0.0


def test_population_priors_serve_from_the_first_reading() -> None:
    fast, usual = Wrist(), Wrist()
    assert fast.wear(5, heart_rate=130.0).agitation > usual.wear(5, heart_rate=75.0).agitation
    assert 0.0 < fast.state().confidence < 0.05, "a stranger is hardly known"


def test_every_quantity_alone_is_enough_and_tells_less() -> None:
    everything = Wrist().wear(600, **CALM).confidence
    for name, level in CALM.items():
        alone = Wrist().wear(600, **{name: level})
        assert 0.0 < alone.confidence < everything


def test_a_stuck_heart_rate_counts_for_nothing() -> None:
    wrist = Wrist()
    wrist.wear(300, heart_rate=70.0)
    for _ in range(240):
        wrist.at += 1.0
        wrist.tell(Quantity.HEART_RATE, 71.0)
    assert wrist.state().confidence == 0.0
    assert wrist.wear(5, heart_rate=72.0).confidence > 0.0, "it lives again"


def test_an_impossible_heart_rate_counts_for_nothing() -> None:
    wrist = Wrist()
    assert wrist.wear(60, heart_rate=0.0).confidence == 0.0
    assert wrist.wear(60, heart_rate=400.0).confidence == 0.0


def test_a_wearable_on_the_table_is_not_calm() -> None:
    wrist = Wrist()
    wrist.wear(600, **CALM)
    state = wrist.wear(600, skin_temperature=22.0, movement=0.001, heart_rate=0.0)
    assert state.confidence == 0.0 and state.validity is Validity.NOT_WORN
    wrist.tell(Quantity.AGITATION, 0.0)
    assert wrist.state().confidence == 0.0, "nor is what it computed itself"
    wrist.tell(Quantity.AGITATION_RATING, 3.0, source="staff")
    assert wrist.state().agitation == 0.75, "staff are believed all the same"


def test_a_removed_wearable_does_not_teach_what_is_usual() -> None:
    wrist = Wrist()
    wrist.wear(900, **CALM)
    wrist.wear(1800, skin_temperature=22.0, movement=0.001, heart_rate=0.0, eda=0.001)
    usual = {e.quantity: e.usual for e in wrist.wear(30, **CALM).why}
    assert usual[Quantity.EDA] == pytest.approx(0.5, rel=0.2)


def test_sleep_is_no_calm() -> None:
    wrist = Wrist()
    wrist.wear(300, heart_rate=70.0, movement=0.05)
    wrist.tell(Quantity.BED_OCCUPIED, 1.0, source="bed")
    assert wrist.wear(600, heart_rate=60.0, movement=0.005).validity is Validity.VALID
    asleep = wrist.wear(600, heart_rate=55.0, movement=0.005)
    assert asleep.validity is Validity.ASLEEP and asleep.confidence == 0.0
    awake = wrist.wear(5, heart_rate=65.0, movement=0.2)
    assert awake.validity is Validity.VALID and awake.confidence > 0.0


def test_who_lies_still_and_calls_does_not_sleep() -> None:
    wrist = Wrist()
    wrist.tell(Quantity.BED_OCCUPIED, 1.0, source="bed")
    assert wrist.wear(1200, heart_rate=70.0, movement=0.005).validity is Validity.ASLEEP
    wrist.tell(Quantity.SHOUT, 0.9, source="room-microphone")
    assert wrist.state().validity is Validity.VALID and wrist.state().confidence > 0.0


def test_lying_still_without_a_bed_sensor_is_not_called_sleep() -> None:
    assert Wrist().wear(1800, heart_rate=60.0, movement=0.005).validity is Validity.VALID


def test_a_staff_rating_beats_the_sensors_and_decays() -> None:
    wrist = Wrist()
    wrist.wear(900, **CALM)
    wrist.tell(Quantity.AGITATION_RATING, 4.0, source="staff")
    courses = [wrist.wear(300, **CALM).agitation for _ in range(7)]
    assert courses[0] > 0.85 and courses[-1] < 0.3
    assert courses == sorted(courses, reverse=True)
    wrist.wear(60, **AROUSED)
    wrist.tell(Quantity.AGITATION_RATING, 0.0, source="staff")
    state = wrist.state()
    assert state.agitation < 0.15 and state.why[0].quantity is Quantity.AGITATION_RATING


def test_a_time_that_staff_call_restless_is_not_learned_as_usual() -> None:
    rated, unrated = Wrist(), Wrist()
    for wrist in (rated, unrated):
        wrist.wear(600, **CALM)
        if wrist is rated:
            wrist.tell(Quantity.AGITATION_RATING, 3.0, source="staff")
        wrist.wear(500, **AROUSED)
    heart = [next(e.usual for e in w.state().why if e.quantity is Quantity.EDA) for w in (rated, unrated)]
    assert heart[0] is not None and heart[1] is not None
    assert heart[0] == pytest.approx(0.5, rel=0.1) and heart[1] > 1.3 * heart[0]


def test_contradicting_wristbands_are_believed_less() -> None:
    agreeing, differing = Wrist(), Wrist()
    for wrist, other in ((agreeing, 70.0), (differing, 110.0)):
        wrist.wear(600, heart_rate=70.0)
        for _ in range(600):
            wrist.at += 1.0
            wobble = math.sin(wrist.at)
            wrist.tell(Quantity.HEART_RATE, 70.0 + wobble)
            wrist.tell(
                Quantity.HEART_RATE, (other if wrist.at % 600 > 500 else 70.0) + wobble, source="other"
            )
    assert differing.state().confidence < 0.8 * agreeing.state().confidence


def test_a_score_against_a_score_is_believed_less() -> None:
    pool = EvidencePool()
    for source, value in (("a", 0.0), ("b", 1.0)):
        pool.observe(Reading(source=source, quantity=Quantity.AGITATION, value=value, at=Seconds(NOON)))
    assert pool.estimate(Seconds(NOON)).confidence == pytest.approx(0.375)


def test_the_clock_jumps() -> None:
    for jump in (-7200.0, -60.0, 7200.0, 86_400.0 * 400):
        wrist = Wrist()
        wrist.wear(900, **CALM)
        wrist.at += jump
        assert wrist.state().confidence == 0.0, "a reading of another time is no evidence"
        state = wrist.wear(60, **CALM)
        assert state.agitation < 0.5 and 0.0 < state.confidence <= 1.0
        assert wrist.wear(120, **AROUSED).agitation > state.agitation + 0.2


def test_late_readings_change_nothing() -> None:
    wrist, punctual = Wrist(), Wrist()
    for each in (wrist, punctual):
        each.wear(300, **CALM)
    wrist.tell(Quantity.HEART_RATE, 180.0, at=wrist.at - 3.0)
    assert wrist.state() == punctual.state()


def test_music_of_ones_own_is_no_voice() -> None:
    def room(voice: float, *, told: bool) -> ListenerState:
        wrist = Wrist(source="room")
        wrist.wear(600, sound_level=1.0)
        if told:
            wrist.pool.playing(Decibels(-30.0), Seconds(wrist.at))
        wrist.wear(120, sound_level=20.0)
        return wrist.wear(60, sound_level=20.0 + voice)

    assert room(0.0, told=False).agitation > room(0.0, told=True).agitation
    shouting = room(20.0, told=True)
    assert shouting.why and shouting.why[0].quantity is Quantity.SOUND_LEVEL
    assert shouting.agitation > 0.2 > room(0.0, told=True).agitation


def test_a_cry_counts_less_while_music_plays() -> None:
    def cry(level: Decibels | None) -> float:
        pool = EvidencePool()
        pool.playing(level, Seconds(NOON))
        pool.observe(Reading(source="room", quantity=Quantity.SOUND_EVENT, value=1.0, at=Seconds(NOON + 20)))
        return pool.estimate(Seconds(NOON + 20)).confidence

    assert 0.0 < cry(Decibels(-20.0)) < 0.5 * cry(None)


def test_activity_counts_by_its_size_until_staff_teach_its_sign() -> None:
    """One whose stillness is a bad sign, and one whose walking is."""

    def after_lessons(moving: float, still: float) -> tuple[float, float]:
        wrist = Wrist()
        wrist.wear(900, movement=0.03)
        for n in range(24):
            level, rating = (0.3, moving) if n % 2 else (0.002, still)
            wrist.wear(120, movement=level)
            wrist.tell(Quantity.AGITATION_RATING, rating, source="staff")
            wrist.at += 1800.0
            wrist.wear(600, movement=0.03)
        return tuple(  # type: ignore[return-value]
            wrist.wear(600, movement=0.03) and wrist.wear(90, movement=level).agitation
            for level in (0.3, 0.002)
        )

    untaught = Wrist()
    untaught.wear(900, movement=0.03)
    before = untaught.state().agitation
    assert untaught.wear(90, movement=0.3).agitation > before
    walks, rests = after_lessons(moving=4.0, still=0.0)
    assert walks > rests + 0.05
    walks, rests = after_lessons(moving=0.0, still=4.0)
    assert rests > walks + 0.05


def test_a_trend_shows() -> None:
    wrist = Wrist()
    wrist.wear(900, **CALM)
    trends = [wrist.wear(5, **AROUSED).trend for _ in range(12)]
    assert Trend.RISING in trends
    wrist.wear(300, **AROUSED)
    assert Trend.FALLING in [wrist.wear(5, **CALM).trend for _ in range(24)]


def test_readings_once_a_minute_are_enough() -> None:
    wrist = Wrist()
    for minute in range(60):
        wrist.at += 60.0
        wrist.tell(Quantity.HEART_RATE, 70.0 + minute % 3)
        wrist.tell(Quantity.EDA, 0.5 + 0.01 * (minute % 5))
    calm = wrist.state()
    for minute in range(3):
        wrist.at += 60.0
        wrist.tell(Quantity.HEART_RATE, 95.0 + minute)
        wrist.tell(Quantity.EDA, 2.0)
    assert calm.confidence > 0.2 and wrist.state().agitation > calm.agitation + 0.3


def test_memory_is_bounded_in_sources() -> None:
    pool = EvidencePool()
    for n in range(10 * MAX_SOURCES):
        at = Seconds(NOON + n * 0.01)
        for quantity in (Quantity.AGITATION, Quantity.HEART_RATE):
            pool.observe(Reading(source=f"s{n}", quantity=quantity, value=0.5, at=at))
    assert len(pool._newest) == MAX_SOURCES
    assert len(pool._sensors._sources) == MAX_SENSORS


def test_what_is_usual_outlives_a_restart() -> None:
    pool = EvidencePool()
    for n in range(6 * 720):
        pool.observe(
            Reading(source="strap", quantity=Quantity.HEART_RATE, value=88.0 + n % 3, at=Seconds(10.0 * n))
        )
    stored = json.decode(json.encode(pool.habits()), type=Habits)
    later = Seconds(10.0 * 6 * 720 + 600.0)
    known, new = EvidencePool(stored), EvidencePool()
    for n in range(12):
        for each in (known, new):
            at = Seconds(later + 10.0 * n)
            each.observe(Reading(source="strap", quantity=Quantity.HEART_RATE, value=89.0, at=at))
    (why,), (guess,) = known.estimate(at).why, new.estimate(at).why
    assert why.usual == pytest.approx(89.0, abs=1.0)
    assert guess.usual is not None and guess.usual < 87.0, "without it the prior of all people counts"
    assert known.estimate(at).confidence > new.estimate(at).confidence
    assert EvidencePool(stored).habits() == stored, "of a sensor that is away, too"
