"""The main job on real input: real recordings, real broker, real sound server, a real swap."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from player.ports.audio import Pcm
from player.units import SAMPLE_RATE
from tests.e2e.conftest import CALM, LIVELY, start_with
from tests.support.level import decoded, likeness, rms_db, sliding_db
from tests.support.lull import lull, person
from tests.support.music_of_debian import RECORDINGS
from tests.support.pulse import PulseServer
from tests.support.wav import write_wav

ROOT = "lull/v1/home1/room7"
FADE_S = 5.0


def test_calm_is_heard_as_a_calmer_piece_without_gap_or_jolt(
    pulse: PulseServer, music: dict[str, str], settings: dict[str, Any], tmp_path: Path
) -> None:
    lively = next(name for name, piece in music.items() if piece == LIVELY[0])
    start_with(settings, lively)
    with lull(settings, tmp_path, pulse.env) as running, person(running.port, ROOT) as staff:
        staff.wait("state/playback", lambda s: s["state"] == "playing" and s["track"]["title"] == lively)
        running.wait_line(r"library: 7 pieces, all analysed", timeout=120)
        with pulse.record() as recording:
            recording.wait_frames(10 * SAMPLE_RATE, timeout=60)
            published = staff.publish("cmd/calm", {"id": "calm-1"})
            decision = staff.wait("event/decision", lambda d: d["event_type"] == "swap", since=published)
            assert staff.wait("cmd_result", lambda r: r["id"] == "calm-1")["ok"]
            recording.wait_frames(recording.frames + int((FADE_S + 8.0) * SAMPLE_RATE), timeout=60)
            heard = recording.pcm()
            swap = int((published - recording.played_at(0)) * SAMPLE_RATE)
    assert music[decision["to_track"]["title"]] in CALM
    assert decision["from_track"]["title"] == lively
    assert "calmness" in decision["reason"]

    old, new = heard[swap - 4 * SAMPLE_RATE : swap], heard[-4 * SAMPLE_RATE :]
    whole = decoded(str(RECORDINGS / f"{LIVELY[0]}.ogg"))
    score, place = likeness(old, whole)
    assert score > 0.95
    calm = decoded(str(RECORDINGS / f"{music[decision['to_track']['title']]}.ogg"))
    assert likeness(new, calm)[0] > 0.95

    assert np.min(rms_db(heard[swap - SAMPLE_RATE :], 0.010)) > -60.0, "a gap"
    # what would have been heard without the swap: the lively piece rises and falls by itself
    going_on = whole[place : place + int((4.0 + FADE_S) * SAMPLE_RATE)]
    going_on = going_on * np.sqrt(np.mean(old**2) / np.mean(going_on[: len(old)] ** 2))
    before = np.concatenate([sliding_db(part, window_s=3.0, hop_s=0.1) for part in (heard[:swap], going_on)])
    after = sliding_db(heard[swap:], window_s=3.0, hop_s=0.1)
    assert np.max(after) - np.max(before) < 3.0, "a step up: a jolt"

    journal = running_journal(settings)
    assert decision["reason"] in journal


def running_journal(settings: dict[str, Any]) -> str:
    """All effects that were written down, as text."""
    from adapters.store.journal import SqliteJournal

    journal = SqliteJournal(Path(settings["data"]) / "journal.db", resident="heron")
    try:
        return b"\n".join(entry.effects for entry in journal.entries()).decode()
    finally:
        journal.close()


def noise(seed: int, seconds: float) -> Pcm:
    """White noise, −23 dBFS in each channel, both channels alike."""
    mono = np.random.default_rng(seed).normal(0.0, 10 ** (-23 / 20), int(seconds * SAMPLE_RATE))
    return np.repeat(mono.astype(np.float32)[:, None], 2, axis=1)


def sine(hertz: float, seconds: float) -> Pcm:
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    wave = (0.1 * np.sin(2 * np.pi * hertz * time)).astype(np.float32)
    return np.repeat(wave[:, None], 2, axis=1)


def test_a_swap_of_stationary_signals_dips_by_at_most_1_db(
    pulse: PulseServer, settings: dict[str, Any], tmp_path: Path
) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    for name, seed in (("first", 1), ("second", 2)):
        write_wav(folder / f"{name}.wav", noise(seed, 60.0))
    start_with(settings, "first")
    with lull(settings, tmp_path, pulse.env) as running, person(running.port, ROOT) as staff:
        staff.wait("state/playback", lambda s: s["state"] == "playing")
        running.wait_line(r"library: 2 pieces, all analysed")
        with pulse.record() as recording:
            recording.wait_frames(8 * SAMPLE_RATE, timeout=60)
            staff.publish("cmd/next", {"id": "n"})
            recording.wait_frames(recording.frames + int((FADE_S + 3.0) * SAMPLE_RATE))
            heard = recording.pcm()[6 * SAMPLE_RATE :]  # the fade at the start is over
    level = sliding_db(heard, window_s=0.2, hop_s=0.02)
    steady = np.median(level[:50])
    assert np.max(np.abs(level - steady)) < 1.0


def test_a_swap_within_a_swap_does_not_click(
    pulse: PulseServer, settings: dict[str, Any], tmp_path: Path
) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    for name, hertz in (("a", 220.0), ("b", 330.0), ("c", 440.0)):
        write_wav(folder / f"{name}.wav", sine(hertz, 90.0))
    with lull(settings, tmp_path, pulse.env) as running, person(running.port, ROOT) as staff:
        staff.wait("state/playback", lambda s: s["state"] == "playing")
        running.wait_line(r"library: 3 pieces, all analysed")
        with pulse.record() as recording:
            recording.wait_frames(6 * SAMPLE_RATE, timeout=60)
            staff.publish("cmd/next", {"id": "n1"})
            recording.wait_frames(recording.frames + 2 * SAMPLE_RATE, timeout=60)
            staff.publish("cmd/next", {"id": "n2"})
            recording.wait_frames(recording.frames + int((FADE_S + 2.0) * SAMPLE_RATE))
            heard = recording.pcm()
    assert clicks(heard).max() < -66.0
    levels = rms_db(heard, 0.05)
    first = int(np.argmax(levels > -60.0))  # a fast recorder hears silence before the first block
    assert first < 1.0 / 0.05
    assert np.min(levels[first:]) > -60.0, "a gap"


def clicks(pcm: Pcm) -> NDArray[np.float64]:
    """Level above 2 kHz of 10-ms windows, dBFS: sines below 500 Hz have nothing there, a click has."""
    size = 4800
    frames = pcm[: len(pcm) // size * size].mean(axis=1).astype(np.float64).reshape(-1, size)
    spectrum = np.fft.rfft(frames * np.hanning(size), axis=1)
    high = np.fft.rfftfreq(size, 1 / SAMPLE_RATE) > 2000.0
    power = np.sum(np.abs(spectrum[:, high]) ** 2, axis=1) / (size**2 / 8)
    level: NDArray[np.float64] = 10.0 * np.log10(np.maximum(power, 1e-12))
    return level
