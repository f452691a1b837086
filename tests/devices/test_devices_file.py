"""`devices.yaml`: profiles, errors that name their line, and changes while Lull runs."""

from pathlib import Path

import pytest

from adapters.devices_file import DevicesFile, load_devices
from adapters.mqtt.mapping.model import Compiled
from player.errors import SettingsError

BUTTON = "- profile: zigbee2mqtt/ikea-styrbar\n  topic: zigbee2mqtt/room12/button\n"


def written(folder: Path, text: str) -> Path:
    file = folder / "devices.yaml"
    file.write_text(text)
    return file


def test_a_profile_fills_its_gaps_and_takes_overrides(tmp_path: Path) -> None:
    text = f"mappings:\n{BUTTON}  id: bed\n  by: resident\n  on:\n    off: {{command: quieter}}\n    on:\n"
    (bed,) = load_devices(written(tmp_path, text))
    assert bed.id == "bed"
    assert bed.availability is not None
    assert bed.availability.topic == "zigbee2mqtt/room12/button/availability"
    actions = bed.fields[0].on
    assert actions["off"].command.verb == "quieter"
    assert "on" not in actions  # emptied
    assert actions["arrow_left_click"].command.by == "resident"


def test_an_id_and_a_source_come_from_the_topic(tmp_path: Path) -> None:
    (bed,) = load_devices(written(tmp_path, f"mappings:\n{BUTTON}"))
    assert bed.id == bed.source == "zigbee2mqtt-room12-button"


@pytest.mark.parametrize("text", ["", "mappings:\n", "mappings: []\n"])
def test_nothing_is_no_error(tmp_path: Path, text: str) -> None:
    assert load_devices(written(tmp_path, text)) == ()


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("maps: []\n", 1, "unknown key 'maps'"),
        ("mappings: 3\n", 1, "must be a list"),
        ("mappings:\n" + "- {topic: a, signal: {name: eda}}\n" * 65, 66, "more than 64"),
        ("mappings:\n- topic: a/b\n  signal:\n    nme: eda\n", 4, "did you mean 'name'"),
        ("mappings:\n- topic: a/b\n  kind: event\n  on:\n    x: {command: nxt}\n", 5, "nxt"),
        (
            "mappings:\n- profile: zigbee2mqtt/ikea-stybar\n  topic: a/b\n",
            2,
            "did you mean 'zigbee2mqtt/ikea-styrbar'",
        ),
        ("mappings:\n- profile: ../../lull\n  topic: a/b\n", 2, "unknown profile"),
        ("mappings:\n- profile: polar/h10\n", 2, "topic"),
        (f"mappings:\n{BUTTON}{BUTTON}", 4, "used twice"),
        (f"mappings:\n{BUTTON}  signl: 3\n", 4, "did you mean 'signal'"),
        ("mappings:\n- topic: a/b\n   kind: event\n", 3, "not valid YAML"),
        (
            "mappings:\n- {profile: shelly/button1, topic: a/b, id: one}\n"
            "- {profile: shelly/button1, topic: a/+, id: two}\n",
            3,
            "overlaps",
        ),
    ],
)
def test_errors_name_file_line_and_what_to_do(tmp_path: Path, text: str, line: int, problem: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load_devices(file)
    assert (caught.value.file, caught.value.line) == (str(file), line)
    assert problem in str(caught.value)


class Seen:
    def __init__(self, file: Path) -> None:
        self.used: list[tuple[Compiled, ...]] = []
        self.told: list[str] = []
        self.watched = DevicesFile(file, self.used.append, self.told.append)


async def test_a_good_change_is_used_and_a_bad_one_is_told(tmp_path: Path) -> None:
    file = written(tmp_path, f"mappings:\n{BUTTON}")
    seen = Seen(file)
    await seen.watched.look()
    assert len(seen.used) == 1
    file.write_text(f"mappings:\n{BUTTON}- topic: a/b\n  signl: {{name: eda}}\n")
    await seen.watched.look()
    assert len(seen.used) == 1
    assert f"{file}:5" in seen.told[0]
    assert "as before" in seen.told[0]
    await seen.watched.look()
    assert len(seen.told) == 1  # said once
    file.write_text(f"mappings:\n{BUTTON}- topic: a/b\n  signal: {{name: eda}}\n")
    await seen.watched.look()
    assert [len(mappings) for mappings in seen.used] == [1, 2]


async def test_an_editor_that_empties_the_file_first_takes_no_device_away(tmp_path: Path) -> None:
    file = written(tmp_path, f"mappings:\n{BUTTON}")
    seen = Seen(file)
    file.write_text("")
    await seen.watched.look()
    assert [len(mappings) for mappings in seen.used] == [1]
    await seen.watched.look()  # it stays empty: it is meant
    assert [len(mappings) for mappings in seen.used] == [1, 0]


async def test_a_file_that_goes_away_changes_nothing(tmp_path: Path) -> None:
    file = written(tmp_path, f"mappings:\n{BUTTON}")
    seen = Seen(file)
    file.unlink()
    await seen.watched.look()
    assert len(seen.used) == 1
    assert len(seen.told) == 1


async def test_a_bad_file_at_the_start_is_told_and_used_once_it_is_mended(tmp_path: Path) -> None:
    file = written(tmp_path, "mappings: 3\n")
    seen = Seen(file)
    assert seen.used == []
    assert "must be a list" in seen.watched.trouble
    assert "No device is heard before" in seen.told[0]
    file.write_text(f"mappings:\n{BUTTON}")
    await seen.watched.look()
    assert len(seen.used) == 1
    assert seen.watched.trouble == ""
