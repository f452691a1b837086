"""The whole core: `Session.handle(event) -> effects`. It reads no clock, does no I/O, draws from one seed."""

from random import Random
from typing import assert_never

from player.listener.evidence import EvidencePool
from player.model import (
    Ahead,
    AudioReport,
    Command,
    DeckFailed,
    Feedback,
    Listened,
    MixCommand,
    NowPlaying,
    RoomHeard,
    SinkOpened,
    TrackId,
    Verb,
    Volume,
)
from player.selection.context import Situation
from player.selection.selector import Selector
from player.session.aftermath import Aftermath
from player.session.alarm import Alarm
from player.session.board import Board
from player.session.care import Care
from player.session.catalogue import Catalogue
from player.session.chooser import Chooser
from player.session.commands import RESIDENT, CommandDesk, Result
from player.session.dating import dated, redated
from player.session.direction import Direction
from player.session.favourites import Favourites
from player.session.front import Front
from player.session.hearing import Ears
from player.session.learning import Learning
from player.session.messages import (
    AudioLost,
    AudioReady,
    AudioReported,
    Calibrated,
    CatalogueChanged,
    ComfortKept,
    CommandArrived,
    Decide,
    Decision,
    Effect,
    Event,
    Fault,
    FeedbackArrived,
    Forgotten,
    KeepComfort,
    Memory,
    Mix,
    ProfileChanged,
    ReadingArrived,
    Remember,
    Reply,
    SaveFeatures,
    Show,
    Started,
    Stopping,
    Tick,
    Wake,
)
from player.session.opening import Opening
from player.session.recall import Recall
from player.session.recovery import Recovery
from player.session.resident import in_force
from player.session.room import RoomVolume, readings
from player.session.schedule import Schedule
from player.session.standby import Standby
from player.session.states import Playing, Soothing
from player.session.transport import Entered, Transport
from player.session.volume import VolumeControl
from player.units import Decibels, Seconds

MUSIC_WANTED = {Verb.CALM, Verb.PLAY, Verb.PLAY_PAUSE, Verb.NEXT}  # after these a session is a person's
KEEP_HABITS = Seconds(3600.0)  # how often what is usual for this person is stored
NOW = Seconds(120.0)  # feedback older than this is not about the piece that is heard; own judgement


