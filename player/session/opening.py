"""How the music begins by itself: at start, and when music appears in an empty library."""

from player.model import AdaptMode
from player.session.catalogue import Catalogue
from player.session.chooser import Chooser
from player.session.direction import Direction
from player.session.recall import Recall
from player.session.states import Idle
from player.units import Seconds

LONG_AWAY = Seconds(600.0)  # after a longer break the music does not come back in quiet hours
LOOKING = "Looking for music."
NO_MUSIC = "No music found. Put music files into the library folder, or name another one in the settings."
QUIET = "Quiet hours. Press play to start quietly."
ASLEEP = "Ready. Press play to start."


class Opening:
    """autostart: of the settings, resume or idle."""

    def __init__(
        self, direction: Direction, chooser: Chooser, catalogue: Catalogue, recall: Recall, autostart: str
    ) -> None:
        self._direction, self._chooser = direction, chooser
        self._catalogue, self._recall = catalogue, recall
        self._autostart = autostart

    def begin(self, at: Seconds, *, quiet: bool, first_track: str | None) -> None:
        """From idle to music, or to the reason why there is none. quiet: quiet hours."""
        state = self._direction.state
        if not isinstance(state, Idle):
            return
        place = self._recall.resume
        if not len(self._catalogue) and not (self._catalogue.complete and self._direction.ladder.comfort):
            missing = NO_MUSIC if self._catalogue.complete else LOOKING
            self._direction.idle(at, missing, fault=state.fault)
        elif state.fault:
            if not self._direction.start(at, "fault", "There is music again"):
                self._direction.idle(at, self._chooser.why_nothing(at), fault=True)
        elif self._recall.mode is AdaptMode.OFF or self._autostart == "idle":
            self._direction.idle(at, ASLEEP)
        elif place is not None and at - place.at > LONG_AWAY and quiet:
            self._direction.idle(at, QUIET)
        elif place is not None:
            known = self._catalogue.get(place.track_id) is not None
            if known and self._direction.resume(place, at, "restart", "After a restart"):
                return
            if known or self._catalogue.complete:
                self._recall.forget_place()
                self.begin(at, quiet=quiet, first_track=first_track)
        elif quiet:
            self._direction.idle(at, QUIET)
        elif self._may_choose(first_track) and not self._direction.start(
            at, "start", "To begin", first_track
        ):
            self._direction.idle(at, self._chooser.why_nothing(at))

    def _may_choose(self, first: str | None) -> bool:
        """A piece named to start with is waited for until the folders have been looked at."""
        return first is None or self._catalogue.complete or self._catalogue.named(first) is not None
