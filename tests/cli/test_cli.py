"""The command line: exit codes, one JSON object, failures in a sentence."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapters.check import Finding, findings
from adapters.cli import _guard
from adapters.store.catalogue import Catalogue, Found
from player.errors import LibraryError, LullError, StoreError
from player.settings import Profile, Settings
from player.units import SAMPLE_RATE
from tests.support.command import Lull
from tests.support.icecast import free_port
from tests.support.music import music
from tests.support.wav import write_wav

F_SHARP_MINOR = (185.0, 370.0, 440.0, 554.4)  # Hz


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    wave = 0.2 * np.sin(2.0 * np.pi * 440.0 * np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE)
    return write_wav(tmp_path / "tone.wav", np.stack([wave, wave], axis=1).astype(np.float32))


def test_analyze_prints_exactly_one_json_object(lull: Lull, tone: Path) -> None:
    code, out, err = lull("analyze", tone, "--json")
    answer = json.loads(out)
    assert (code, err) == (0, "")
    assert answer["track"]["uri"] == str(tone)
    assert answer["features"]["heard_s"] == pytest.approx(2.0, abs=0.05)


def test_analyze_prints_a_table_for_people(lull: Lull, tone: Path) -> None:
    code, out, _ = lull("analyze", tone)
    assert code == 0
    assert "integrated_loudness_lufs" in out


def test_the_table_speaks_to_people(lull: Lull, tmp_path: Path) -> None:
    chord = sum(np.sin(2.0 * np.pi * f * np.arange(20 * SAMPLE_RATE) / SAMPLE_RATE) for f in F_SHARP_MINOR)
    song = write_wav(tmp_path / "song.wav", np.stack([0.1 * chord] * 2, axis=1).astype(np.float32))
    out = lull("analyze", song)[1]
    assert re.search(r"key +│ F♯ minor \(confidence [01]\.\d\d\)", out)
    assert re.search(r"calmness +│ \S+ ± \S+ ", out)
    assert re.search(r"sections +│ 0:00-0:20  calmness 0\.\d\d ±", out)
    assert "chroma" not in out and "calmness_se" not in out


@pytest.mark.parametrize("level", [0.0, 0.5])
def test_silence_is_told_in_one_sentence(lull: Lull, tmp_path: Path, level: float) -> None:
    """A direct current is heard as little."""
    flat = write_wav(tmp_path / "flat.wav", np.full((20 * SAMPLE_RATE, 2), level, np.float32))
    code, out, _ = lull("analyze", flat)
    assert code == 0
    assert "nothing but silence was heard" in out and "loudness" not in out


def test_analyze_says_that_a_file_breaks_off(lull: Lull, tmp_path: Path) -> None:
    path = music(tmp_path / "a.mp3", 1, seconds=40.0)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    code, out, err = lull("analyze", path, "--json")
    assert (code, err.count("\n")) == (0, 1)
    assert "breaks off: 20 of 40 s can be read" in json.loads(out)["missing"]
    assert err.startswith(f"{path}: breaks off")


def test_a_place_for_a_picture_is_looked_at_before_the_music(lull: Lull, tone: Path, tmp_path: Path) -> None:
    assert "is a folder" in named(lull("analyze", tone, "--plot", tmp_path))
    assert "no such folder" in named(
        lull("analyze", tmp_path / "none.mp3", "--plot", tmp_path / "no" / "a.png")
    )
    assert lull("analyze", tone, "--json", "--plot", tmp_path / "tone.png")[0] == 0
    assert (tmp_path / "tone.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    "arguments",
    [
        ["dance"],
        ["run", "--nonsense"],
        ["analyze"],
        ["scan", "--workers", "-1", "."],
        ["simulate", "--residents", "1", "--days", "1", "--seed", "-5"],
    ],
)
def test_wrong_usage_is_2(lull: Lull, arguments: list[str]) -> None:
    code, out, err = lull(*arguments)
    assert (code, out) == (2, "")
    assert "Usage" in err


def named(answer: tuple[int, str, str], code: int = 1) -> str:
    """The one line of a failure that has a name."""
    ended, out, err = answer
    assert (ended, out, err.count("\n")) == (code, "", 1)
    assert err.startswith("lull: ")
    return err


def test_a_misspelt_key_is_named_with_its_line(lull: Lull, tmp_path: Path) -> None:
    config = tmp_path / "my.yaml"
    config.write_text("site: home1\nplaier: room7\n")
    for command in ("run", "check"):
        err = named(lull(command, "--config", config))
        assert f"{config}:2: plaier: unknown key 'plaier': did you mean 'player'?" in err


def test_settings_that_are_not_there_are_named(lull: Lull, tmp_path: Path) -> None:
    assert "check the path" in named(lull("run", "--config", tmp_path / "none.yaml"))


def test_a_profile_that_is_not_there_is_named_with_what_writes_one(lull: Lull, tmp_path: Path) -> None:
    config = tmp_path / "lull.yaml"
    config.write_text("resident: gone.yaml\n")
    for command in ("run", "check"):
        assert "lull resident add" in named(lull(command, "--config", config))


def test_the_check_says_that_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = os.statvfs(tmp_path)
    monkeypatch.setattr("os.statvfs", lambda _: os.statvfs_result((*here[:4], 0, *here[5:])))
    told = next(f for f in findings(Settings(data=str(tmp_path)), Profile(id="heron")) if f.part == "data")
    assert told.ok is False and "free some space" in told.text


def test_the_check_reads_the_devices_also_without_a_broker_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "devices.yaml"

    def said(text: str) -> Finding:
        file.write_text(text)
        tried = Settings(data=str(tmp_path), devices=str(file))
        return next(finding for finding in findings(tried, Profile(id="heron")) if finding.part == "devices")

    button = "- {profile: zigbee2mqtt/ikea-styrbar, topic: zigbee2mqtt/button}\n"
    pin = "- {kind: gpio_button, pin: 17, command: stop}\n"
    well = said(f"mappings:\n{button}direct:\n{pin}")
    assert well.ok and "1 mappings, 1 devices on this board" in well.text
    for slip in (
        f"mappings:\n{button}  signl: 3\n",
        "direct:\n- {kind: gpio_button, pin: 99, command: stop}\n",
    ):
        broken = said(slip)
        assert broken.ok is False and f"{file}:" in broken.text
    gone = said("direct:\n- {kind: usb_buttons, path: /dev/input/none, keys: {enter: stop}}\n")
    assert gone.ok is False and "/dev/input/none" in gone.text and "plugged in" in gone.text
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    bare = said(f"direct:\n{pin}")
    assert bare.ok is False and "pip install 'lull[gpio]'" in bare.text


def test_the_check_tries_stations_and_music_servers(lull: Lull, tmp_path: Path) -> None:
    (tmp_path / "nas").write_text("me\nsecret\n")
    write_wav(tmp_path / "Lied ü.wav", np.full((2 * SAMPLE_RATE, 2), 0.1, np.float32))
    (tmp_path / "list.m3u").write_text("Lied ü.wav\n")
    closed = f"http://127.0.0.1:{free_port()}"
    config = settings(
        tmp_path,
        f"streams: [{{name: Radio, url: '{closed}/live'}}, {{name: List, url: list.m3u, live: false}}]\n"
        f"library: {{servers: [{{name: nas, url: '{closed}', credentials_file: {tmp_path / 'nas'}}}]}}\n",
    )
    code, out, _ = lull("check", "--config", config)
    lines = out.splitlines()
    assert code == 1
    assert any("broken" in line and "“Radio”" in line and "takes no connection" in line for line in lines)
    assert any("ok" in line and "“List” comes" in line for line in lines)
    assert any("broken" in line and "music server nas" in line and "secret" not in line for line in lines)


def test_a_file_that_is_no_music_is_named(lull: Lull, tmp_path: Path) -> None:
    text = tmp_path / "text.mp3"
    text.write_text("no music")
    for source in (text, tmp_path / "none.mp3"):
        assert str(source) in named(lull("analyze", source, "--json"))
    assert "check the path" in named(lull("analyze", tmp_path / "none.mp3"))


def test_what_opens_an_address_is_not_printed(lull: Lull) -> None:
    told = named(lull("analyze", "http://nurse:secret@127.0.0.1:1/song.mp3?token=secret"))
    assert "127.0.0.1:1/song.mp3" in told and "secret" not in told


def settings(tmp_path: Path, more: str) -> Path:
    config = tmp_path / "lull.yaml"
    (tmp_path / "resident.yaml").write_text("id: demo\n")
    config.write_text(f"resident: resident.yaml\n{more}\n")
    return config


def test_a_broker_that_cannot_be_named_is_an_error_at_once(lull: Lull, tmp_path: Path) -> None:
    config = settings(tmp_path, "mqtt: {url: 'ftp://broker'}\ndata: data")
    assert "mqtt.url: write mqtt://HOST:PORT" in named(lull("run", "--quiet", "--config", config))


def test_a_data_folder_that_cannot_be_used_is_named(lull: Lull, tmp_path: Path) -> None:
    config = settings(tmp_path, "data: resident.yaml/data")
    assert "data:" in named(lull("run", "--quiet", "--config", config))
    assert "data:" in named(lull("scan", tmp_path, "--config", config))


def fail(error: Exception) -> Callable[[], object]:
    def command() -> None:
        raise error

    return command


def test_named_failures_of_a_task_group_are_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    inner = ExceptionGroup("tasks", [StoreError("No space.")])
    assert _guard(fail(ExceptionGroup("tasks", [LibraryError("No music."), inner]))) == 1
    assert capsys.readouterr().err == "lull: No music.\nlull: No space.\n"


def test_a_mistake_of_the_program_keeps_its_traceback() -> None:
    with pytest.raises(ExceptionGroup):
        _guard(fail(ExceptionGroup("tasks", [LibraryError("No music."), KeyError("x")])))
    with pytest.raises(KeyError):
        _guard(fail(KeyError("x")))


def test_more_processes_than_the_machine_can_bear_are_refused(
    lull: Lull, tone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "lull.yaml"
    config.write_text("data: data\n")
    monkeypatch.setattr("os.cpu_count", lambda: 2)

    def no_process(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("processes are started")

    monkeypatch.setattr("adapters.library.progress.DeafPool", no_process)
    answer = lull("scan", tone, "--workers", "100000", "--config", config)
    assert "--workers 100000: at most 16 on the 2 cores" in named(answer, 2)
    answer = lull("scan", tone, "--map", "foo", "--config", config)
    assert "--map foo: write LOCAL=REMOTE" in named(answer, 2)


class InThread(ThreadPoolExecutor):
    """In place of worker processes: quick to start."""

    def __init__(self, _workers: int, *, paced: bool) -> None:  # noqa: ARG002
        super().__init__(1)

    def kill(self) -> None:
        self.shutdown()


def scanned(answer: tuple[int, str, str]) -> tuple[int, dict[str, Any], str]:
    """Exit code, the one JSON object, the last line for people."""
    code, out, err = answer
    assert out.count("\n") == 1
    return code, json.loads(out), err.splitlines()[-1]


def test_a_scan_without_folders_still_answers_with_json(lull: Lull, tmp_path: Path) -> None:
    code, answer, told = scanned(lull("scan", "--json", "--config", settings(tmp_path, "data: data")))
    assert (code, answer["tracks"], answer["failed"]) == (0, 0, [])
    assert "No folder of music is named" in told


@pytest.mark.parametrize("error", [LibraryError("The workers are gone."), StoreError("The disk is full.")])
def test_a_scan_that_fails_in_the_middle_tells_what_was_kept(
    lull: Lull, tone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: LullError
) -> None:
    config = settings(tmp_path, "data: data")
    (tmp_path / "more.wav").write_bytes(tone.read_bytes() + bytes(4000))
    monkeypatch.setattr("adapters.library.scan.COMMIT_EVERY", 0.0)
    monkeypatch.setattr("adapters.library.progress.DeafPool", InThread)
    save = Catalogue.save
    saved: list[None] = []

    def second_fails(self: Catalogue, found: Iterable[Found]) -> None:
        if saved:
            raise error
        saved.append(save(self, found))

    monkeypatch.setattr(Catalogue, "save", second_fails)
    code, answer, told = scanned(lull("scan", tmp_path, "--workers", "1", "--json", "--config", config))
    assert (code, answer["tracks"], told) == (1, 1, f"lull: {error}")
    assert answer["audio_s"] == pytest.approx(2.0, abs=0.1)


def test_none_of_the_files_that_were_named_is_a_failure_but_a_bad_file_in_a_folder_is_not(
    lull: Lull, tone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = settings(tmp_path, "data: data")
    monkeypatch.setattr("adapters.library.progress.DeafPool", InThread)
    (tmp_path / "bad").mkdir()
    text = tmp_path / "bad" / "text.mp3"
    text.write_text("no music")
    scan = partial(lull, "scan", "--json", "--config", config)
    for _ in range(2):  # also when it is known
        code, answer, told = scanned(scan(text))
        assert (code, len(answer["failed"])) == (1, 1)
        assert told == "lull: None of the files that were named can be used."
    assert scanned(scan(text.parent))[0] == 0
    assert scanned(scan(text, tone))[0] == 0


def test_names_of_files_do_nothing_to_the_terminal(
    lull: Lull, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = settings(tmp_path, "data: data")
    monkeypatch.setattr("adapters.library.progress.DeafPool", InThread)
    text = tmp_path / "esc\x1b[2Jclear\nred\u202e.mp3"
    text.write_text("no music")
    shown = r"esc\x1b[2Jclear\nred\u202e.mp3: is not an audio file"
    _, out, err = lull("scan", text, "--json", "--config", config)
    assert shown in err and json.loads(out)["failed"][0]["uri"] == str(text)
    assert shown in named(lull("analyze", text))
    song = music(tmp_path / "bell\x07\x1b[31m.ogg", 1)
    out = lull("analyze", song)[1]
    assert "\x1b" not in out and "\x07" not in out


def test_a_damaged_catalogue_is_named_with_where_it_is_kept(lull: Lull, tmp_path: Path) -> None:
    config = settings(tmp_path, "data: data")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "catalogue.db").write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)
    (tmp_path / "music").mkdir()
    err = lull("scan", tmp_path / "music", "--config", config)[2]
    (aside,) = (tmp_path / "data").glob("catalogue.damaged-*.db")
    assert f"was damaged: it is kept as {aside.name}" in err


def test_the_version_is_told(lull: Lull) -> None:
    assert lull("--version") == (0, f"lull {version('lull')}\n", "")


def test_what_may_not_be_read_is_a_failure_like_what_is_not_there(
    lull: Lull, tone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.library.progress.DeafPool", InThread)
    config = settings(tmp_path, "data: data")
    tone.chmod(0)
    monkeypatch.setattr("os.access", lambda *_args, **_kwargs: False)  # the tests may run as root
    assert "none.wav cannot be read" in named(lull("scan", tmp_path / "none.wav", "--config", config))
    assert lull("scan", tone, "--config", config)[0] in (0, 1)  # 0: read by root
    assert "Usage" not in lull("scan", tmp_path, "--config", tone)[2]
