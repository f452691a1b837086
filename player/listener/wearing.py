"""Do the sensors speak of an awake person at all? Sleep and a removed wearable look like calm."""

from collections.abc import Mapping

from player.listener.signal import Signal
from player.model import Quantity
from player.units import Seconds

# Own judgement.
COLD = 25.0  # °C; the coolest wrists of 23 adults in a laboratory stayed above 26
MOTIONLESS = 0.003  # g, standard deviation within a second: a table, not an arm
DRY = 0.01  # µS: no skin under the electrodes
SIGNS = 2  # of four, that together mean: not worn
BED_HOLDS = 12 * 3600.0  # s that a bed sensor's word counts; it reports changes only
STILL_FOR = 900.0  # s without any movement to speak of, in bed: asleep
QUIET = 0.02  # g
GAP = 300.0  # s without a reading of movement, after which the stillness is not known any more

Worn = Mapping[Quantity, Signal]  # of one source


def removed(signals: Worn, at: Seconds) -> bool:
    """Whether the wearable lies somewhere: two of cold, motionless, without a pulse, dry.

    A sensor that is missing is no sign; one that is stuck or tells the impossible is.
    """
    signs = 0
    for quantity, signal in signals.items():
        if not signal.fresh(at):
            continue
        match quantity:
            case Quantity.SKIN_TEMPERATURE:
                signs += signal.raw < COLD
            case Quantity.MOVEMENT:
                signs += signal.value < MOTIONLESS
            case Quantity.HEART_RATE:
                signs += signal.stuck or not signal.nature.low <= signal.raw <= signal.nature.high
            case Quantity.EDA:
                signs += signal.raw < DRY
            case _:
                pass
    return signs >= SIGNS


class Sleep:
    """In bed and without movement for a quarter of an hour."""

    def __init__(self) -> None:
        self._in_bed_at: Seconds | None = None
        self._still_since: Seconds | None = None
        self._moved_at: Seconds | None = None

    def bed(self, occupied: bool, at: Seconds) -> None:
        self._in_bed_at = at if occupied else None

    def movement(self, value: float, at: Seconds) -> None:
        known = self._moved_at is not None and 0.0 <= at - self._moved_at <= GAP
        self._moved_at = at
        if value > QUIET or not known:
            self._still_since = None if value > QUIET else at
        elif self._still_since is None:
            self._still_since = at

    def wake(self) -> None:
        """A person in the room says how the resident is: not asleep."""
        self._still_since = None

    def asleep(self, at: Seconds) -> bool:
        return (
            self._in_bed_at is not None
            and self._still_since is not None
            and self._moved_at is not None
            and 0.0 <= at - self._in_bed_at <= BED_HOLDS
            and 0.0 <= at - self._moved_at <= GAP
            and at - self._still_since >= STILL_FOR
        )
