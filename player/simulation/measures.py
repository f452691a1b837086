"""What is measured of one resident on one day, minute by minute."""

from msgspec import Struct

from player.simulation.parameters import HARM, RELAPSE_WITHIN, RESTLESS, SETTLED

LONG_AGO = -10_000  # minute


class DayMeasures(Struct, frozen=True):
    """agitated, awake, played: minutes; regret: sum over choices made to soothe, in units of effect."""

    awake: int
    agitated: int
    relapses: int
    swaps: int
    harms: int
    choices: int
    regret: float
    played: int
    prompts: int


class Meter:
    """Takes the truth of each minute awake, and each choice. `close` at the end of the day."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._awake = self._agitated = self._relapses = self._harms = self._played = 0
        self._choices, self._regret = 0, 0.0
        self.swaps = self.prompts = 0
        self._restless, self._settled_at = False, LONG_AGO
        self.begin_piece()

    def begin_piece(self) -> None:
        self._harmed = False

    def minute(self, minute: int, agitation: float, alone: float, *, played: bool, upsetting: bool) -> None:
        """alone: agitation as it would be without the present piece."""
        self._awake += 1
        if agitation >= RESTLESS:
            self._agitated += 1
            if not self._restless:
                self._restless = True
                self._relapses += minute - self._settled_at <= RELAPSE_WITHIN
        elif self._restless and agitation < SETTLED:
            self._restless, self._settled_at = False, minute
        if played:
            self._played += 1
            if not self._harmed and (upsetting or agitation - alone > HARM):
                self._harmed = True
                self._harms += 1

    def choice(self, regret: float) -> None:
        """A choice made to soothe; regret: the best effect that was to be had, less that of the choice."""
        self._choices += 1
        self._regret += regret

    def close(self) -> DayMeasures:
        """The day so far; a new one begins."""
        day = DayMeasures(
            self._awake,
            self._agitated,
            self._relapses,
            self.swaps,
            self._harms,
            self._choices,
            self._regret,
            self._played,
            self.prompts,
        )
        self._clear()
        return day
