"""The best calmer piece stands decoded, so that nothing is opened when it is needed."""

from player.model import CatalogueEntry
from player.session.catalogue import Catalogue
from player.session.chooser import Chooser
from player.session.direction import Direction
from player.session.recall import Recall
from player.session.transport import Transport
from player.units import Seconds


class Standby:
    """Chosen anew only when something changed: a choice looks at the whole catalogue."""

    def __init__(
        self,
        direction: Direction,
        transport: Transport,
        chooser: Chooser,
        catalogue: Catalogue,
        recall: Recall,
    ) -> None:
        self._direction, self._transport, self._chooser = direction, transport, chooser
        self._catalogue, self._recall = catalogue, recall
        self._entry: CatalogueEntry | None = None
        self._chosen_for: tuple[object, ...] = ()

    def prepare(self, at: Seconds) -> None:
        current = self._transport.current
        if current is None or not self._transport.settled or self._direction.ladder.trial is not None:
            return
        chosen_for = (current, self._catalogue.version, self._recall.version)
        if chosen_for != self._chosen_for:
            self._chosen_for = chosen_for
            choice = self._chooser.calmer(current, at)
            self._entry = self._catalogue.get(choice.track_id) if choice else None
        if self._entry is not None:
            self._transport.prepare(self._entry)
