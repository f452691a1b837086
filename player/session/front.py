"""What people see of the music: shown when it changed."""

from operator import is_not

from msgspec import structs

from player.model import TrackId
from player.session.board import Board
from player.session.catalogue import Catalogue
from player.session.direction import Direction
from player.session.messages import ModeState, VolumeState
from player.session.recall import Recall
from player.session.transport import Transport
from player.session.views import playback
from player.session.volume import VolumeControl


class Front:
    """device, fault: of the sound; now_playing: what a station said of itself, and which."""

    def __init__(
        self,
        direction: Direction,
        transport: Transport,
        catalogue: Catalogue,
        volume: VolumeControl,
        recall: Recall,
    ) -> None:
        self._direction, self._transport, self._catalogue = direction, transport, catalogue
        self._volume, self._recall = volume, recall
        self.device, self.fault = "", ""
        self.now_playing: tuple[TrackId, str] = ("", "")
        self._seen: tuple[object, ...] = (None,) * 9  # what was shown last

    def show(self, board: Board, minute: int) -> None:
        state, standing = self._direction.state, self._direction.ladder.standing
        entry = self._catalogue.get(self._transport.current)
        percent, cap = self._volume.percent(minute), self._volume.cap(minute)
        seen = (
            state, entry, self.device, self.fault, percent, cap, self._recall.mode,
            standing, self.now_playing,
        )  # fmt: skip
        if not any(map(is_not, seen, self._seen)):  # by identity, for speed: this follows every event
            return
        self._seen = seen
        view = playback(state, entry, position=self._transport.position, device=self.device, fault=self.fault)
        if entry is not None and standing is not None:
            title = self.now_playing[1] if self.now_playing[0] == entry.track.id else ""
            view = structs.replace(view, step=standing.step, step_reason=standing.reason, now_playing=title)
        board.show(view)
        board.show(VolumeState(percent=percent, max=cap, level_db=self._volume.level(minute)))
        board.show(ModeState(mode=self._recall.mode))
