"""Noise that starts quietly and stays below the ceiling; the result bounds the level that is played."""

import io
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import yaml

from adapters.calibration.asking import StoppedError, measure
from adapters.calibration.noise import BLOCK, PERIOD, NoisePlayer, full_scale_dba, pink_noise
from adapters.calibration.stored import NAME, Calibration, calibrated, keep, load_calibration
from adapters.cli import main
from player.analysis.loudness import LoudnessMeter
from player.errors import OutputError
from player.ports.audio import Pcm
from player.session.volume import VolumeControl
from player.settings import AudioSettings, Profile, Settings
from player.units import CHANNELS, SAMPLE_RATE, Decibels, Frames, Percent, Seconds, volume_to_db
from tests.support.level import rms_db
from tests.support.lull import lull, person
from tests.support.music import music

PATIENCE_S = 15.0
NOON = 720


class PacedByTest:
    """Takes as many frames as it is allowed to, and keeps them."""

    name = "test"
    underruns = 0
    delay = Frames(0)

    def __init__(self) -> None:
        self.blocks: list[Pcm] = []
        self._allowed = threading.Semaphore(0)
        self._taken = threading.Semaphore(0)
        self.free = self.gone = self.closed = False

    @property
    def frames_written(self) -> Frames:
        return Frames(sum(map(len, self.blocks)))

    def write(self, block: Pcm) -> None:
        if not self.free:
            assert self._allowed.acquire(timeout=PATIENCE_S)
        if self.gone:
            self._taken.release()
            raise OutputError("test", "has gone")
        self.blocks.append(block)
        self._taken.release()

    def take(self, seconds: float) -> Pcm:
        begin = len(self.blocks)
        for _ in range(round(seconds * SAMPLE_RATE / BLOCK)):
            self._allowed.release()
            assert self._taken.acquire(timeout=PATIENCE_S)
        return np.concatenate(self.blocks[begin:])

    def let_go(self) -> None:
        self.free = True
        self._allowed.release()

    def close(self) -> None:
        self.closed = True

    def __enter__(self) -> "PacedByTest":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def test_the_noise_is_pink_and_as_loud_as_a_programme() -> None:
    noise = pink_noise()
    assert noise.shape == (PERIOD, CHANNELS) and noise.dtype == np.float32
    meter = LoudnessMeter(SAMPLE_RATE, CHANNELS)
    meter.push(np.ascontiguousarray(noise.T))
    assert meter.read().integrated == pytest.approx(-23.0, abs=0.05)
    power = np.abs(np.fft.rfft(noise[:, 0])) ** 2
    frequency = np.fft.rfftfreq(PERIOD, 1.0 / SAMPLE_RATE)
    octaves = [power[(frequency >= f) & (frequency < 2 * f)].sum() for f in (62.5, 250.0, 1000.0, 4000.0)]
    assert max(octaves) / min(octaves) == pytest.approx(1.0, abs=0.05)  # equal power in every octave
    assert np.abs(noise).max() < 0.9
    seam = np.abs(noise[0] - noise[-1]).max()
    assert seam < 6.0 * np.abs(np.diff(noise, axis=0)).std()


def test_it_fades_in_rises_slowly_and_fades_out() -> None:
    sink = PacedByTest()
    with NoisePlayer(lambda: sink, Decibels(-40.0)) as player:
        begin = rms_db(sink.take(3.0), 0.1)
        assert begin[0] < -80.0 and np.all(np.diff(begin) < 4.0)
        quiet = rms_db(sink.take(8.0), 8.0)[0]
        player.set(Decibels(-30.0))
        rising = rms_db(sink.take(6.0), 1.0)
        assert rising[1] - quiet < 5.0  # 2 dB/s
        loud = rms_db(sink.take(8.0), 8.0)[0]
        assert loud - quiet == pytest.approx(10.0, abs=0.1)
        sink.let_go()
    assert sink.closed
    assert np.abs(sink.blocks[-1]).max() < 1e-3


def test_a_device_that_goes_away_is_named() -> None:
    sink = PacedByTest()
    with NoisePlayer(lambda: sink, Decibels(-40.0)) as player:
        sink.take(0.1)
        sink.gone = True
        sink.let_go()
        assert sink._taken.acquire(timeout=PATIENCE_S)
        player._thread.join(PATIENCE_S)
        with pytest.raises(OutputError, match="has gone"):
            player.set(Decibels(-35.0))


