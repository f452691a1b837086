"""`lull resident`: the answers become a profile; all data of a person comes out, goes back, and goes away."""

import csv
import io
import json
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json as coder

from adapters.resident.profile_file import write_profile
from adapters.resident.questions import profile_of
from adapters.settings_file import load_profile
from adapters.store.journal import SqliteJournal
from player.ports.records import JournalEntry
from player.session.messages import Memory
from player.settings import Profile, Taste
from player.units import Seconds
from tests.support.command import Lull
from tests.support.lull import lull as running_lull
from tests.support.lull import person
from tests.support.month import write_month
from tests.support.music import music


@pytest.fixture
def config(tmp_path: Path) -> Path:
    told = {
        "player": "room7",
        "resident": str(tmp_path / "residents" / "virtual-0.yaml"),
        "data": str(tmp_path / "data"),
        "library": {"folders": [str(tmp_path / "music")]},
        "audio": {"device": "null"},
        "web": {"listen": None},
    }
    path = tmp_path / "lull.yaml"
    path.write_text(yaml.safe_dump(told))
    return path


@pytest.fixture
def lived(tmp_path: Path, config: Path, lull: Lull) -> Path:
    """The data folder after a simulated day; the profile is there."""
    assert lull("resident", "add", "virtual-0", "--config", config)[0] == 0
    assert write_month(tmp_path / "data" / "journal.db", days=1) == "virtual-0"
    return tmp_path / "data"


def rows(folder: Path) -> list[tuple[Any, ...]]:
    with sqlite3.connect(folder / "journal.db") as connection:
        return connection.execute(
            "SELECT boot, at, event, effects, feedback_id FROM entries ORDER BY id"
        ).fetchall()


def memory(folder: Path, resident: str = "virtual-0") -> Memory:
    with sqlite3.connect(folder / "journal.db") as connection:
        (stored,) = connection.execute("SELECT json FROM memory WHERE resident = ?", (resident,)).fetchone()
    return coder.decode(stored, type=Memory)


# --- the questions ---------------------------------------------------------------------------------------


def test_the_five_answers_become_a_profile_that_lull_reads(lull: Lull, config: Path, tmp_path: Path) -> None:
    answers = (
        "--birth-year", "1938", "--languages", "de, EN", "--loved", "artist: Vera Lynn; Grün: ein “Lied”",
        "--never", "Artist: Dr. No; no", "--risk", "high", "--quiet-hours", "22:00-06:30",
    )  # fmt: skip
    code, out, err = lull("resident", "add", "virtual-0", *answers, "--config", config)
    assert (code, err) == (0, "")
    path = tmp_path / "residents" / "virtual-0.yaml"
    assert str(path) in out
    assert load_profile(path) == Profile(
        id="virtual-0",
        birth_year=1938,
        languages=("de", "en"),
        loved=Taste(artists=("Vera Lynn",), tracks=("Grün: ein “Lied”",)),
        never=Taste(artists=("Dr. No",), tracks=("no",)),
        risk="high",
        quiet_hours="22:00-06:30",
    )
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_profile_is_changed_only_when_it_is_asked_for(lull: Lull, config: Path, tmp_path: Path) -> None:
    path = tmp_path / "residents" / "virtual-0.yaml"
    lull("resident", "add", "virtual-0", "--birth-year", "1938", "--config", config)
    code, _, err = lull("resident", "add", "virtual-0", "--out", path, "--config", config)
    assert code == 1 and "--replace" in err
    assert (
        lull("resident", "add", "virtual-0", "--out", path, "--risk", "low", "--replace", "--config", config)[
            0
        ]
        == 0
    )
    assert load_profile(path) == Profile(id="virtual-0", birth_year=1938, languages=("en",), risk="low")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("Vera Lynn",), "small letters"),
        (("../x",), "small letters"),
        (("heron", "--birth-year", "long ago"), "birth_year"),
        (("heron", "--risk", "some"), "risk"),
        (("heron", "--quiet-hours", "night"), "quiet_hours"),
    ],
)
def test_an_answer_that_cannot_be_used_is_named(
    lull: Lull, config: Path, arguments: tuple[str, ...], named: str
) -> None:
    code, out, err = lull("resident", "add", *arguments, "--config", config)
    assert (code, out) == (1, "")
    assert named in err


