"""A service whose settings cannot be used goes on with those of its last run; a terminal gets an error."""

from pathlib import Path

import pytest
from msgspec import json, structs

from adapters.fallback import given, with_policy
from adapters.store.erase import erase
from adapters.store.journal import SqliteJournal
from player.errors import SelectionError, SettingsError
from player.ports.records import JournalEntry
from player.session.messages import Memory, Started
from player.units import Seconds


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    (tmp_path / "heron.yaml").write_text("{id: heron, loved: {words: [harbour]}}")
    file = tmp_path / "lull.yaml"
    file.write_text("player: room7\nresident: heron.yaml\n")
    return file


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/systemd/notify")


@pytest.fixture
def run_before(config: Path) -> Path:
    """Two runs, as the journal keeps them; the path of the journal."""
    was = given(config)
    path = Path(was.settings.data) / "journal.db"
    path.parent.mkdir(parents=True)
    journal = SqliteJournal(path, was.profile.id)
    for boot, player in (("a", "room6"), ("b", was.settings.player)):
        started = Started(
            at=Seconds(1.0),
            minute=0,
            boot=boot,
            seed=1,
            settings=structs.replace(was.settings, player=player),
            profile=was.profile,
            memory=Memory(),
        )
        journal.append(JournalEntry(boot=boot, at=Seconds(1.0), event=json.encode(started), effects=b"[]"))
        journal.append(JournalEntry(boot=boot, at=Seconds(2.0), event=b'{"type":"Tick"}', effects=b"[]"))
    journal.close()
    return path


@pytest.mark.usefixtures("service", "run_before")
def test_what_can_be_used_is_used(config: Path) -> None:
    config.write_text("player: room8\nresident: heron.yaml\n")
    now = given(config)
    assert (now.settings.player, now.problems, now.patient) == ("room8", (), True)


@pytest.mark.usefixtures("service", "run_before")
def test_settings_of_the_last_run(config: Path) -> None:
    config.write_text("player: room8\nresidnt: heron.yaml\n")
    now = given(config)
    assert now.settings.player == "room7"
    assert now.profile.id == "heron"
    assert f"{config}:2" in now.problems[0]
    assert "last start" in now.problems[0]


@pytest.mark.usefixtures("service", "run_before")
def test_profile_of_the_last_run(config: Path) -> None:
    (config.parent / "heron.yaml").write_text("{id: heron, lovd: {}}")
    now = given(config)
    assert now.profile.loved.words == ("harbour",)
    assert "(line 1)" in now.problems[0]
    assert "heron" not in now.problems[0]


@pytest.mark.usefixtures("service", "run_before")
def test_never_the_profile_of_somebody_else(config: Path) -> None:
    (config.parent / "crane.yaml").write_text("{id: crane, lovd: {}}")
    config.write_text("resident: crane.yaml\n")
    with pytest.raises(SettingsError, match="lovd"):
        given(config)


@pytest.mark.usefixtures("service")
def test_who_was_forgotten_does_not_come_back(config: Path, run_before: Path) -> None:
    (config.parent / "heron.yaml").write_text("{id: heron, lovd: {}}")
    erase(run_before, "heron")
    with pytest.raises(SettingsError, match="lovd"):
        given(config)


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("left", [None, b"no database"])
def test_without_a_record_it_is_an_error(config: Path, tmp_path: Path, left: bytes | None) -> None:
    if left is not None:
        (tmp_path / "share" / "lull").mkdir(parents=True)
        (tmp_path / "share" / "lull" / "journal.db").write_bytes(left)
    config.write_text("playr: room8\n")
    with pytest.raises(SettingsError, match="playr"):
        given(config)
    assert (tmp_path / "share").exists() == (left is not None)  # nothing was made


@pytest.mark.usefixtures("run_before")
def test_in_a_terminal_it_is_an_error(config: Path) -> None:
    config.write_text("playr: room8\n")
    with pytest.raises(SettingsError, match="playr"):
        given(config)


def test_a_policy_that_does_not_exist(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text("resident: heron.yaml\npolicy: {name: lern}\n")
    with pytest.raises(SelectionError, match="learn"):
        with_policy(given(config), ("learn", "iso"))
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/systemd/notify")
    now = with_policy(given(config), ("learn", "iso"))
    assert now.settings.policy.name == "calmest-familiar"
    assert "'lern'" in now.problems[0]