class Answers:
    """A person with a meter: full level is `full` dB(A) at the ear."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.told, self.questions = list(answers), [""], [""]
        self.levels: list[float] = []

    def ask(self, question: str) -> str:
        self.questions.append(question)
        return self.answers.pop(0)

    def play(self, level: Decibels) -> NoisePlayer:
        self.levels.append(level)
        answers = self

        class Silent(NoisePlayer):
            def set(self, level: Decibels) -> None:
                answers.levels.append(level)

            def __enter__(self) -> "Silent":
                return self

            def __exit__(self, *exc: object) -> None:
                pass

        return Silent(PacedByTest, level)


def test_the_reading_gives_the_level_at_the_ear() -> None:
    people = Answers("35", "+", "+", "40", "nonsense", "62,5")
    found = measure(people.play, Profile(id="heron"), people.ask, people.told.append)
    assert people.levels[0] == -40.0 and people.levels[-1] == -35.0
    assert found == full_scale_dba(62.5, Decibels(-35.0)) == 62.5 + 35.0 + 23.0
    assert any("Too near" in told for told in people.told) and any(
        "no number" in told for told in people.told
    )


def test_never_above_the_ceiling_and_back_to_quiet_when_it_is_too_loud() -> None:
    people = Answers("30", *["+"] * 30, "90", "q")
    with pytest.raises(StoppedError):
        measure(people.play, Profile(id="heron"), people.ask, people.told.append)
    assert max(people.levels) == volume_to_db(70.0) and people.levels[-1] == volume_to_db(20.0)


def test_what_was_measured_is_what_the_volume_allows() -> None:
    """At the limit of 60 dB(A) the programme sounds with 60 dB(A)."""
    measured = full_scale_dba(55.0, volume_to_db(40.0))
    profile = Profile(id="heron", quiet_hours=None)
    volume = VolumeControl(profile, None, measured)
    volume.set(100.0, NOON)
    assert volume.level(NOON) == pytest.approx(volume_to_db(40.0) + (profile.volume.max_dba - 55.0))


def test_it_belongs_to_one_device_and_goes_before_the_file(tmp_path: Path) -> None:
    settings = Settings(data=str(tmp_path), audio=AudioSettings(device="bed", full_scale_dba=90.0))
    assert calibrated(settings) is settings
    keep(tmp_path, Calibration(full_scale_dba=101.5, device="bed", at=Seconds(1.0)))
    assert calibrated(settings).audio.full_scale_dba == 101.5
    other = Settings(data=str(tmp_path), audio=AudioSettings(device="hall"))
    assert calibrated(other).audio.full_scale_dba is None
    for nonsense in (b"", b"{}", b"\xff", b'{"full_scale_dba":500,"device":"bed","at":1}'):
        (tmp_path / NAME).write_bytes(nonsense)
        assert calibrated(settings).audio.full_scale_dba == 90.0
    keep(tmp_path, None)
    assert not (tmp_path / NAME).exists()


def command(monkeypatch: pytest.MonkeyPatch, typed: str, *arguments: str | Path) -> int:
    monkeypatch.setattr(sys, "argv", ["lull", "calibrate", *map(str, arguments)])
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    with pytest.raises(SystemExit) as ended:
        main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_beside_a_running_lull_the_music_pauses_and_the_limit_holds_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    music(tmp_path / "music" / "piece.ogg", seconds=60.0)
    (tmp_path / "heron.yaml").write_text("{id: heron, quiet_hours: null, volume: {start: 70, max: 70}}")
    settings = {
        "player": "room7", "resident": str(tmp_path / "heron.yaml"), "data": str(tmp_path / "data"),
        "library": {"folders": [str(tmp_path / "music")]}, "audio": {"device": "null"},
        "web": {"listen": None},
    }  # fmt: skip
    config = tmp_path / "lull.yaml"
    config.write_text(yaml.safe_dump(settings))
    with lull(settings, tmp_path) as service, person(service.port, "lull/v1/home1/room7") as somebody:
        somebody.wait("state/playback", lambda s: s["state"] == "playing" and s["track"])
        assert somebody.wait("state/volume")["max"] == 70.0
        assert command(monkeypatch, "30\n60\n", "--config", config) == 0
        capsys.readouterr()
        somebody.wait("state/playback", lambda s: s["state"] == "paused" and "measurement" in s["reason"])
        full = 60.0 + 40.0 + 23.0
        highest = 2.0 * (70.0 - full + 23.0 + 50.0)
        somebody.wait("state/volume", lambda s: s["max"] == pytest.approx(highest))
        somebody.wait(
            "state/playback", lambda s: s["state"] == "playing" and "measurement" not in s["reason"]
        )
    known = load_calibration(tmp_path / "data")
    assert known is not None and known.full_scale_dba == full
    assert Percent(highest) == 40.0


def test_a_reading_of_earlier_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "lull.yaml"
    (tmp_path / "heron.yaml").write_text("{id: heron}")
    config.write_text(yaml.safe_dump({"data": str(tmp_path / "data"), "resident": "heron.yaml"}))
    assert command(monkeypatch, "", "--reading", "60", "--volume", "40", "--config", config) == 0
    known = load_calibration(tmp_path / "data")
    assert known is not None and known.full_scale_dba == 60.0 + 30.0 + 23.0
    assert command(monkeypatch, "", "--clear", "--config", config) == 0
    assert load_calibration(tmp_path / "data") is None
    assert command(monkeypatch, "", "--reading", "60", "--config", config) == 2
    assert command(monkeypatch, "", "--reading", "16", "--volume", "100", "--config", config) == 1
