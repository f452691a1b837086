"""Away from what fails or would upset: nothing that hangs is waited for, higher steps are tried again."""

from player.model import Ahead
from player.session.catalogue import Catalogue
from player.session.chooser import Chooser
from player.session.direction import Direction
from player.session.guard import AWAY, judge
from player.session.ladder import PAD_ID, STEADY, TRY_FOR, Step
from player.session.states import Playing, Soothing, stays_calm
from player.session.transport import Phase, Transport
from player.units import Seconds

PATIENCE = Seconds(1.0)  # how long a piece may take to open in silence before another takes its place
STREAM_PATIENCE = Seconds(4.0)  # the same for a station with which the music begins; own judgement


class Recovery:
    def __init__(
        self, direction: Direction, transport: Transport, chooser: Chooser, catalogue: Catalogue
    ) -> None:
        self._direction, self._ladder = direction, direction.ladder
        self._transport, self._chooser, self._catalogue = transport, chooser, catalogue

    @property
    def due(self) -> list[Seconds | None]:
        """Moments at which something may have to be done although nothing happens."""
        silent = self._transport.silent_since
        return [self._ladder.due, None if silent is None else Seconds(silent + PATIENCE)]

    def tick(self, at: Seconds) -> None:
        if isinstance(self._direction.state, Playing | Soothing):
            self._mind_the_silence(at)
            self._climb(at)

    def guard(self, ahead: Ahead, spoken_word: str, at: Seconds) -> None:
        """Leave a station for the resident's own music before what is coming upsets."""
        direction, ladder = self._direction, self._ladder
        station = self._catalogue.get(ahead.track_id)
        if station is None or not isinstance(direction.state, Playing | Soothing) or self._transport.target:
            return
        verdict = judge(ahead, direction.agitation, spoken_word)
        if ladder.trial is not None and ladder.trial.entry.track.id == ahead.track_id:
            ladder.trial_objected = verdict is not None
        if verdict is None or direction.heard_id != ahead.track_id:
            return
        ladder.leave(station, f"“{station.track.title}” is left for a while: {verdict.why}.", at, AWAY)
        why = f"{verdict.why[:1].upper()}{verdict.why[1:]} on “{station.track.title}”"
        if not direction.follow(at, "guard", why, fade=verdict.fade):
            ladder.forget()

    def _mind_the_silence(self, at: Seconds) -> None:
        """What does not open in time is given up for a piece on this disk, or for the pad."""
        since, target = self._transport.silent_since, self._catalogue.get(self._transport.target)
        if since is None or target is None or target.track.id == PAD_ID:
            return
        first = target.track.live and self._ladder.standing is None
        if at - since < (STREAM_PATIENCE if first else PATIENCE):
            return
        why = f"“{target.track.title}” does not open"
        self._catalogue.broke(target.track.id, at)
        if target.track.live:
            self._ladder.leave(target, f"{why}.", at)
        self._transport.cancel()
        self._transport.drop_standby()  # also what may still open at last
        last = self._ladder.is_coming(target.track.id, Step.COMFORT)
        if not self._direction.descend(at, why, last=last):
            self._direction.go_on(at, "fault", why)

    def _climb(self, at: Seconds) -> None:
        """Try a higher step on a silent deck, and go there once it has shown that it comes."""
        ladder, trial = self._ladder, self._ladder.trial
        if trial is None:
            if ladder.due is not None and at >= ladder.due and self._transport.settled:
                self._try(at)
            return
        phase = self._transport.phase(trial.entry.track.id)
        if ladder.trial_objected:
            self._transport.drop_standby()
            ladder.failed(at)
        elif phase is Phase.READY:
            trial.ready = at if trial.ready is None else trial.ready
            if at - trial.ready >= (STEADY if trial.entry.track.live else 0.0):
                self._arrive(at)
        elif phase is not Phase.LOADING or at - trial.began >= TRY_FOR:
            self._transport.drop_standby()
            ladder.failed(at)

    def _try(self, at: Seconds) -> None:
        entry = self._ladder.stream
        if entry is not None and not self._chooser.permitted(entry.track.id, at):
            self._ladder.forget()
            entry = None
        if stays_calm(self._direction.state, at) or (self._ladder.low and self._ladder.tries % 2):
            entry = None  # by turns: the station may be away for longer than the folders
        if entry is None and self._ladder.low:
            entry = self._chooser.again(self._direction.heard_id, at)
        if entry is None or entry.track.id == self._direction.heard_id:
            self._ladder.failed(at)
            return
        self._ladder.begin(entry, at)
        self._transport.prepare(entry)

    def _arrive(self, at: Seconds) -> None:
        low = self._ladder.low
        entry = self._ladder.came()
        if entry is None:
            return
        again = entry.track.live or entry.track.id in self._catalogue.broken(at)
        self._catalogue.mended(entry.track.id)
        if low:
            why = f"“{entry.track.title}” can be played {'again' if again else 'now'}"
            self._direction.follow(at, "recovered", why, prefer=entry)
        else:  # a piece is not broken off: the station follows at its end
            self._transport.drop_standby()