WORDS = st.lists(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30), max_size=4
).map(tuple)


@settings(deadline=None, max_examples=60)
@given(artists=WORDS, tracks=WORDS, languages=WORDS)
def test_whatever_is_loved_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory,
    artists: tuple[str, ...],
    tracks: tuple[str, ...],
    languages: tuple[str, ...],
) -> None:
    path = tmp_path_factory.mktemp("profile") / "heron.yaml"
    profile = Profile(id="heron", languages=languages, loved=Taste(artists=artists, tracks=tracks))
    write_profile(profile, path)
    assert load_profile(path) == profile


def test_answers_that_are_not_given_stay_what_they_were() -> None:
    known = Profile(id="heron", birth_year=1930, first_track="a")
    assert profile_of("heron", {"risk": "low"}, known) == Profile(
        id="heron", birth_year=1930, first_track="a", risk="low"
    )


# --- show, export, restore -------------------------------------------------------------------------------


def test_what_was_learned_is_told_in_words(lull: Lull, config: Path, lived: Path) -> None:
    code, out, _ = lull("resident", "show", "--config", config)
    assert code == 0 and f"Heard: {len(memory(lived).plays)} pieces" in out
    answer = json.loads(lull("resident", "show", "--json", "--config", config)[1])
    assert answer["profile"]["id"] == "virtual-0" and len(answer["memory"]["plays"]) == len(
        memory(lived).plays
    )


def test_the_export_holds_every_row_in_open_formats(
    lull: Lull, config: Path, lived: Path, tmp_path: Path
) -> None:
    out = tmp_path / "all.zip"
    assert lull("resident", "export", "--out", out, "--config", config)[0] == 0
    with zipfile.ZipFile(out) as archive:
        names = set(archive.namelist())
        readme = archive.read("README.txt").decode()
        journal = [json.loads(line) for line in archive.read("journal.jsonl").splitlines()]
        readings = list(csv.DictReader(io.StringIO(archive.read("readings.csv").decode())))
        decisions = list(csv.DictReader(io.StringIO(archive.read("decisions.csv").decode())))
        kept = coder.decode(archive.read("memory.json"), type=Memory)
    assert all(name in readme for name in names - {"README.txt"})
    stored = rows(lived)
    assert [(r["boot"], r["at"], r["event"]) for r in journal] == [
        (r[0], r[1], json.loads(r[2])) for r in stored
    ]
    assert [r["effects"] for r in journal] == [json.loads(r[3]) for r in stored]
    assert len(readings) == sum(r["event"]["type"] == "ReadingArrived" for r in journal)
    assert len(decisions) == sum(e["type"] == "Decide" for r in journal for e in r["effects"])
    assert kept == memory(lived)
    assert out.stat().st_mode & 0o777 == 0o600


def test_a_backup_goes_back_to_another_machine(lull: Lull, config: Path, lived: Path, tmp_path: Path) -> None:
    assert lull("resident", "backup", "--config", config)[0] == 0
    (backup,) = (lived / "backups").glob("virtual-0.*.zip")
    before, remembered = rows(lived), memory(lived)
    other = tmp_path / "other.yaml"
    told = yaml.safe_load(config.read_text())
    told |= {"data": str(tmp_path / "there"), "resident": str(tmp_path / "there.yaml")}
    other.write_text(yaml.safe_dump(told))
    code, out, _ = lull("resident", "restore", backup, "--config", other)
    assert code == 0 and f"{len(before)} rows" in out
    assert rows(tmp_path / "there") == before and memory(tmp_path / "there") == remembered
    assert load_profile(tmp_path / "there.yaml").id == "virtual-0"
    code, out, _ = lull("resident", "restore", backup, "--config", other)
    assert code == 0 and f"0 rows ({len(before)} were here already)" in out
    assert rows(tmp_path / "there") == before


