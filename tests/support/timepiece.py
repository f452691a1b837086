"""A board's clocks under our hand: one that people and servers set, one that only goes forward."""

from datetime import datetime
from zoneinfo import ZoneInfo

from adapters.clock import Clock
from player.session.messages import Tick
from player.units import Seconds
from tests.support.world import World


def unix(text: str, zone: str = "Europe/Paris", fold: int = 0) -> float:
    """Of a local time like "2026-03-29 01:30"."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


class Board:
    """`wall` is the system's clock; `passes` lets both clocks go on; `set_to` sets the wall clock alone."""

    def __init__(self, wall: float, *, newest: float = 0.0, zone: str = "Europe/Paris") -> None:
        self.wall, self.steady = wall, 100.0
        self.clock = Clock(
            Seconds(newest), wall=lambda: self.wall, steady=lambda: self.steady, zone=ZoneInfo(zone)
        )

    def passes(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds

    def set_to(self, wall: float) -> None:
        self.wall = wall


class BoardWorld(World):
    """A world whose ticks come from the clock of a board."""

    def __init__(self, board: Board, **details: object) -> None:
        self.board = board
        clock = board.clock
        super().__init__(at=clock.now(), minute=clock.minute(), **details)  # type: ignore[arg-type]

    def tick(self) -> None:
        clock = self.board.clock
        self.minute = clock.minute()
        self.handle(Tick(at=self.at, minute=self.minute, ahead=clock.ahead()))

    def run(self, seconds: float, step: float = 0.25) -> None:
        self.live(seconds, step)

    def live(self, seconds: float, step: float = 5.0) -> None:
        """Time passes on both clocks and in the sound process."""
        end = self.at + seconds
        while self.at < end:
            self.board.passes(min(step, end - self.at))
            self.at = self.board.clock.now()
            for at, report in self.sound.advance(self.at):
                self.report(report, at)
            self.tick()
