"""One virtual resident with one player, day after day, in virtual time: the same `Session` as in life."""

import math
from collections.abc import Callable

from msgspec import structs

from player.model import Quantity, Reading, SinkOpened
from player.session.messages import (
    AudioReady,
    AudioReported,
    CatalogueChanged,
    Decide,
    Decision,
    Effect,
    Event,
    Memory,
    Mix,
    ReadingArrived,
    Started,
    Tick,
    Wake,
)
from player.session.session import Session
from player.settings import Consent, PolicySettings, Settings
from player.simulation.days import MINUTES, NOTHING, STUCK, Day, make_day
from player.simulation.instant_sound import InstantSound
from player.simulation.measures import DayMeasures, Meter
from player.simulation.parameters import World
from player.simulation.person import DAY, Person
from player.simulation.staff import Press, Staff
from player.simulation.unrest import Unrest
from player.units import Seconds

EPOCH = Seconds(1_000_080_000.0)  # midnight before the first day; a whole number of minutes
MORNING = "07:00"  # until when a stop at bedtime holds
CLOCK = 30  # minutes between two ticks when nothing else happens
NEVER = Seconds(math.inf)
SOOTHING = {"swap", "start"}  # decisions made to soothe, unless music just goes on
Watch = Callable[[Event, tuple[Effect, ...]], None]


class Life:
    """`day()` lives the next day and says what was measured. `truth`: agitation of each minute awake."""

    def __init__(
        self,
        world: World,
        policy: str,
        seed: int,
        resident: int,
        watch: Watch | None = None,
        *,
        randomise: bool = False,
        progress: bool = False,
    ) -> None:
        """watch: sees each event and its effects. randomise: consented. progress: reported every minute."""
        self._world, self._seed, self._resident, self._watch = world, seed, resident, watch
        self._progress = progress
        self.person = Person(world, seed, resident)
        self._unrest = Unrest(world, self.person)
        self._staff = Staff(world, self._unrest)
        self._meter = Meter()
        entries = self.person.music.entries
        self._sound = InstantSound({e.track.id: e.track.duration for e in entries})
        self._wake = NEVER
        self._number = 0
        self._today: Day = make_day(world, self.person, seed, resident, 0)
        self._minute = 0
        self._by_staff = False
        self._playing: int | None = None  # index of the piece that counts as heard
        self._since = EPOCH
        self._value = 0.0  # last reading
        self.truth: list[float] = []
        started = Started(
            at=EPOCH,
            minute=0,
            boot="simulation",
            seed=seed * 1_000_003 + resident,
            settings=Settings(autostart="idle", policy=PolicySettings(name=policy, hold_until=MORNING)),
            profile=structs.replace(self.person.profile, consent=Consent(randomise=randomise)),
            memory=Memory(),
        )
        self._session = Session(started)
        self._handle(started)
        self._handle(AudioReady(at=EPOCH))
        self._handle(AudioReported(at=EPOCH, report=SinkOpened(device="virtual")))
        self._handle(CatalogueChanged(at=EPOCH, found=entries, complete=True))

    def day(self) -> DayMeasures:
        if self._number:
            self.person.next_day()
            self._today = make_day(self._world, self.person, self._seed, self._resident, self._number)
            self._staff.new_day()
        self._unrest.wake()
        self.truth = []
        midnight = EPOCH + DAY * self._number
        today = self._today
        for self._minute in range(MINUTES):
            at = Seconds(midnight + 60.0 * self._minute)
            if self._sound.due <= at or self._wake <= at:
                self._pass_to(at)
            if self._progress:
                self._handle(AudioReported(at=at, report=self._sound.progress(at)))
            if self._minute % CLOCK == 0:
                self._handle(Tick(at=at, minute=self._minute))
            if today.wakes <= self._minute < today.sleeps:
                self._live(at, today)
            elif self._minute == today.sleeps and self._sound.heard is not None:
                self._press(self._staff.bedtime(today, at))
        self._number += 1
        return self._meter.close()

    def _live(self, at: Seconds, today: Day) -> None:
        """One minute awake."""
        minute, unrest = self._minute, self._unrest
        cause = today.causes.get(minute)
        if cause is not None:
            unrest.cause(cause.size, need=cause.need)
        self._listen(at)
        agitation = unrest.step(today.usual[minute])
        self.truth.append(agitation)
        playing = self._playing
        upset = playing is not None and self.person.upsets(playing)
        self._meter.minute(
            minute, agitation, unrest.alone, played=playing is not None, upsetting=upset and self._strong
        )
        sensor = today.sensor[minute]
        if sensor != NOTHING:
            if sensor != STUCK:
                value = self.person.gain * agitation + today.error[minute]
                self._value = round(min(max(value, 0.0), 1.0), 3)
            reading = Reading(source="wristband", quantity=Quantity.AGITATION, value=self._value, at=at)
            self._handle(ReadingArrived(at=at, reading=reading))
        if minute in today.visits or minute >= self._staff.due:
            self._press(self._staff.act(minute, today, at, upset=upset and self._strong))

    def _press(self, presses: list[Press]) -> None:
        self._by_staff = True
        for press in presses:
            self._handle(press)
        self._by_staff = False

    @property
    def _strong(self) -> bool:
        return self._world.effects.strength > 0.0

    def _listen(self, at: Seconds) -> None:
        """The resident hears what plays now."""
        heard = self._sound.heard
        playing = None if heard is None else self.person.music.index[heard]
        if playing == self._playing:
            return
        if self._playing is not None:
            self.person.heard(self._playing, at - self._since, at)
        self._playing, self._since = playing, at
        self._meter.begin_piece()
        self._unrest.hear(0.0 if playing is None else self.person.effect(playing, at))

    def _pass_to(self, at: Seconds) -> None:
        """Whatever the sound process reports and the session waits for until then, in order."""
        sound = self._sound
        while True:
            due, wake = sound.due, self._wake
            if due <= wake:
                if due > at:
                    return
                self._handle(AudioReported(at=due, report=sound.pop()))
            elif wake > at:
                return
            else:
                self._wake = NEVER
                self._handle(Tick(at=wake, minute=self._minute))

    def _handle(self, event: Event) -> None:
        effects = self._session.handle(event)
        for effect in effects:
            kind = type(effect)
            if kind is Mix:
                self._sound.take(effect.command, event.at)  # type: ignore[union-attr]
            elif kind is Wake:
                self._wake = effect.at  # type: ignore[union-attr]
            elif kind is Decide:
                self._decided(effect.decision, event.at)  # type: ignore[union-attr]
        if self._watch is not None:
            self._watch(event, effects)

    def _decided(self, decision: Decision, at: Seconds) -> None:
        if decision.event_type == "prompt":
            self._meter.prompts += 1
            self._staff.asked(self._minute, self._today)
        if decision.event_type not in SOOTHING or decision.to_track is None:
            return
        if decision.event_type == "swap":
            self._meter.swaps += 1
        chosen = self.person.music.index[decision.to_track.id]
        regret = self.person.best_effect(at) - self.person.effect(chosen, at)
        self._meter.choice(self._world.effects.strength * regret)
        self._staff.changed(self._minute, self._today, own=self._by_staff)
