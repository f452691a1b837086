"""Where the music goes: the state of the session and every move from one state to another."""

from collections.abc import Callable

from msgspec import structs

from player.model import CatalogueEntry, Selection, TrackId
from player.session.catalogue import Catalogue
from player.session.chooser import Chooser
from player.session.ladder import PAD_ID, Ladder
from player.session.messages import Decision, Resume
from player.session.motive import (
    LOOK,
    NOW,
    PAUSE_FADE,
    RESUME_FADE,
    RETRY,
    START_FADE,
    STAY_CALM,
    STOP_FADE,
    Coming,
    Motive,
)
from player.session.recall import Recall
from player.session.states import (
    Fading,
    Held,
    Idle,
    Paused,
    Playing,
    Resting,
    Soothing,
    State,
    paused_before,
    stays_calm,
)
from player.session.transport import Target, Transport
from player.session.views import decision_of
from player.settings import PolicySettings
from player.units import Seconds

MACHINE = {"ended", "fault", "recovered", "guard"}  # triggers that are no person's wish


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
        self._coming: Coming | None = None
        self.agitation: float | None = None  # of the latest estimate, for the record of decisions
        self.policy = PolicySettings()
        self.ladder = Ladder(catalogue, recall)

    @property
    def heard(self) -> bool:
        """Whether music is meant to be heard."""
        return isinstance(self.state, Playing | Soothing | Fading)

    @property
    def heard_id(self) -> TrackId | None:
        return self._transport.current

    @property
    def ends_at(self) -> Seconds | None:
        """When a fade-out that runs will be over."""
        return self.state.until if isinstance(self.state, Fading) else None

    @property
    def wanted(self) -> TrackId | None:
        """What is heard or about to be."""
        return self._transport.target or self._transport.current

    # --- moves --------------------------------------------------------------------------------------

    def idle(self, at: Seconds, reason: str, *, fault: bool = False) -> None:
        """fault: the music is missed, not unwanted: it comes back as soon as it can."""
        if not isinstance(self.state, Idle) or self.state.reason != reason:
            self.state = Idle(since=at, reason=reason, fault=fault)

    def start(self, at: Seconds, trigger: str, why: str, first: str | None = None) -> bool:
        """Music from silence. False when nothing may be played."""
        choice = self._chooser.first(first, at)
        if choice is None:
            return self.descend(at, why)
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
        self._recall.resting = None
        if not isinstance(self.state, Playing | Soothing):
            calm_until = Seconds(self._recall.soothed_at + STAY_CALM)  # also after a restart
            self.state = Playing(since=at, reason=reason, calm_until=calm_until)
        self._record(Motive(kind="resume", trigger=trigger, reason=reason), entry, at)
        self.ladder.coming(entry)
        self._transport.go(Target(entry=entry, fade=RESUME_FADE, start=place.position), at)
        return True

    def soothe(self, at: Seconds, trigger: str, why: str, *, surest: bool = False) -> Selection | None:
        """Move to calmer familiar music. None when nothing calmer is there: the present music goes on.

        surest: the piece most sure to help rather than the policy's choice.
        """
        choice = self._chooser.calmer(self.wanted, at, surest=surest)
        if choice is None:
            self._keep(at, trigger, f"{why}: nothing calmer is known")
            return None
        reason = f"{why}: {choice.reason}."
        self._wake_up(at)
        again = self.state if isinstance(self.state, Soothing) and trigger == RETRY else None
        self.state = Soothing(
            since=at,
            reason=reason,
            until=Seconds(at + self.policy.response_window_s),
            began=again.began if again else at,
            tries=again.tries + 1 if again else 1,
            before=self.agitation,
        )
        self._recall.soothed_at = at
        self._go(choice, Motive(kind="swap", trigger=trigger, reason=reason), self.policy.swap_fade_s, at)
        return choice

    def pause_is_of(self, by: str) -> None:
        """A person wants the pause that an alarm began."""
        if isinstance(self.state, Paused):
            self.state = structs.replace(self.state, by=by)
            self._recall.paused_by = by

    def _keep(self, at: Seconds, trigger: str, why: str) -> None:
        """Said, so that nobody presses again and wonders; nothing is kept while it fades out."""
        if isinstance(self.state, Fading):
            return
        entry = self._catalogue.get(self._transport.current)
        if entry is not None:
            reason = f"{why}, “{entry.track.title}” goes on."
            self._record(Motive(kind="keep", trigger=trigger, reason=reason), entry, at)

    def wait_on(self, at: Seconds) -> None:
        """Another window with the same music, for there is no other."""
        if isinstance(self.state, Soothing):
            until = Seconds(at + self.policy.response_window_s)
            self.state = structs.replace(self.state, until=until, tries=self.state.tries + 1)

    def settle(self, at: Seconds, why: str) -> None:
        """The soothing is over and the music goes on, calm for a while."""
        if isinstance(self.state, Soothing):
            self._keep(at, "window", why)
            self.state = Playing(since=at, reason=f"{why}.", calm_until=Seconds(at + STAY_CALM))

    def prompt(self, at: Seconds, why: str) -> None:
        """Ask staff to look after the resident: music must not mask a need that is not met."""
        entry = self._catalogue.get(self._transport.current)
        self._record(Motive(kind="prompt", trigger="need", reason=f"{why}: {LOOK}"), entry, at)

    def rest(self, at: Seconds, over: Seconds, trigger: str, reason: str) -> None:
        """Fade out over this time, and be silent until there is an occasion for music."""
        if isinstance(self.state, Playing | Soothing):
            self._remember_place(at)
            self._record(Motive(kind="rest", trigger=trigger, reason=reason), None, at)
            self._transport.cancel()
            self._transport.pause(over)
            self._recall.resting = reason
            self.state = Fading(since=at, reason=reason, until=Seconds(at + over))

    def coming(self, track_id: TrackId) -> Coming | None:
        """How this piece was chosen, told once: as it enters."""
        coming, self._coming = self._coming, None
        return coming if coming is not None and coming.choice.track_id == track_id else None

    def tick(self, at: Seconds) -> None:
        if isinstance(self.state, Fading) and at >= self.state.until:
            self.finish(at)

    def descend(
        self,
        at: Seconds,
        why: str,
        fade: Seconds | None = None,
        begin: Seconds = NOW,
        *,
        last: bool = False,
        trigger: str = "fault",
    ) -> bool:
        """To what a fault leaves, or the `last` step. False when people, not faults, left nothing."""
        entry = self.ladder.below(at, self._transport.current, self._chooser.bars, last=last)
        if entry is None:
            return False
        pad = entry.track.id == PAD_ID
        what = "a gentle sound" if pad else f"“{entry.track.title}” from this player's disk"
        reason = f"{why}: {what} is heard meanwhile."
        self._play_on(at, reason)
        self._record(Motive(kind="next", trigger=trigger, reason=reason), entry, at)
        self.ladder.coming(entry, f"{why}." if trigger == "fault" else None)
        fade = self.policy.swap_fade_s if fade is None else fade
        self._transport.go(Target(entry=entry, fade=fade, gentle=True, not_before=begin), at)
        return True

    def finish(self, at: Seconds) -> None:
        """The end of a fade-out, at its time or because a person wants silence now."""
        if isinstance(self.state, Fading):
            self._transport.stop(STOP_FADE)
            self.state = Resting(since=at, reason=self.state.reason)

    def unfade(self, at: Seconds, trigger: str, why: str) -> None:
        """The programme comes back out of a fade-out."""
        if isinstance(self.state, Fading):
            entry, end = self._catalogue.get(self._transport.current), self._transport.leaves_at
            self._wake_up(at)
            reason = f"{why}: the music goes on."
            self._record(Motive(kind="resume", trigger=trigger, reason=reason), entry, at)
            if end is not None:  # it was about to end: what follows was not chosen
                self.before_the_end(end, at)

    def follow(
        self,
        at: Seconds,
        trigger: str,
        why: str,
        not_before: Seconds = NOW,
        fade: Seconds | None = None,
        *,
        prefer: CatalogueEntry | None = None,
    ) -> bool:
        """The next piece. False when nothing may be played."""
        calm = stays_calm(self.state, at)
        if prefer is None and trigger == "ended" and self.ladder.stream_back and not calm:
            prefer = self.ladder.stream
        choice = self._chooser.this(prefer, at) or self._chooser.following(self.wanted, at, calm=calm)
        if choice is None:
            return False
        if trigger not in MACHINE:
            self.ladder.forget()
        reason = f"{why}: {choice.reason}."
        self._play_on(at, reason)
        self._go(
            choice,
            Motive(kind="next", trigger=trigger, reason=reason),
            self.policy.swap_fade_s if fade is None else fade,
            at,
            not_before,
            gentle=trigger in ("fault", "recovered", "guard"),
        )
        return True

    def hold(self, at: Seconds, by: str) -> None:
        """Stop, and stay silent until a person says otherwise."""
        self._remember_place(at)
        self._transport.stop(STOP_FADE)
        if not isinstance(self.state, Held):
            self._record(Motive(kind="hold", trigger=by, reason=f"Stopped by {by}."), None, at)
            self._recall.held_since = at
        self.state = Held(since=self._recall.held_since, by=by)
        self._recall.held_by, self._recall.paused_by, self._recall.resting = by, None, None

    def release(self, at: Seconds, reason: str) -> None:
        """A hold ends by the clock: the music may come again, when there is an occasion."""
        if isinstance(self.state, Held | Paused):
            self._transport.stop(STOP_FADE)
            self._record(Motive(kind="release", trigger="clock", reason=reason), None, at)
            self._recall.held_by = self._recall.paused_by = None
            self._recall.resting = reason
            self.state = Resting(since=at, reason=reason)

    def silence(self, at: Seconds, reason: str) -> None:
        """Nothing may be played: fade out and say why."""
        self._record(Motive(kind="rest", trigger="nothing-left", reason=reason), None, at)
        self._transport.stop(STOP_FADE)
        self.state = Idle(since=at, reason=reason)

    def pause(self, at: Seconds, by: str) -> bool:
        if not isinstance(self.state, Playing | Soothing):
            return False
        self._remember_place(at)
        self._transport.pause(PAUSE_FADE)
        self.state = Paused(since=at, by=by, during=self.state)
        self._recall.paused_by = by
        return True

    def unpause(self, at: Seconds, by: str) -> None:
        if not isinstance(self.state, Paused):
            return
        paused_for, end = at - self.state.since, self._transport.leaves_at
        self._wake_up(at)
        if isinstance(self.state, Soothing):
            self.state = structs.replace(
                self.state,
                until=Seconds(self.state.until + paused_for),
                began=Seconds(self.state.began + paused_for),
            )
        if self.wanted is not None:
            if end is not None:  # it was about to end: what follows was not yet chosen
                self.before_the_end(Seconds(end + paused_for), at)
            return
        place = self._recall.resume  # the audio process was restarted meanwhile, or the piece was refused
        if place is None or not self.resume(place, at, by, "Play again"):
            self.go_on(at, by, "Play again")

    def restore(self, at: Seconds) -> None:
        """A hold, a pause and a rest outlive a restart."""
        if self._recall.held_by is not None:
            self.state = Held(since=self._recall.held_since, by=self._recall.held_by)
        elif self._recall.resting is not None:
            self.state = Resting(since=at, reason=self._recall.resting)
        elif self._recall.paused_by is not None:
            self.state = paused_before(self._recall.paused_by, at)

    # --- going on ------------------------------------------------------------------------------------

    def before_the_end(self, end: Seconds, at: Seconds) -> None:
        """What follows begins so that both end and beginning are one swap."""
        fade = Seconds(max(min(self.policy.swap_fade_s, end - at), 0.5))
        begin = Seconds(end - fade)
        if not self.follow(at, "ended", "Next", not_before=begin, fade=fade):
            self.descend(at, "No piece of the library can be played now", fade, begin)

    def go_on(self, at: Seconds, trigger: str, why: str, fade: Seconds | None = None) -> None:
        """Another piece, a step down the ladder, or silence with its reason."""
        if not self.follow(at, trigger, why, fade=fade) and not self.descend(at, why, fade):
            self.idle(at, self._chooser.why_nothing(at), fault=True)

    # --- tools --------------------------------------------------------------------------------------

    def _play_on(self, at: Seconds, reason: str) -> None:
        self._wake_up(at)
        match self.state:
            case Playing() | Soothing():
                self.state = structs.replace(self.state, since=at, reason=reason)
            case _:
                self.state = Playing(since=at, reason=reason)

    def _wake_up(self, at: Seconds) -> None:
        """A move out of silence, or on the way there, opens the programme again and ends what held it."""
        match self.state:
            case Paused(during=during):
                self._transport.resume(RESUME_FADE)
                self.state = during
            case Fading():
                self._transport.resume(RESUME_FADE)
                self.state = Playing(since=at, reason="The music goes on.")
            case _:
                pass
        self._recall.held_by = self._recall.paused_by = self._recall.resting = None

    def _go(
        self,
        choice: Selection,
        motive: Motive,
        fade: Seconds,
        at: Seconds,
        not_before: Seconds = NOW,
        *,
        gentle: bool = False,
    ) -> None:
        entry = self._catalogue.get(choice.track_id)
        if entry is None:  # the selector chose from the catalogue within this very event
            raise AssertionError(choice.track_id)
        self._recall.held_by = self._recall.resting = None
        self._record(motive, entry, at, choice)
        soothing = motive.kind == "swap"
        self._coming = Coming(choice=choice, soothing=soothing)
        self.ladder.coming(entry, motive.reason if motive.trigger == "fault" else "")
        target = Target(entry=entry, fade=fade, not_before=not_before, gentle=gentle or soothing)
        self._transport.go(target, at)

    def _record(
        self, motive: Motive, entry: CatalogueEntry | None, at: Seconds, choice: Selection | None = None
    ) -> None:
        before = self._catalogue.get(self._transport.current)
        self._decide(decision_of(motive, at, (before, entry), choice, self.agitation))

    def _remember_place(self, at: Seconds) -> None:
        self._recall.place(self._transport.current, self._transport.position, at)