def test_a_damaged_archive_changes_nothing(lull: Lull, config: Path, lived: Path, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    lull("resident", "export", "--out", good, "--config", config)
    before = rows(lived)
    with zipfile.ZipFile(good) as archive, zipfile.ZipFile(bad, "w") as changed:
        for name in archive.namelist():
            content = archive.read(name)
            changed.writestr(
                name, content.replace(b"wristband", b"wristbend") if name == "journal.jsonl" else content
            )
    for file in (bad, config, tmp_path / "nothing.zip"):
        code, _, err = lull("resident", "restore", file, "--config", config)
        assert code == 1 and str(file) in err
    assert rows(lived) == before


# --- forget ----------------------------------------------------------------------------------------------


def test_nothing_of_the_person_is_left_and_others_stay(
    lull: Lull, config: Path, lived: Path, tmp_path: Path
) -> None:
    lull("resident", "backup", "--config", config)
    (lived / "journal.damaged-20260101-000000.db").write_bytes(b"junk virtual-0 junk")
    other = SqliteJournal(lived / "journal.db", "robin")
    started = rows(lived)[0]
    event = started[2].replace(b"virtual-0", b"robin")
    other.append(
        JournalEntry(
            boot="r", at=Seconds(1.0), event=event, effects=b"[]", memory=coder.encode(Memory(never=("t",)))
        )
    )
    other.close()
    code, out, err = lull("resident", "forget", "--yes", "--config", config)
    assert (code, err) == (0, "")
    assert "nowhere" in out
    assert [row[0] for row in rows(lived)] == ["r"] and memory(lived, "robin").never == ("t",)
    for path in tmp_path.rglob("*"):
        if path.is_file() and path != config:
            assert b"virtual-0" not in path.read_bytes(), path
            assert b"wristband" not in path.read_bytes(), path


def test_what_somebody_loved_goes_with_who_loved_it(lull: Lull, config: Path, lived: Path) -> None:
    comfort = lived / "comfort"
    comfort.mkdir()
    (comfort / "comfort.json").write_bytes(b"[]")
    (comfort / "abc.ogg").write_bytes(b"copy")
    other = SqliteJournal(lived / "journal.db", "robin")
    event = rows(lived)[0][2].replace(b"virtual-0", b"robin")
    kept = JournalEntry(
        boot="r", at=Seconds(1.0), event=event, effects=b"[]", memory=coder.encode(Memory(never=("t",)))
    )
    other.append(kept)
    other.close()
    assert lull("resident", "forget", "virtual-0", "--yes", "--config", config)[0] == 0
    assert sorted(path.name for path in comfort.iterdir()) == ["abc.ogg", "comfort.json"]  # perhaps robin's
    assert lull("resident", "forget", "robin", "--yes", "--config", config)[0] == 0
    assert list(comfort.iterdir()) == []


def test_it_asks_before_it_forgets(
    lull: Lull, config: Path, lived: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert lull("resident", "forget", "--config", config)[0] == 1
    assert rows(lived)


def test_through_a_running_lull(lull: Lull, config: Path, tmp_path: Path) -> None:
    """A new profile is in force at once; after forgetting, the music goes on and nothing more is kept."""
    for number in range(3):
        music(tmp_path / "music" / f"piece{number}.ogg", number, seconds=30.0)
    seed = tmp_path / "residents" / "virtual-0.yaml"
    assert lull("resident", "add", "virtual-0", "--quiet-hours", "none", "--config", config)[0] == 0
    with running_lull(yaml.safe_load(config.read_text()), tmp_path) as service:
        with person(service.port, "lull/v1/home1/room7") as somebody:
            playing = somebody.wait("state/playback", lambda s: s["state"] == "playing" and s["track"])
            title = playing["track"]["title"]
            code, out, err = lull(
                "resident",
                "add",
                "virtual-0",
                "--never",
                title,
                "--out",
                seed,
                "--replace",
                "--config",
                config,
            )
            assert (code, err) == (0, "") and "in force" in out
            after = somebody.wait("state/playback", lambda s: s["track"] and s["track"]["title"] != title)
            assert after["state"] == "playing"
            code, out, err = lull("resident", "forget", "--yes", "--config", config)
            assert (code, err) == (0, "") and "plays on" in out
            somebody.publish("cmd/next", {"id": "n1"})
            reply = somebody.wait("cmd_result", lambda r: r["id"] == "n1")
            assert reply["ok"]
        assert service.end() == 0
    data = tmp_path / "data"
    assert rows(data) == []
    assert not seed.exists()
    for path in data.rglob("*"):
        if path.is_file():
            assert b"virtual-0" not in path.read_bytes(), path
