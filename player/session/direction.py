"""Where the music goes: the state of the session and every move from one state to another."""

from collections.abc import Callable

from msgspec import Struct

from player.model import CatalogueEntry, Selection, TrackId
from player.session.catalogue import Catalogue
from player.session.chooser import Chooser
from player.session.messages import Decision, Resume
from player.session.recall import Recall
from player.session.states import Held, Idle, Paused, Playing, Soothing, State
from player.session.transport import Broke, Ending, Entered, Outcome, RanOut, Target, Transport
from player.session.views import track_view
from player.settings import PolicySettings
from player.units import Seconds

STOP_FADE = Seconds(0.4)  # the stop, never above 0.5 s (DESIGN 5)
PAUSE_FADE = Seconds(0.4)
RESUME_FADE = Seconds(2.0)  # after a fault or a pause: quietly in again
START_FADE = Seconds(4.0)
NOW = Seconds(0.0)
NOTHING_LEFT = "No music that may be played is left. Add music, or lift a “never”."


class Motive(Struct, frozen=True, kw_only=True):
    """Why the music moves, for the record of decisions."""

    kind: str  # `Decision.event_type`
    trigger: str
    reason: str


class Direction:
    """`decide` takes each decision for the journal; `policy` gives fades and windows."""

    def __init__(
        self,
        transport: Transport,
        chooser: Chooser,
        catalogue: Catalogue,
        recall: Recall,
        decide: Callable[[Decision], None],
    ) -> None:
        self._transport = transport
        self._chooser = chooser
        self._catalogue = catalogue
        self._recall = recall
        self._decide = decide
        self.state: State = Idle(since=Seconds(0.0), reason="Starting.")
        self.agitation: float | None = None  # of the latest estimate, for the record of decisions
        self.policy = PolicySettings()

    @property
    def soothing(self) -> bool:
        return isinstance(self.state, Soothing)

    @property
    def wanted(self) -> TrackId | None:
        """What is heard or about to be."""
        return self._transport.target or self._transport.current

    # --- moves --------------------------------------------------------------------------------------

    def idle(self, at: Seconds, reason: str) -> None:
        if not isinstance(self.state, Idle) or self.state.reason != reason:
            self.state = Idle(since=at, reason=reason)

    def start(self, at: Seconds, trigger: str, why: str, first: str | None = None) -> bool:
        """Music from silence. False when nothing may be played."""
        choice = self._chooser.first(first, at)
        if choice is None:
            return False
        reason = f"{why}: {choice.reason}."
        self.state = Playing(since=at, reason=reason)
        self._go(choice, Motive(kind="start", trigger=trigger, reason=reason), START_FADE, at)
        return True

    def resume(self, place: Resume, at: Seconds, trigger: str, why: str) -> bool:
        """The same piece at the place it was, fading in. False when it may not be played."""
        entry = self._chooser.may_play(place.track_id, at)
        if entry is None:
            return False
        reason = f"{why}: “{entry.track.title}” goes on where it was."
        if not isinstance(self.state, Playing | Soothing):
            self.state = Playing(since=at, reason=reason)
        self._record(Motive(kind="resume", trigger=trigger, reason=reason), entry, at)
        self._transport.go(Target(entry=entry, fade=RESUME_FADE, start=place.position), at)
        return True

    def soothe(self, at: Seconds, trigger: str, why: str) -> bool:
        """Move to calmer familiar music. False when nothing calmer is there: the present music goes on."""
        choice = self._chooser.calmer(self.wanted, at)
        if choice is None:
            self._keep(at, trigger, why)
            return False
        reason = f"{why}: {choice.reason}."
        self._wake_up()
        self.state = Soothing(since=at, reason=reason, until=Seconds(at + self.policy.response_window_s))
        self._go(choice, Motive(kind="swap", trigger=trigger, reason=reason), self.policy.swap_fade_s, at)
        return True

    def _keep(self, at: Seconds, trigger: str, why: str) -> None:
        """Said, so that nobody presses again and wonders."""
        entry = self._catalogue.get(self._transport.current)
        if entry is not None:
            reason = f"{why}: nothing calmer is known, “{entry.track.title}” goes on."
            self._record(Motive(kind="keep", trigger=trigger, reason=reason), entry, at)

    def settle(self, at: Seconds, reason: str) -> None:
        """The soothing is over and the music goes on."""
        if self.soothing:
            self.state = Playing(since=at, reason=reason)

    def follow(
        self, at: Seconds, trigger: str, why: str, not_before: Seconds = NOW, fade: Seconds | None = None
    ) -> bool:
        """The next piece. False when nothing may be played."""
        choice = self._chooser.following(self.wanted, at, calm=self.soothing)
        if choice is None:
            return False
        reason = f"{why}: {choice.reason}."
        self._wake_up()
        match self.state:
            case Soothing(until=until):
                self.state = Soothing(since=at, reason=reason, until=until)
            case _:
                self.state = Playing(since=at, reason=reason)
        self._go(
            choice,
            Motive(kind="next", trigger=trigger, reason=reason),
            self.policy.swap_fade_s if fade is None else fade,
            at,
            not_before,
        )
        return True

    def hold(self, at: Seconds, by: str) -> None:
        """Stop, and stay silent until a person says otherwise."""
        self._remember_place()
        self._transport.stop(STOP_FADE)
        if not isinstance(self.state, Held):
            self._record(Motive(kind="hold", trigger=by, reason=f"Stopped by {by}."), None, at)
        self.state = Held(since=at, by=by)
        self._recall.held_by, self._recall.paused_by = by, None

    def silence(self, at: Seconds, reason: str) -> None:
        """Nothing may be played: fade out and say why."""
        self._transport.stop(STOP_FADE)
        self.state = Idle(since=at, reason=reason)

    def pause(self, at: Seconds, by: str) -> bool:
        if not isinstance(self.state, Playing | Soothing):
            return False
        self._remember_place()
        self._transport.pause(PAUSE_FADE)
        self.state = Paused(since=at, by=by, during=self.state)
        self._recall.paused_by = by
        return True

    def unpause(self, at: Seconds, by: str) -> None:
        if not isinstance(self.state, Paused):
            return
        paused_for, end = at - self.state.since, self._transport.leaves_at
        self._wake_up()
        if self.wanted is not None:
            if end is not None:  # it was about to end: what follows was not yet chosen
                self._before_the_end(Seconds(end + paused_for), at)
            return
        place = self._recall.resume  # the audio process was restarted meanwhile, or the piece was refused
        if place is None or not self.resume(place, at, by, "Play again"):
            self.follow(at, by, "Play again")

    def restore(self, at: Seconds) -> None:
        """A hold or a pause outlives a restart."""
        if self._recall.held_by is not None:
            self.state = Held(since=at, by=self._recall.held_by)
        elif self._recall.paused_by is not None:
            during = Playing(since=at, reason="Paused before a restart.")
            self.state = Paused(since=at, by=self._recall.paused_by, during=during)

    # --- what the transport saw -----------------------------------------------------------------------

    def outcome(self, outcome: Outcome, at: Seconds) -> None:
        """While paused nothing that happens to the decks starts the music: only a person does."""
        paused = isinstance(self.state, Paused)
        match outcome:
            case Entered(track_id=track_id):
                self._recall.played(track_id, at)
                self._recall.place(track_id, self._transport.position)
            case Broke(track_id=track_id):
                self._broke(outcome, at)
                if paused:
                    return
                if self.wanted is None or (outcome.dry and self._transport.target is None):
                    self._after_fault(at, f"The piece before could not be played ({outcome.reason})")
                elif outcome.wanted and self._transport.current != track_id:
                    self.follow(at, "fault", "The piece that was to come could not be played")
            case Ending(at=end):
                if self._transport.target is None and not paused:
                    self._before_the_end(end, at)
            case RanOut():
                if isinstance(self.state, Playing | Soothing):
                    self._after_fault(at, "The piece before ended early")

    def lost(self, track_id: TrackId, position: Seconds) -> None:
        """The audio process is gone; the place is kept. What was about to be heard will begin anew."""
        target = self._transport.target
        if target is not None and target != track_id:
            self._recall.place(target, NOW)
        else:
            self._recall.place(track_id or None, position)
        self._transport.lost()

    def _broke(self, broke: Broke, at: Seconds) -> None:
        self._catalogue.broke(broke.track_id, at)
        resume = self._recall.resume
        if resume is not None and resume.track_id == broke.track_id:
            self._recall.forget_place()

    def _before_the_end(self, end: Seconds, at: Seconds) -> None:
        fade = Seconds(max(min(self.policy.swap_fade_s, end - at), 0.5))
        self.follow(at, "ended", "Next", not_before=Seconds(end - fade), fade=fade)

    def _after_fault(self, at: Seconds, why: str) -> None:
        if not self.follow(at, "fault", why):
            self.idle(at, NOTHING_LEFT)

    # --- tools --------------------------------------------------------------------------------------

    def _wake_up(self) -> None:
        """A move out of Paused opens the programme again; out of Held it ends the hold."""
        if isinstance(self.state, Paused):
            self._transport.resume(RESUME_FADE)
            self.state = self.state.during
        self._recall.held_by = self._recall.paused_by = None

    def _go(
        self, choice: Selection, motive: Motive, fade: Seconds, at: Seconds, not_before: Seconds = NOW
    ) -> None:
        entry = self._catalogue.get(choice.track_id)
        if entry is None:  # the selector chose from the catalogue within this very event
            raise AssertionError(choice.track_id)
        self._recall.held_by = None
        self._record(motive, entry, at, choice)
        gentle = motive.kind == "swap"
        self._transport.go(Target(entry=entry, fade=fade, not_before=not_before, gentle=gentle), at)

    def _record(
        self, motive: Motive, entry: CatalogueEntry | None, at: Seconds, choice: Selection | None = None
    ) -> None:
        self._decide(
            Decision(
                event_type=motive.kind,
                at=at,
                reason=motive.reason,
                from_track=track_view(self._catalogue.get(self._transport.current)),
                to_track=track_view(entry),
                trigger=motive.trigger,
                policy=choice.policy if choice else "",
                propensity=choice.propensity if choice else 1.0,
                expected_reward=choice.expected_reward if choice else 0.0,
                agitation=self.agitation,
            )
        )

    def _remember_place(self) -> None:
        self._recall.place(self._transport.current, self._transport.position)
