"""Music on a share of the house, through libVLC, from a real Samba server."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from adapters.decode import open_source
from adapters.decode.vlc import VlcSource
from player.ports.audio import Pcm
from player.units import SAMPLE_RATE, Seconds
from tests.contracts.audio_source import check_audio_source, check_bad_source
from tests.support.encode import encode
from tests.support.samba import samba, why_not
from tests.support.wav import write_wav

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())

NOISE: Pcm = np.random.default_rng(1).normal(0.0, 0.1, (3 * SAMPLE_RATE, 2)).astype(np.float32)


@pytest.fixture(scope="module")
def share() -> Iterator[Path]:
    with samba() as (folder, _):
        write_wav(folder / "noise.wav", NOISE)
        encode(folder / "Lied für Mutter.flac", NOISE, "flac")
        yield folder


def test_a_file_on_a_share_keeps_the_contract(share: Path) -> None:
    assert (share / "noise.wav").exists()

    def opened() -> VlcSource:
        source = open_source("smb://127.0.0.1/music/noise.wav")
        assert isinstance(source, VlcSource)
        return source

    check_audio_source(opened, NOISE, seek_tolerance=Seconds(0.06))


@pytest.mark.usefixtures("share")
def test_a_name_may_hold_spaces_and_umlauts() -> None:
    with open_source("smb://127.0.0.1/music/Lied%20f%C3%BCr%20Mutter.flac") as source:
        assert source.read() is not None


@pytest.mark.usefixtures("share")
@pytest.mark.parametrize("path", ["music/nothing.wav", "nothing/noise.wav"])
def test_what_is_not_there_is_one_sentence(path: str) -> None:
    error = check_bad_source(lambda: open_source(f"smb://lull:secret@127.0.0.1/{path}"))
    assert "vlc-plugin-samba" in error.problem
    assert "secret" not in str(error)