class Session:
    """One resident, one player, one run. The first event to handle is the `Started` it was made of.

    Raises `SelectionError` for a policy that does not exist.
    """

    def __init__(self, started: Started) -> None:
        self._out: list[Effect] = []
        self._settings, self._seed = started.settings, started.profile
        self.profile = profile = in_force(started.profile, started.memory.profile)
        policy = started.settings.policy
        self._minute = started.minute
        self._began, self._ahead = started.at, Seconds(0.0)  # wall clock over the session's
        memory = redated(started.memory, started.at)
        self._recall = Recall(memory)
        self._catalogue = Catalogue()
        self._transport = Transport(self._mix)
        self._chooser = Chooser(
            Selector(policy.name, profile, policy, memory.learned),
            self._catalogue,
            self._recall,
            Random(started.seed),
        )
        self._direction = Direction(
            self._transport, self._chooser, self._catalogue, self._recall, self._decide
        )
        self._direction.policy = policy
        self._opening = Opening(
            self._direction, self._chooser, self._catalogue, self._recall, started.settings.autostart
        )
        self._standby = Standby(
            self._direction, self._transport, self._chooser, self._catalogue, self._recall
        )
        self._aftermath = Aftermath(self._direction, self._transport, self._catalogue, self._recall)
        self._direction.ladder.jitter = Random(started.seed)
        self._volume = VolumeControl(profile, started.memory.volume, started.settings.audio.full_scale_dba)
        self._front = Front(self._direction, self._transport, self._catalogue, self._volume, self._recall)
        self._desk = CommandDesk(
            self._direction, self._transport, self._recall, self._volume, self._catalogue
        )
        self._learning = Learning(self._chooser, self._recall, policy)
        self._room = RoomVolume()
        self._ears = Ears(self._mix, started.settings.audio.microphone)
        self._care = Care(self._direction, self._recall, self._learning)
        self._recovery = Recovery(self._direction, self._transport, self._chooser, self._catalogue)
        self._favourites = Favourites(self._catalogue, self._chooser, self._recall)
        self._schedule = Schedule(self._direction, self._recall, self._learning, profile.usual_peak)
        self._alarm = Alarm(self._direction, self._recall)
        self._evidence = EvidencePool(started.memory.habits)
        self._habits_kept = started.at
        self._listener = self._evidence.estimate(started.at)
        self._board = Board(lambda view: self._out.append(Show(state=view)))
        self._level: Decibels | None = None
        self._programme: Decibels | None = None  # heard in the room
        self._wake: Seconds | None = None
        self._remembered = started.memory
        self._audio_ready = False

    def handle(self, event: Event) -> tuple[Effect, ...]:
        """What follows from one event, mix commands first come first."""
        self._out = []
        at = event.at
        match event:
            case Started():
                self._direction.restore(at)
            case Tick(minute=minute, ahead=ahead):
                self._minute = minute
                self._clock_is(ahead)
            case CatalogueChanged(found=found, gone=gone, complete=complete):
                self._catalogue.merge(found, gone)
                self._catalogue.complete |= complete
            case ComfortKept(kept=kept):
                self._direction.ladder.keep(kept)
            case ReadingArrived(reading=reading):
                self._evidence.observe(reading)
                self._alarm.observe(reading, at)
            case CommandArrived(command=command):
                self._on_command(command, at)
            case FeedbackArrived(feedback=feedback):
                self._on_feedback(feedback, at)
            case ProfileChanged(profile=profile):
                self._recall.profile = profile
                self._follow_profile(at)
            case Forgotten():
                self._forget(at)
            case Calibrated(full_scale_dba=full_scale_dba):
                self._volume.calibrate(full_scale_dba)
            case AudioReported(report=report):
                self._on_report(report, at)
            case AudioReady():
                self._on_ready(at)
            case AudioLost(reason=reason, track_id=track_id, position=position):
                self._audio_ready = False
                self._level = None
                self._aftermath.lost(track_id, position, at)
                self._out.append(
                    Fault(part="audio", problem=f"The audio process ended ({reason}); restarting it.")
                )
            case Stopping():
                self._recall.habits = self._evidence.habits()
                self._recall.place(self._transport.current, self._transport.position, at)
            case _:
                assert_never(event)
        self._settle(at)
        return tuple(self._out)

    # --- after every event ------------------------------------------------------------------------------

    def _settle(self, at: Seconds) -> None:
        self._listener = listener = self._evidence.estimate(at)
        self._direction.agitation = listener.agitation if listener.confidence > 0 else None
        self._chooser.situation = self._situation(at)
        self._transport.tick(at)
        if self._audio_ready and not self._alarm.on:
            quiet = self._volume.quiet_hours(self._minute)
            self._opening.begin(at, quiet=quiet, first_track=self.profile.first_track)
        self._tell_own_sound(at)
        self._direction.tick(at)
        self._recovery.tick(at)
        rated = self._chooser.situation.rating is not None
        sensed = self._evidence.estimate(at, rated=False) if rated else listener
        if self._care.follow(listener, sensed, self._minute, occasion=self._occasion()):
            self._schedule.began(at)
        self._schedule.follow(listener, self._minute, self._occasion())
        self._learning.look(sensed, self._minute, self._heard())
        restless = (self._direction.agitation or 0.0) >= self._settings.policy.agitation_off
        soothing = isinstance(self._direction.state, Soothing)
        self._volume.room = self._room.offset(at, restless=restless or soothing)
        self._send_level()
        self._standby.prepare(at)
        if pieces := self._favourites.changed(at):
            self._out.append(KeepComfort(pieces=pieces))
        self._front.show(self._board, self._minute)
        self._board.show_listener(self._listener)
        if not 0.0 <= at - self._habits_kept < KEEP_HABITS:
            self._habits_kept, self._recall.habits = at, self._evidence.habits()
        memory = self._recall.memory(self._volume.wanted)
        if memory is not self._remembered and memory != self._remembered:
            self._remembered = memory
            self._out.append(Remember(memory=dated(memory, self._began, self._ahead)))
        self._ask_to_wake(at)

    def _occasion(self) -> bool:
        """Whether music may begin from silence without a person."""
        return (
            self._audio_ready
            and self._schedule.dose_left()
            and not self._alarm.on
            and not self._volume.quiet_hours(self._minute)
        )

    def _heard(self) -> TrackId | None:
        playing = isinstance(self._direction.state, Playing | Soothing)
        return self._transport.current if playing else None

    def _situation(self, at: Seconds) -> Situation:
        """What the selector is to know; of the latest estimate, as sensors and staff gave it."""
        known = self._listener.confidence > 0.0
        return Situation(
            agitation=self._listener.agitation if known else None,
            rating=self._evidence.rating(at),
            minute=self._minute,
            quiet=self._volume.quiet_hours(self._minute),
            volume=self._volume.percent(self._minute),
        )

    def _tell_own_sound(self, at: Seconds) -> None:
        """The listener's room must not take the music for a voice."""
        heard = self._direction.heard and self._transport.current is not None
        programme = self._volume.level(self._minute) if heard else None
        if programme != self._programme:
            self._programme = programme
            self._evidence.playing(programme, at)

    def _send_level(self) -> None:
        level = self._volume.level(self._minute)
        if self._audio_ready and level != self._level:
            self._level = level
            self._out.append(Mix(command=Volume(level=level)))

    def _ask_to_wake(self, at: Seconds) -> None:
        moments = [
            self._transport.waits_until,
            self._direction.ends_at,
            *self._recovery.due,
            *self._care.due(at),
            *self._schedule.due(),
        ]
        ahead = [moment for moment in moments if moment is not None and moment > at]
        wake = min(ahead, default=None)
        if wake is not None and wake != self._wake:
            self._out.append(Wake(at=wake))
        self._wake = wake

    # --- events -------------------------------------------------------------------------------------------

    def _clock_is(self, ahead: Seconds) -> None:
        """The wall clock was set: what happened since the start is remembered by the new time."""
        if ahead != self._ahead:
            self._ahead = ahead
            self._schedule.clock_is(ahead, self._began)
            self._evidence.clock_is(ahead)
            self._remembered = Memory()

    def _on_command(self, command: Command, at: Seconds) -> None:
        if self._desk.pressed_twice(command, at):
            if command.id:
                self._out.append(Reply(id=command.id, ok=True))
            return
        if command.track_id in (None, self._transport.current):
            self._learning.commanded(command.verb, at)
        if self._alarm.on and command.by == RESIDENT and command.verb in MUSIC_WANTED:
            result = Result(ok=False, reason="alarm")
        else:
            result = self._desk.carry_out(command, at, self._minute)
        if result.reading is not None:
            self._evidence.observe(result.reading)
        if result.ok and command.verb in MUSIC_WANTED and self._direction.heard:
            self._alarm.overruled()
            self._schedule.taken_over()
        if command.id:
            self._out.append(Reply(id=command.id, ok=result.ok, reason=result.reason))

    def _follow_profile(self, at: Seconds) -> None:
        """In force at once: limits, hours, taste; a piece that is barred now is left."""
        profile = self.profile = in_force(self._seed, self._recall.profile)
        policy = self._settings.policy
        self._recall.version += 1
        self._chooser.use(Selector(policy.name, profile, policy, self._recall.learned))
        self._volume.follow(profile)
        self._schedule.named = profile.usual_peak
        self._desk.leave_barred(self._chooser.bars, at)
        if self._audio_ready:
            self._ears.follow(profile)

    def _forget(self, at: Seconds) -> None:
        self._recall.forget()
        self._evidence, self._room = EvidencePool(), RoomVolume()
        self._evidence.clock_is(self._ahead)
        self._programme = None
        self._learning.begin()
        self._follow_profile(at)

    def _on_ready(self, at: Seconds) -> None:
        self._audio_ready = True
        self._ears.begin(self.profile)
        self._transport.ready()
        self._send_level()
        place = self._recall.resume
        if isinstance(self._direction.state, Playing | Soothing):
            resumed = place is not None and self._direction.resume(
                place, at, "fault", "After a fault of the sound"
            )
            if not resumed:
                self._direction.go_on(at, "fault", "After a fault of the sound")

    def _on_report(self, report: AudioReport, at: Seconds) -> None:
        match report:
            case SinkOpened(device=device, fallback_reason=reason):
                self._front.device, self._front.fault = device, reason
                if reason:
                    self._out.append(Fault(part="audio", problem=reason))
            case RoomHeard():
                self._room.observe(report, at)
                for reading in readings(report, at):
                    self._evidence.observe(reading)
            case Listened(track_id=track_id, features=features, complete=complete):
                known = self._catalogue.get(track_id)
                if complete or (known is not None and known.features is None):
                    self._catalogue.learn(track_id, features)
                if complete:
                    self._out.append(SaveFeatures(track_id=track_id, features=features))
            case Ahead():
                self._recovery.guard(report, self.profile.spoken_word, at)
            case NowPlaying(track_id=track_id, title=title):
                self._front.now_playing = (track_id, title)
            case DeckFailed(track_id=track_id) if self._is_tried(track_id):
                pass  # what was told of it still holds
            case DeckFailed(track_id=track_id, reason=reason):
                entry = self._catalogue.get(track_id)
                title = entry.track.title if entry else track_id
                self._out.append(Fault(part="track", problem=f"“{title}” cannot be played: {reason}"))
            case _:
                pass
        outcome = self._transport.report(report, at)
        if outcome is None:
            return
        if isinstance(outcome, Entered) and (coming := self._direction.coming(outcome.track_id)):
            self._learning.entered(coming.choice, at, soothing=coming.soothing)
        self._aftermath.outcome(outcome, at)

    def _is_tried(self, track_id: TrackId) -> bool:
        trial = self._direction.ladder.trial
        return trial is not None and trial.entry.track.id == track_id

    def _on_feedback(self, feedback: Feedback, at: Seconds) -> None:
        """“Now” is the piece that is heard, unless the word comes too late to mean it."""
        current = self._transport.current
        given = None if feedback.given is None else Seconds(feedback.given - self._ahead)
        fresh = given is None or abs(at - given) <= NOW
        if not self._recall.feedback_is_new(feedback.id) or not fresh or feedback.about != "now":
            return
        meant = self._learning.judged(feedback.rating, at, given) or current
        if meant:
            self._recall.like(meant, feedback.rating)

    # --- effects ------------------------------------------------------------------------------------------

    def _mix(self, command: MixCommand) -> None:
        self._out.append(Mix(command=command))

    def _decide(self, decision: Decision) -> None:
        self._out.append(Decide(decision=decision))
