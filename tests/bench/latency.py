"""MQTT publish → first changed frame at the sound card, over many swaps between sines.

The tones are multiples of 200 Hz, so that 5-ms windows tell them apart exactly. The fade-in of an
equal-power swap is A sin(πt/2T): each early window gives one estimate of its beginning, their median counts.
The recorder's own delay (about 5 ms) is not subtracted.
"""

import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from player.units import SAMPLE_RATE
from tests.support.lull import lull, person
from tests.support.pulse import Recording, pulse_server
from tests.support.wav import write_wav

TONES = {"a": 400.0, "b": 800.0, "c": 1200.0, "d": 1600.0, "e": 2000.0, "f": 2400.0}
SOFT = ("a", "b", "c")  # recorded 26 dB softer: calmer before they are levelled, equally loud after
FADE_S = 3.0
WINDOW = SAMPLE_RATE // 200
ROOT = "lull/v1/home1/bench"


def measure(folder: Path, swaps: int) -> None:
    (folder / "music").mkdir(parents=True)
    clock = np.arange(180 * SAMPLE_RATE) / SAMPLE_RATE
    for name, hertz in TONES.items():
        amplitude = 0.02 if name in SOFT else 0.4
        wave = (amplitude * np.sin(2 * np.pi * hertz * clock)).astype(np.float32)
        write_wav(folder / "music" / f"{name}.wav", np.repeat(wave[:, None], 2, axis=1))
    resident = folder / "resident.yaml"
    resident.write_text("{id: bench, quiet_hours: null, volume: {start: 100, max: 100, night_max: 100}}")
    settings = {
        "site": "home1",
        "player": "bench",
        "resident": str(resident),
        "library": {"folders": [str(folder / "music")]},
        "data": str(folder / "data"),
        "policy": {"swap_fade_s": FADE_S, "response_window_s": 0.0},
        "web": {"listen": None},
    }
    found: dict[str, list[float]] = {"calm": [], "next": []}
    with (
        pulse_server() as pulse,
        lull(settings, folder, pulse.env) as running,
        person(running.port, ROOT) as staff,
    ):
        staff.wait("state/playback", lambda s: s["state"] == "playing")
        running.wait_line(r"library: 6 pieces, all analysed", timeout=120)
        time.sleep(5.0)
        while len(found["calm"]) < swaps and len(found["next"]) < 3 * swaps:
            for verb in ("next", "calm"):
                with pulse.record() as recording:
                    recording.wait_frames(SAMPLE_RATE // 2)
                    published = staff.publish(f"cmd/{verb}", {"id": f"{verb}-{time.monotonic_ns()}"})
                    if not staff.wait("cmd_result", since=published)["ok"]:
                        continue  # the piece that plays is already the calmest
                    decision = staff.wait("event/decision", since=published)
                    recording.wait_frames(recording.frames + int((FADE_S + 1.0) * SAMPLE_RATE))
                onset = entry_of(recording, TONES[decision["to_track"]["title"]], published)
                found[verb].append(1000.0 * (onset - published))
    tell("calm (the piece stands decoded)", found["calm"])
    tell("next (the piece is opened first)", found["next"])


def tell(verb: str, found: list[float]) -> None:
    p50, p95, p99 = np.percentile(found, [50, 95, 99])
    print(
        f"publish → first changed frame, {verb}: p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms, "
        f"longest {max(found):.0f} ms ({len(found)} swaps, 120-ms buffer; budget p99 150 ms)",
        flush=True,
    )


def entry_of(recording: Recording, hertz: float, published: float) -> float:
    """When the tone began to enter, on the monotonic clock."""
    pcm = recording.pcm().mean(axis=1).astype(np.float64)
    begin = max(int((published - recording.played_at(0)) * SAMPLE_RATE), 0)
    amplitude = tone(pcm[begin:], hertz)
    full = np.median(amplitude[-40:])
    early = np.flatnonzero((amplitude > 0.02 * full) & (amplitude < 0.2 * full))
    early = early[: np.argmax(np.diff(early, append=early[-1] + 99) > 3) + 1]
    centres = (early + 0.5) * WINDOW / SAMPLE_RATE
    begins = centres - FADE_S * 2 / np.pi * np.arcsin(amplitude[early] / full)
    return recording.played_at(begin) + float(np.median(begins))


def tone(pcm: NDArray[np.float64], hertz: float) -> NDArray[np.float64]:
    """Amplitude of one tone in consecutive 5-ms windows."""
    windows = pcm[: len(pcm) // WINDOW * WINDOW].reshape(-1, WINDOW)
    phase = np.exp(-2j * np.pi * hertz * np.arange(WINDOW) / SAMPLE_RATE)
    result: NDArray[np.float64] = 2.0 * np.abs(windows @ phase) / WINDOW
    return result
