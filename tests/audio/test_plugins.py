"""What an audio process loads of ALSA's plugins."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.audio.plugins import light_plugins
from tests.support.pulse import PulseServer, pulse_server

OPENS = """
from adapters.audio.portaudio import PortAudioSink
from pathlib import Path
PortAudioSink("default").close()
print(Path("/proc/self/maps").read_text())
"""


@pytest.fixture
def usr(tmp_path: Path) -> Path:
    folder = tmp_path / "usr" / "lib" / "aarch64-linux-gnu" / "alsa-lib"
    folder.mkdir(parents=True)
    for name in ("pcm_a52", "pcm_pulse", "rate_samplerate"):
        (folder / f"libasound_module_{name}.so").touch()
    return tmp_path / "usr"


@pytest.fixture(autouse=True)
def nobody_chose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALSA_PLUGIN_DIR", raising=False)


def test_all_but_the_heavy_one(usr: Path) -> None:
    with light_plugins("default", usr) as environment:
        folder = Path(environment["ALSA_PLUGIN_DIR"])
        there = sorted(folder.iterdir())
        assert [path.name for path in there] == [
            "libasound_module_pcm_pulse.so",
            "libasound_module_rate_samplerate.so",
        ]
        assert all(path.resolve().is_relative_to(usr) for path in there)
    assert not folder.exists()


def test_what_somebody_wants_is_left_alone(
    usr: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with light_plugins("a52:1", usr) as environment:
        assert environment == {}
    with light_plugins("default", tmp_path / "another system") as environment:
        assert environment == {}
    monkeypatch.setenv("ALSA_PLUGIN_DIR", "/srv/plugins")
    with light_plugins("default", usr) as environment:
        assert environment == {}


@pytest.fixture
def pulse() -> Iterator[PulseServer]:
    with pulse_server() as server:
        yield server


def test_a_real_device_opens_without_a_second_ffmpeg(pulse: PulseServer) -> None:
    with light_plugins("default") as environment:
        assert environment
        maps = subprocess.run(
            [sys.executable, "-c", OPENS],
            env={**os.environ, **pulse.env, **environment},
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout
    assert "libasound_module_pcm_pulse.so" in maps
    assert "/usr/lib" in maps and "libavcodec" not in maps
