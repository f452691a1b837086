"""A sensor whose clock is wrong is heard, and named; what is late is not."""

from datetime import UTC, datetime

from adapters.mqtt.reception import Reception
from adapters.mqtt.skew import ENOUGH, SOURCES, Clocks
from player.units import Seconds
from tests.mqtt.test_reception import TOPICS, offer

WALL = 1.8e9  # as in `offer`


class Sensor:
    """Its time is `behind` ours by so many seconds."""

    def __init__(self, behind: float, source: str = "strap") -> None:
        self.told: list[str] = []
        self.behind, self.source = behind, source
        self.reception = Reception(TOPICS, self.told.append)

    def says(self, at: float, age: float = 0.0) -> str:
        ts = datetime.fromtimestamp(WALL + at - self.behind - age, UTC).isoformat().replace("+00:00", "Z")
        payload = f'{{"value":72,"ts":"{ts}"}}'.encode()
        return offer(self.reception, f"signal/heart_rate/{self.source}", payload, at=at)


def test_a_clock_that_is_an_hour_off_is_corrected_and_told_once() -> None:
    for behind, word in ((3600.0, "behind"), (-3600.0, "ahead of")):
        sensor = Sensor(behind)
        answers = [sensor.says(5.0 * second) for second in range(30)]
        assert answers[:12] == ["stale"] * 12  # a minute, until it is believed
        assert answers[13:] == [""] * 17
        assert len(sensor.told) == 1
        assert f"strap is 3600 s {word} ours" in sensor.told[0]


def test_what_is_late_by_a_wrong_clock_is_late() -> None:
    sensor = Sensor(3600.0)
    for number in range(ENOUGH):
        sensor.says(20.0 * number)
    assert sensor.says(200.0) == ""
    assert sensor.says(201.0, age=31.0) == "stale"
    assert sensor.says(202.0, age=29.0) == ""


def test_a_clock_that_was_set_right_is_believed_again() -> None:
    sensor = Sensor(3600.0)
    for number in range(ENOUGH):
        sensor.says(20.0 * number)
    sensor.behind = 0.0
    answers = [sensor.says(200.0 + 20.0 * number) for number in range(ENOUGH + 2)]
    assert answers == ["stale"] * ENOUGH + ["", ""]


def test_an_hour_of_values_sent_at_once_is_late() -> None:
    telephone = Sensor(0.0)
    for number in range(10):
        assert telephone.says(0.1 * number, age=3600.0 - 5.0 * number) == "stale"
    for later in range(6):  # the same every ten minutes, each time of another age
        for number in range(5):
            assert telephone.says(600.0 * later + 60.0, age=500.0 - 60.0 * number) == "stale"
    assert telephone.told == []


def test_a_message_in_time_between_late_ones_shows_that_the_clock_is_right() -> None:
    sensor = Sensor(0.0)
    for number in range(20):
        assert sensor.says(20.0 * number, age=60.0) == "stale"
        assert sensor.says(20.0 * number + 1.0) == ""
    assert sensor.told == []


def test_many_sources_do_not_grow_memory() -> None:
    clocks = Clocks(lambda _: None)
    for number in range(2 * SOURCES):
        clocks.refused(f"s{number}", Seconds(3600.0), Seconds(float(number)))
    assert len(clocks) == SOURCES


def test_a_command_is_not_excused() -> None:
    sensor = Sensor(0.0)
    late = datetime.fromtimestamp(WALL - 3600.0, UTC).isoformat().replace("+00:00", "Z")
    for number in range(20):
        payload = f'{{"ts":"{late}"}}'.encode()
        assert offer(sensor.reception, "cmd/next", payload, at=20.0 * number) == "stale"
