"""Analysis waits while the board is hot."""

from pathlib import Path

import pytest

from adapters.library.thermal import LONGEST, LOOK, Thermometer


class Board:
    """Cools by 3 °C in each look; `stuck`: never."""

    def __init__(self, folder: Path, celsius: float, *, stuck: bool = False) -> None:
        self.zones, self.celsius, self.stuck = folder, celsius, stuck
        self.now = 0.0
        (folder / "thermal_zone0").mkdir()
        (folder / "thermal_zone1").mkdir()
        (folder / "thermal_zone1" / "temp").write_text("off")
        self._write()

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.celsius -= 0.0 if self.stuck else 3.0
        self._write()

    def thermometer(self) -> Thermometer:
        thermometer = Thermometer(self.zones, clock=lambda: self.now, sleep=self.sleep)
        self.now += LOOK
        return thermometer

    def _write(self) -> None:
        (self.zones / "thermal_zone0" / "temp").write_text(f"{self.celsius * 1000:.0f}\n")


@pytest.mark.parametrize(("celsius", "waited"), [(50.0, 0.0), (71.0, 0.0), (80.0, 5 * LOOK)])
def test_it_waits_until_the_board_is_cool(tmp_path: Path, celsius: float, waited: float) -> None:
    board = Board(tmp_path, celsius)
    board.thermometer().wait_until_cool()
    assert board.now - LOOK == waited


def test_a_stuck_sensor_does_not_stop_it_for_ever(tmp_path: Path) -> None:
    board = Board(tmp_path, 90.0, stuck=True)
    board.thermometer().wait_until_cool()
    assert board.now - LOOK == LONGEST


def test_no_sensor_is_no_heat(tmp_path: Path) -> None:
    assert Thermometer(tmp_path).celsius() is None
