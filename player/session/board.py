"""What people were shown last: a state is published when it changed, not at every event."""

from collections.abc import Callable

from msgspec import structs

from player.model import ListenerState
from player.session.messages import AgitationState, PlaybackState, StateView

AGITATION_STEP = 0.02  # a smaller change of the estimate is not shown
CONFIDENCE_STEP = 0.1


class Board:
    def __init__(self, publish: Callable[[StateView], None]) -> None:
        self._publish = publish
        self._shown: dict[type[StateView], StateView] = {}
        self._listener: ListenerState | None = None

    def show(self, view: StateView) -> None:
        """Position alone is no change: it is read from the frames written, when somebody looks."""
        before = self._shown.get(type(view))
        if isinstance(before, PlaybackState) and isinstance(view, PlaybackState):
            before = structs.replace(before, position=view.position)
        if view != before:
            self._shown[type(view)] = view
            self._publish(view)

    def show_listener(self, now: ListenerState) -> None:
        before = self._listener
        if (
            before is None
            or abs(before.agitation - now.agitation) >= AGITATION_STEP
            or before.trend is not now.trend
            or before.validity is not now.validity
            or abs(before.confidence - now.confidence) >= CONFIDENCE_STEP
            or (before.confidence > 0) is not (now.confidence > 0)
        ):
            self._listener = now
            self.show(AgitationState(listener=now))
