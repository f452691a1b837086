"""For any sequence of events: what must never happen does not."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec import json

from player.model import AdaptMode, Feedback, Quantity, Reading, Verb
from player.session.messages import Decision, FeedbackArrived, Memory, ReadingArrived, Started
from player.session.schedule import LEAST_HOLD
from player.session.session import Session
from player.settings import PolicySettings, Profile, Settings, Taste
from player.units import volume_to_db
from tests.support.world import World, entry

PEOPLE = st.sampled_from(["staff", "resident"])
LIBRARY = (
    *(entry(f"t{n}", n / 8, length=20.0 + 7 * n) for n in range(8)),
    entry("unknown", None, length=25.0),
    entry("barred", 0.99, artist="Nobody"),
)


POLICY = PolicySettings(  # short enough that every rule is met within some minutes
    name="learn",
    persist_s=20.0,  # type: ignore[arg-type]
    refractory_s=100.0,  # type: ignore[arg-type]
    response_window_s=40.0,  # type: ignore[arg-type]
    session_s=200.0,  # type: ignore[arg-type]
    dose_s=600.0,  # type: ignore[arg-type]
    sleep_fade_s=30.0,  # type: ignore[arg-type]
    hold_until="12:00",
    max_swaps_per_hour=3,
)


class AnySession(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        never = Taste(artists=("nobody",))
        profile = Profile(id="demo", quiet_hours="21:30-07:00", never=never, usual_peak="12:20")
        self.world = World(LIBRARY, profile=profile, settings=Settings(policy=POLICY)).begin()
        self.stopped = False
        self.alarmed = False
        self.before: list[Decision] = []  # of earlier runs

    @rule(verb=st.sampled_from([Verb.CALM, Verb.PLAY, Verb.NEXT]), by=PEOPLE)
    def start_something(self, verb: Verb, by: str) -> None:
        reply = self.world.command(verb, by=by)
        assert reply is not None
        assert not (by == "resident" and self.stopped and verb is not Verb.NEXT and reply.ok)
        if reply.ok:
            self.stopped = self.alarmed = False

    @rule()
    def stop(self) -> None:
        self.world.command(Verb.STOP)
        self.stopped = True
        self.world.run(0.5)
        assert self.world.sound.silent

    @rule(verb=st.sampled_from([Verb.PAUSE, Verb.LOUDER, Verb.QUIETER, Verb.LIKE, Verb.DISLIKE]))
    def press(self, verb: Verb) -> None:
        self.world.command(verb)

    @rule(percent=st.floats(0, 100))
    def set_volume(self, percent: float) -> None:
        self.world.command(Verb.VOLUME, value=percent)

    @rule(mode=st.sampled_from([AdaptMode.AUTO, AdaptMode.MANUAL]))
    def choose_mode(self, mode: AdaptMode) -> None:
        self.world.command(Verb.MODE, mode=mode)

    @rule(value=st.floats(0, 1), seconds=st.sampled_from([0.1, 1.0, 30.0, 90.0]))
    def feel(self, value: float, seconds: float) -> None:
        self.world.agitated(value)
        self.world.run(seconds)

    @rule(seconds=st.sampled_from([0.02, 0.3, 5.0, 60.0]))
    def wait(self, seconds: float) -> None:
        self.world.run(seconds)

    @rule(value=st.sampled_from([0.95, 0.75, 0.1]), steps=st.integers(3, 20))
    def feel_for_long(self, value: float, steps: int) -> None:
        for _ in range(steps):
            self.world.agitated(value)
            self.world.run(10.0)

    @rule()
    def sleep(self) -> None:
        self.tell(Quantity.BED_OCCUPIED, 1.0)
        for _ in range(92):
            self.tell(Quantity.MOVEMENT, 0.01)
            self.world.run(10.0, step=5.0)

    @rule(rating=st.sampled_from([-1, 0, 1]))
    def judge(self, rating: int) -> None:
        feedback = Feedback(id=f"f{self.world.at}", rating=rating)
        self.world.handle(FeedbackArrived(at=self.world.at, feedback=feedback))

    @rule(rating=st.sampled_from([0.0, 2.0, 4.0]))
    def rate(self, rating: float) -> None:
        self.world.command(Verb.RATE, value=rating)

    @rule(on=st.booleans())
    def alarm(self, on: bool) -> None:
        self.tell(Quantity.ALARM, float(on))
        self.alarmed = on
        self.world.run(0.5)
        assert not on or self.world.sound.silent

    def tell(self, quantity: Quantity, value: float) -> None:
        reading = Reading(source="room", quantity=quantity, value=value, at=self.world.at)
        self.world.handle(ReadingArrived(at=self.world.at, reading=reading))

    @rule(minute=st.sampled_from([12 * 60, 22 * 60]))
    def clock(self, minute: int) -> None:
        """Noon is also when a hold ends: from then on an occasion may start the music."""
        self.world.minute = minute
        self.world.run(1.0)
        self.stopped &= self.world.playback.state == "held"

    @rule()
    def restart(self) -> None:
        """A new run with what the memory kept: holds and bars stay."""
        self.replays_alike()
        memory = json.decode(json.encode(self.world.memory), type=Memory)
        before = self.world
        self.before += before.decisions
        self.world = World(
            LIBRARY,
            profile=before.profile,
            settings=Settings(policy=POLICY),
            memory=memory,
            minute=before.minute,
            at=before.at,
        ).begin()
        self.alarmed = False

    @rule()
    def crash(self) -> None:
        self.world.crash_audio()

    @invariant()
    def nothing_barred_is_heard(self) -> None:
        heard = self.world.heard
        assert heard != "barred"
        assert heard is None or heard not in self.world.memory.blocks or not self._long_enough()

    def _long_enough(self) -> bool:
        self.world.run(1.0)
        return self.world.heard in self.world.memory.blocks

    @invariant()
    def never_above_the_cap(self) -> None:
        night = not 7 * 60 <= self.world.minute < 21 * 60 + 30
        assert self.world.sound.level <= volume_to_db(50.0 if night else 70.0)

    @invariant()
    def a_stop_holds(self) -> None:
        if self.stopped:
            self.world.run(0.5)
            self.stopped = not self._lifted()
            assert not self.stopped or self.world.sound.silent

    def _lifted(self) -> bool:
        """A hold may end by itself only at its hour, and not a moment after it began."""
        held = [d for d in self.world.decisions if d.event_type in ("hold", "release")]
        if not held or held[-1].event_type == "hold":
            return False
        before = [d.at for d in held if d.event_type == "hold"]
        assert self.world.minute == 12 * 60 and (not before or held[-1].at - before[-1] >= LEAST_HOLD)
        return True

    @invariant()
    def an_alarm_is_silent(self) -> None:
        if self.alarmed:
            self.world.run(0.5)
            assert self.world.sound.silent

    @invariant()
    def what_is_said_is_so(self) -> None:
        self.world.run(1.0)
        state = self.world.playback.state
        if state in ("playing", "soothing"):
            assert self.world.heard is not None
        if state in ("idle", "held", "paused") and not self.world.sound.silent:
            self.world.run(0.5)  # it was said this very moment: a stop fades out in 0.4 s
            assert self.world.playback.state not in ("idle", "held", "paused") or self.world.sound.silent

    @invariant()
    def commands_fit_the_decks_and_decisions_have_reasons(self) -> None:
        assert self.world.sound.faults == []
        assert all(d.reason.endswith(".") and d.trigger for d in self.world.decisions)

    @invariant()
    def sensors_swap_rarely(self) -> None:
        now = self.world.at
        decisions = [*self.before, *self.world.decisions]
        swaps = [d for d in decisions if d.event_type == "swap" and d.trigger == "agitation"]
        assert sum(now - d.at < 3600 for d in swaps) <= POLICY.max_swaps_per_hour

    @invariant()
    def choices_tell_how_they_were_made(self) -> None:
        swaps = [d for d in self.world.decisions if d.event_type == "swap"]
        assert all(0.0 < d.propensity <= 1.0 and d.policy and d.context and d.basis for d in swaps)

    def teardown(self) -> None:
        self.replays_alike()

    def replays_alike(self) -> None:
        """The same events give the same effects."""
        first = self.world.events[0]
        assert isinstance(first, Started)
        session = Session(first)
        assert [e for event in self.world.events for e in session.handle(event)] == self.world.effects


TestAnySession = AnySession.TestCase
TestAnySession.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,  # the same examples everywhere; other seeds are for a hunt
)
