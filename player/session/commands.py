"""What each verb does. A person's command acts at once: no persistence, no refractory time, no swap limit."""

from collections.abc import Callable
from typing import assert_never

from msgspec import Struct

from player.model import AdaptMode, Command, Quantity, Reading, TrackId, Verb
from player.session.catalogue import Catalogue
from player.session.direction import Direction
from player.session.ladder import Step
from player.session.motive import NOTHING_LEFT, STOP_FADE
from player.session.recall import Recall
from player.session.states import ALARM, Fading, Held, Idle, Paused, Playing, Resting, Soothing
from player.session.transport import Transport
from player.session.volume import VolumeControl
from player.units import Seconds


class Result(Struct, frozen=True, kw_only=True):
    """What is answered on `cmd_result`. `reading`: a rating that the command carried."""

    ok: bool = True
    reason: str = ""
    reading: Reading | None = None


TWICE = Seconds(3.0)  # two presses within this time are one
RESIDENT = "resident"  # who presses, as a button names it (MQTT.md A)
DONE = Result()
NOTHING_PLAYS = Result(ok=False, reason="nothing-plays")
NOTHING_TO_PLAY = Result(ok=False, reason="nothing-to-play")
NOTHING_CALMER = Result(ok=False, reason="nothing-calmer")


class CommandDesk:
    def __init__(
        self,
        direction: Direction,
        transport: Transport,
        recall: Recall,
        volume: VolumeControl,
        catalogue: Catalogue,
    ) -> None:
        self._direction = direction
        self._transport = transport
        self._recall = recall
        self._volume = volume
        self._catalogue = catalogue
        self._refused: tuple[Verb, Seconds] | None = None  # the last “not this”

    def pressed_twice(self, command: Command, at: Seconds) -> bool:
        """A second press of “not this” means the same piece, which is leaving already."""
        if command.verb not in (Verb.DISLIKE, Verb.NEVER) or command.track_id is not None:
            return False
        before, self._refused = self._refused, (command.verb, at)
        return before is not None and before[0] is command.verb and 0.0 <= at - before[1] < TWICE

    def carry_out(self, command: Command, at: Seconds, minute: int) -> Result:
        by = command.by
        match command.verb:
            case Verb.STOP:
                self._direction.hold(at, self._holder(by))
                return DONE
            case Verb.PAUSE:
                return self._pause(at, by)
            case Verb.PLAY:
                return self._play(at, by, minute)
            case Verb.PLAY_PAUSE:
                playing = self._direction.heard
                return self.carry_out(_as(command, Verb.PAUSE if playing else Verb.PLAY), at, minute)
            case Verb.CALM:
                return self._calm(at, by, minute)
            case Verb.NEXT:
                return self._next(at, by, minute)
            case Verb.LIKE | Verb.DISLIKE | Verb.NEVER:
                return self._judge(command, at)
            case Verb.ALLOW:
                return self._allow(command.track_id)
            case Verb.LOUDER | Verb.QUIETER:
                step = 1 if command.verb is Verb.LOUDER else -1
                return self._limited(self._volume.change(step, minute))
            case Verb.VOLUME:
                if command.value is None:
                    return Result(ok=False, reason="bad-value")
                return self._limited(self._volume.set(command.value, minute))
            case Verb.MODE:
                return self._mode(command, at)
            case Verb.RATE:
                return self._rate(command, at)
            case _:
                assert_never(command.verb)

    def _pause(self, at: Seconds, by: str) -> Result:
        if isinstance(self._direction.state, Fading):
            self._direction.finish(at)
            return DONE
        state = self._direction.state
        if isinstance(state, Paused) and state.by == ALARM and by != RESIDENT:
            self._direction.pause_is_of(by)
            return DONE
        return DONE if self._direction.pause(at, by) else NOTHING_PLAYS

    def _play(self, at: Seconds, by: str, minute: int) -> Result:
        refused = self._not_for_the_resident(by, minute)
        if refused is not None:
            return refused
        match self._direction.state:
            case Playing() | Soothing():
                return DONE
            case Paused():
                self._direction.unpause(at, by)
                return DONE if self._direction.heard else NOTHING_TO_PLAY
            case Fading():
                self._direction.unfade(at, by, f"Play, asked by {by}")
                return DONE
            case Idle() | Held() | Resting():
                self._wake_mode()
                place, self._recall.held_by = self._recall.resume, None
                if place is not None and self._direction.resume(place, at, by, f"Play, asked by {by}"):
                    return DONE
                started = self._direction.start(at, by, f"Play, asked by {by}")
                return DONE if started else NOTHING_TO_PLAY

    def _holder(self, by: str) -> str:
        """A stop by the resident does not soften one by staff."""
        match self._direction.state:
            case Held(by=holder) | Paused(by=holder) if by == RESIDENT and holder not in (RESIDENT, ALARM):
                return holder
            case _:
                return by

    def _not_for_the_resident(self, by: str, minute: int) -> Result | None:
        """Silence that only staff may end: their own hold, and quiet hours (DESIGN 4)."""
        if by != RESIDENT:
            return None
        match self._direction.state:
            case Held(by=holder) | Paused(by=holder) if holder != RESIDENT:
                return Result(ok=False, reason="held-by-staff")
            case Held() | Idle() | Resting() if self._volume.quiet_hours(minute):
                return Result(ok=False, reason="quiet-hours")
            case _:
                return None

    def _calm(self, at: Seconds, by: str, minute: int) -> Result:
        refused = self._not_for_the_resident(by, minute)
        if refused is not None:
            return refused
        self._wake_mode()
        if self._direction.soothe(at, by, f"Calmer music, asked by {by}") is not None:
            return DONE
        if isinstance(self._direction.state, Playing | Soothing):
            return NOTHING_CALMER
        return self._play(at, by, minute)

    def _next(self, at: Seconds, by: str, minute: int) -> Result:
        refused = self._not_for_the_resident(by, minute)
        if refused is not None:
            return refused
        if isinstance(self._direction.state, Idle | Held | Resting):
            return NOTHING_PLAYS
        why, standing = f"Another piece, asked by {by}", self._direction.ladder.standing
        if self._direction.follow(at, by, why):
            return DONE
        kept = standing is not None and standing.step is Step.COMFORT  # the library is away
        return DONE if kept and self._direction.descend(at, why, trigger=by) else NOTHING_TO_PLAY

    def _judge(self, command: Command, at: Seconds) -> Result:
        track_id = command.track_id or self._direction.heard_id or self._direction.wanted
        if track_id is None:
            return NOTHING_PLAYS
        if self._catalogue.get(track_id) is None:
            return Result(ok=False, reason="unknown-track")
        match command.verb:
            case Verb.LIKE:
                self._recall.like(track_id, 1)
                self._recall.unblock(track_id)
            case Verb.DISLIKE:
                self._recall.like(track_id, -1)
                self._recall.upset(track_id, at)
                self.leave(track_id, at, command.by, "Not this piece")
            case _:
                self._recall.never(track_id)
                self.leave(track_id, at, command.by, "Never this piece again")
        return DONE

    def _allow(self, track_id: TrackId | None) -> Result:
        """What is barred does not play, so it has to be named."""
        if track_id is None:
            return Result(ok=False, reason="bad-value")
        self._recall.allow(track_id)
        return DONE

    def leave_barred(self, bars: Callable[[TrackId], bool], at: Seconds) -> None:
        """Of a profile that changed: what is heard, about to be, or kept to go on with, is asked about."""
        place = self._recall.resume
        resumed = place.track_id if place else None
        for track_id in (self._direction.heard_id, self._direction.wanted, resumed):
            if track_id is not None and bars(track_id):
                self.leave(track_id, at, "the profile", "Not to be played")

    def leave(self, track_id: TrackId, at: Seconds, by: str, what: str) -> None:
        """The music moves away from a piece that was refused, and it is not resumed later."""
        if self._recall.resume is not None and self._recall.resume.track_id == track_id:
            self._recall.forget_place()
        if track_id not in (self._direction.wanted, self._direction.heard_id):
            return
        match self._direction.state:
            case Playing() | Soothing():
                if not self._direction.follow(at, by, f"{what}, said {by}; instead"):
                    self._direction.silence(at, NOTHING_LEFT)
            case Paused():
                self._transport.stop(STOP_FADE)  # `play` brings another
            case Fading():
                self._direction.finish(at)
            case Idle() | Held() | Resting():
                pass

    def _mode(self, command: Command, at: Seconds) -> Result:
        if command.mode is None:
            return Result(ok=False, reason="bad-value")
        self._recall.mode = command.mode
        if command.mode is AdaptMode.OFF:
            self._direction.hold(at, command.by)
        return DONE

    def _rate(self, command: Command, at: Seconds) -> Result:
        if command.value is None:
            return Result(ok=False, reason="bad-value")
        rating = Reading(source=command.by, quantity=Quantity.AGITATION_RATING, value=command.value, at=at)
        return Result(reading=rating)

    def _wake_mode(self) -> None:
        if self._recall.mode is AdaptMode.OFF:
            self._recall.mode = AdaptMode.AUTO

    @staticmethod
    def _limited(reached: bool) -> Result:
        return DONE if reached else Result(reason="at-limit")


def _as(command: Command, verb: Verb) -> Command:
    return Command(verb=verb, id=command.id, by=command.by)
