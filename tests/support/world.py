"""A session in a virtual world: its own clock, a virtual sound process, everything written down."""

from typing import Self

from msgspec import json

from player.model import (
    Affect,
    AudioReport,
    CatalogueEntry,
    Command,
    Quantity,
    Reading,
    Track,
    TrackFeatures,
    Verb,
)
from player.session.messages import (
    AudioLost,
    AudioReady,
    AudioReported,
    CatalogueChanged,
    CommandArrived,
    Decide,
    Decision,
    Effect,
    Event,
    Memory,
    Mix,
    PlaybackState,
    ReadingArrived,
    Remember,
    Reply,
    Show,
    Started,
    Tick,
)
from player.session.session import Session
from player.settings import Profile, Settings
from player.simulation.sound import VirtualSound
from player.units import Lu, Lufs, Seconds

NOON = 12 * 60


def entry(
    name: str, calmness: float | None = 0.5, *, length: float = 180.0, artist: str = "", rise: float = 1.0
) -> CatalogueEntry:
    """A track called `name`; calmness None: not analysed yet."""
    features = None
    if calmness is not None:
        affect = Affect(
            arousal=1 - 2 * calmness,
            arousal_se=0.1,
            valence=0,
            valence_se=1,
            calmness=calmness,
            calmness_se=0.1,
        )
        features = TrackFeatures(
            heard=Seconds(length),
            integrated_loudness=Lufs(-20.0),
            largest_rise=Lu(rise),
            affect=affect,
        )
    track = Track(id=name, uri=f"/music/{name}.ogg", title=name, artist=artist, duration=Seconds(length))
    return CatalogueEntry(track=track, features=features)


LIBRARY = tuple(entry(f"t{n}", n / 10) for n in range(1, 10))


class World:
    """`events` and `effects` hold all that was handled and caused, for assertions and replay."""

    def __init__(
        self,
        library: tuple[CatalogueEntry, ...] = LIBRARY,
        *,
        settings: Settings | None = None,
        profile: Profile | None = None,
        memory: Memory | None = None,
        minute: int = NOON,
        seed: int = 1,
        at: float = 1_000_000.0,
    ) -> None:
        self.at = Seconds(at)
        self.minute = minute
        self.library = library
        self.sound = self._sound()
        self.events: list[Event] = []
        self.effects: list[Effect] = []
        self.memory = memory or Memory()
        self.profile = profile or Profile(id="demo", quiet_hours=None)
        started = Started(
            at=self.at,
            minute=minute,
            boot="boot",
            seed=seed,
            settings=settings or Settings(),
            profile=self.profile,
            memory=self.memory,
        )
        self.session = Session(started)
        self.handle(started)

    def _sound(self) -> VirtualSound:
        return VirtualSound({e.track.id: e.track.duration for e in self.library}, self.at)

    # --- what happens -----------------------------------------------------------------------------

    def handle(self, event: Event) -> tuple[Effect, ...]:
        self.events.append(event)
        effects = self.session.handle(event)
        self.effects += effects
        for effect in effects:
            if isinstance(effect, Mix):
                self.sound.take(effect.command)
            elif isinstance(effect, Remember):
                self.memory = effect.memory
        return effects

    def begin(self, *, complete: bool = True) -> Self:
        """The audio process is ready and the library is found; the first piece is heard."""
        self.handle(AudioReady(at=self.at))
        self.handle(CatalogueChanged(at=self.at, found=self.library, complete=complete))
        self.run(1.0)
        return self

    def run(self, seconds: float, step: float = 0.25) -> None:
        """Virtual time passes; reports of the sound process are handled at their moment."""
        end = self.at + seconds
        tick = self.at + 1.0
        while self.at < end:
            self.at = Seconds(min(self.at + step, end))
            for at, report in self.sound.advance(self.at):
                self.report(report, at)
            if self.at >= tick:
                tick += 1.0
                self.handle(Tick(at=self.at, minute=self.minute))

    def report(self, report: AudioReport, at: Seconds | None = None) -> None:
        self.handle(AudioReported(at=at or self.at, report=report))

    def command(self, verb: Verb, **details: object) -> Reply | None:
        command = Command(verb=verb, id=f"c{len(self.events)}", **details)  # type: ignore[arg-type]
        effects = self.handle(CommandArrived(at=self.at, command=command))
        return next((e for e in effects if isinstance(e, Reply)), None)

    def handle_command(self, verb: Verb) -> tuple[Effect, ...]:
        return self.handle(CommandArrived(at=self.at, command=Command(verb=verb)))

    def handle_found(self, found: tuple[CatalogueEntry, ...]) -> None:
        """Music appears in the folders."""
        self.library += found
        self.sound.lengths.update({e.track.id: e.track.duration for e in found})
        self.handle(CatalogueChanged(at=self.at, found=found, complete=True))

    def agitated(self, value: float, source: str = "wristband") -> None:
        reading = Reading(source=source, quantity=Quantity.AGITATION, value=value, at=self.at)
        self.handle(ReadingArrived(at=self.at, reading=reading))

    def crash_audio(self) -> None:
        progress = self.sound.progress()
        self.handle(
            AudioLost(at=self.at, reason="killed", track_id=progress.track_id, position=progress.position)
        )
        self.sound = self._sound()
        self.handle(AudioReady(at=self.at))

    # --- what is so ---------------------------------------------------------------------------------

    @property
    def heard(self) -> str | None:
        return self.sound.heard

    @property
    def decisions(self) -> list[Decision]:
        return [e.decision for e in self.effects if isinstance(e, Decide)]

    @property
    def playback(self) -> PlaybackState:
        shown = [e.state for e in self.effects if isinstance(e, Show) and isinstance(e.state, PlaybackState)]
        return shown[-1]

    def journal(self) -> bytes:
        return json.encode(self.effects)
