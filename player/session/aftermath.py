"""What follows from what happened to the decks: pieces that entered, end, broke or ran out."""

from player.model import TrackId
from player.session.catalogue import Catalogue
from player.session.direction import Direction
from player.session.ladder import PAD_ID, Step
from player.session.motive import NOW
from player.session.recall import Recall
from player.session.states import Fading, Playing, Resting, Soothing
from player.session.transport import Broke, Ending, Entered, Outcome, RanOut, Transport
from player.units import Seconds

BLAMED = Seconds(20.0)  # between two ends of the audio process that have one cause; own judgement


class Aftermath:
    def __init__(
        self, direction: Direction, transport: Transport, catalogue: Catalogue, recall: Recall
    ) -> None:
        self._direction, self._transport = direction, transport
        self._catalogue, self._recall = catalogue, recall
        self._lost_with: frozenset[TrackId] = frozenset()  # on the decks when the audio process ended last,
        self._lost_at = Seconds(0.0)  # and when that was

    def outcome(self, outcome: Outcome, at: Seconds) -> None:
        """What happens to the decks moves the music only while music is meant to be heard and stay."""
        playing = isinstance(self._direction.state, Playing | Soothing)
        match outcome:
            case Entered(track_id=track_id):
                self._direction.ladder.entered(track_id, at)
                if track_id != PAD_ID:
                    self._recall.played(track_id, at)
                    self._recall.place(track_id, self._transport.position, at)
            case Broke(track_id=track_id):
                self._broke(outcome, at)
                if not playing:
                    pass
                elif self._direction.wanted is None or (outcome.dry and self._transport.target is None):
                    self._after_fault(
                        at,
                        f"The piece before could not be played ({outcome.reason.rstrip('.')})",
                        outcome.left,
                    )
                elif outcome.wanted and self._transport.current != track_id:
                    self._direction.go_on(at, "fault", "The piece that was to come could not be played")
            case Ending(at=end):
                if playing and self._transport.target is None:
                    self._direction.before_the_end(end, at)
            case RanOut():
                if playing:
                    self._after_fault(at, "The piece before ended early")
                else:
                    self._direction.finish(at)

    def lost(self, track_id: TrackId, position: Seconds, at: Seconds) -> None:
        """The audio process is gone; the place is kept. What was about to be heard will begin anew."""
        target = self._transport.target
        if target is not None and target != track_id:
            self._recall.place(target, NOW, at)
        else:
            self._recall.place(track_id or None, position, at)
        self._blame(at)
        self._transport.lost()
        if isinstance(self._direction.state, Fading):
            self._direction.state = Resting(
                since=self._direction.state.until, reason=self._direction.state.reason
            )

    def _blame(self, at: Seconds) -> None:
        """A piece on whose decks the audio process ended twice in a row is not tried a third time."""
        present = self._transport.tracks
        for track_id in present & self._lost_with if at - self._lost_at < BLAMED else ():
            self._broke(Broke(track_id=track_id, reason="the audio process ended with it"), at)
        self._lost_with, self._lost_at = present, at

    def _broke(self, broke: Broke, at: Seconds) -> None:
        ladder, entry = self._direction.ladder, self._catalogue.get(broke.track_id)
        if ladder.trial is not None and ladder.trial.entry.track.id == broke.track_id:
            ladder.failed(at)
        heard_copy = ladder.standing is not None and ladder.standing.step is Step.COMFORT
        if heard_copy or ladder.is_coming(broke.track_id, Step.COMFORT):
            self._catalogue.copy_broke(broke.track_id, at)
        self._catalogue.broke(broke.track_id, at)
        if (
            entry is not None
            and entry.track.live
            and (broke.wanted or broke.dry or self._direction.wanted is None)
        ):
            ladder.leave(entry, f"“{entry.track.title}” does not come ({broke.reason.rstrip('.')}).", at)
        resume = self._recall.resume
        if resume is not None and resume.track_id == broke.track_id:
            self._recall.forget_place()

    def _after_fault(self, at: Seconds, why: str, left: Seconds | None = None) -> None:
        fade = None if left is None else Seconds(max(min(self._direction.policy.swap_fade_s, left), 1.0))
        self._direction.go_on(at, "fault", why, fade)
