"""For any sequence of events: what must never happen does not."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from player.model import AdaptMode, Verb
from player.session.messages import Started
from player.session.session import Session
from player.settings import Profile, Taste
from player.units import volume_to_db
from tests.support.world import World, entry

PEOPLE = st.sampled_from(["staff", "resident"])
LIBRARY = (
    *(entry(f"t{n}", n / 8, length=20.0 + 7 * n) for n in range(8)),
    entry("unknown", None, length=25.0),
    entry("barred", 0.99, artist="Nobody"),
)


class AnySession(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        profile = Profile(id="demo", quiet_hours="21:30-07:00", never=Taste(artists=("nobody",)))
        self.world = World(LIBRARY, profile=profile).begin()
        self.stopped = False

    @rule(verb=st.sampled_from([Verb.CALM, Verb.PLAY, Verb.NEXT]), by=PEOPLE)
    def start_something(self, verb: Verb, by: str) -> None:
        reply = self.world.command(verb, by=by)
        assert reply is not None
        assert not (by == "resident" and self.stopped and verb is not Verb.NEXT and reply.ok)
        if reply.ok:
            self.stopped = False

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

    @rule(minute=st.sampled_from([12 * 60, 22 * 60]))
    def clock(self, minute: int) -> None:
        self.world.minute = minute
        self.world.run(1.0)

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
            assert self.world.sound.silent

    @invariant()
    def what_is_said_is_so(self) -> None:
        self.world.run(1.0)
        state = self.world.playback.state
        if state in ("playing", "soothing"):
            assert self.world.heard is not None
        if state in ("idle", "held", "paused"):
            assert self.world.sound.silent

    @invariant()
    def commands_fit_the_decks_and_decisions_have_reasons(self) -> None:
        assert self.world.sound.faults == []
        assert all(d.reason.endswith(".") and d.trigger for d in self.world.decisions)

    @invariant()
    def sensors_swap_rarely(self) -> None:
        now = self.world.at
        recent = [d for d in self.world.decisions if d.trigger == "agitation" and now - d.at < 3600]
        assert len(recent) <= 6

    def teardown(self) -> None:
        """The same events give the same effects."""
        first = self.world.events[0]
        assert isinstance(first, Started)
        session = Session(first)
        assert [e for event in self.world.events for e in session.handle(event)] == self.world.effects


TestAnySession = AnySession.TestCase
TestAnySession.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
