"""`lull analyze FILE --plot OUT.png`: what was heard, as a picture."""

import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from adapters.decode import open_source
from adapters.decode.av import is_url
from adapters.library.jobs import ENDLESS
from player.analysis.metre import Beat
from player.analysis.sections import Point
from player.analysis.stream import CHUNK, StreamAnalyzer
from player.analysis.summary import TONES, loudness
from player.errors import DecodeError, LibraryError
from player.model import Mode, TrackFeatures
from player.units import Seconds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS: Final = 2_000  # of the waveform
NOTES: Final = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
BEATS_EVERY: Final = 60  # s; the analyser keeps those of the last two minutes
MOST_BEATS_SHOWN: Final = Seconds(120.0)  # of music: more lines than that are a grey field
LEAST_RANGE: Final = 20.0  # LU; less would show the ripple of steady noise as mountains
SILENT_RANGE: Final = (-70.0, 0.0)  # LUFS
BAND: Final = 0.25  # opacity of ± 1 standard error


class Recording:
    """What the analyser said second by second while it heard one file."""

    def __init__(self) -> None:
        self.seconds: list[float] = []  # end of each
        self.loudness: list[float] = []  # LUFS, NaN for silence
        self.chroma: list[NDArray[np.float64]] = []
        self.low: list[float] = []  # of the waveform, 20 each second
        self.high: list[float] = []
        self.beats: dict[float, Beat] = {}
        self.curve: list[Point] = []
        self.features: TrackFeatures = TrackFeatures(heard=Seconds(0.0))


def record(uri: str) -> Recording:
    """Analyse the whole of a file, or the beginning of what has no end. Raises `DecodeError`."""
    heard = Recording()
    with open_source(uri, rate=None, channels=None) as source:
        analyser = StreamAnalyzer(source.rate, source.channels)
        waiting = np.empty((0, source.channels), np.float32)
        size = CHUNK * source.rate
        most = source.duration + ENDLESS if is_url(uri) else math.inf
        while len(heard.seconds) < most and (block := source.read()) is not None:
            waiting = np.concatenate((waiting, block))
            while len(waiting) >= size:
                analyser.push(waiting[:size])
                _seconds(heard, analyser, waiting[:size], source.rate)
                waiting = waiting[size:]
        analyser.push(waiting)
        heard.features = analyser.finish()
        if len(waiting):
            _seconds(heard, analyser, waiting, source.rate)
        _keep_beats(heard, analyser)
        heard.curve = analyser.curve()
    if not heard.seconds:
        raise DecodeError(uri, "holds no sound to draw.")
    return heard


def _seconds(heard: Recording, analyser: StreamAnalyzer, chunk: NDArray[np.float32], rate: int) -> None:
    """What the analyser found in each second of the chunk."""
    for i, row in enumerate(analyser.newest):
        level = loudness(row)
        heard.seconds.append(len(heard.seconds) + 1.0)
        heard.loudness.append(float("nan") if level is None else level)
        tones = row[TONES][:12]
        heard.chroma.append(tones / max(float(tones.max()), 1e-9))
        for part in np.array_split(chunk[i * rate : (i + 1) * rate].mean(axis=1), 20):
            heard.low.append(float(part.min(initial=0.0)))
            heard.high.append(float(part.max(initial=0.0)))
        if len(heard.seconds) % BEATS_EVERY == 0:
            _keep_beats(heard, analyser)


def _keep_beats(heard: Recording, analyser: StreamAnalyzer) -> None:
    """The newest word on each stretch of time counts."""
    beats = analyser.beats()
    if beats:
        first = beats[0].at
        heard.beats = {at: beat for at, beat in heard.beats.items() if at < first}
        heard.beats.update((beat.at, beat) for beat in beats)


def draw(heard: Recording, title: str, out: Path) -> None:
    """Write the picture. Raises `LibraryError` when it cannot be drawn or written."""
    import matplotlib as mpl  # half a second and 40 MiB: only where a picture is drawn

    mpl.use("agg")
    from matplotlib import pyplot as plt

    panels: tuple[Callable[[Axes, Recording], None], ...] = (
        _waveform, _loudness, _chroma, _affect,
    )  # fmt: skip
    figure, axes = plt.subplots(
        len(panels), 1, figsize=(14, 11), sharex=True, layout="constrained", height_ratios=(2, 2, 2, 3)
    )
    for panel, ax in zip(panels, axes, strict=True):
        panel(ax, heard)
    axes[0].set_title(title, loc="left", parse_math=False)  # $ is a letter in names
    axes[-1].set_xlabel("seconds")
    axes[-1].set_xlim(0.0, float(heard.features.heard))
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph")  # a script that the font lacks shows as boxes
            figure.savefig(out, dpi=100)
    except (OSError, ValueError) as error:
        raise LibraryError(f"{out}: the picture cannot be written ({error}).") from error
    finally:
        plt.close(figure)


def _waveform(ax: "Axes", heard: Recording) -> None:
    times = (np.arange(len(heard.low)) + 0.5) / 20.0
    every = max(1, len(times) // COLUMNS)
    ax.fill_between(times[::every], _least(heard.low, every), _most(heard.high, every), color="tab:blue")
    features = heard.features
    for name, at, align in (("cue in", features.cue_in, "left"), ("cue out", features.cue_out, "right")):
        if at is not None:
            ax.axvline(at, color="tab:red")
            ax.text(
                at, 0.98, f" {name} {at:.1f} s ", ha=align, va="top", color="tab:red", transform=_mixed(ax)
            )
    ax.set_ylim(-1.05, 1.05)
    ax.set_ylabel("waveform")


def _loudness(ax: "Axes", heard: Recording) -> None:
    features = heard.features
    ax.step(heard.seconds, heard.loudness, where="pre", color="tab:blue")
    if features.integrated_loudness is not None:
        ax.axhline(features.integrated_loudness, color="black", linestyle=":")
    ax.set_ylim(_level_range(heard.loudness))
    # the tracker beats on through silence: without a tempo that says nothing
    beats = [] if features.tempo is None else [beat for at, beat in sorted(heard.beats.items())]
    if features.heard <= MOST_BEATS_SHOWN:
        ax.vlines([b.at for b in beats], 0.0, 0.06, color="grey", transform=ax.get_xaxis_transform(), lw=0.7)
    downbeats = [beat.at for beat in beats if beat.downbeat]
    ax.vlines(downbeats, 0.0, 0.12, color="tab:orange", transform=ax.get_xaxis_transform(), lw=0.7)
    ax.set_ylabel("LUFS each second")
    said = (
        "no tempo"
        if features.tempo is None
        else f"{features.tempo:.1f} BPM ({features.tempo_confidence:.2f})"
    )
    bars = " · bars in orange" if downbeats else ""
    pulse = "" if features.felt_pulse is None else f", felt {features.felt_pulse:.0f}"
    ax.set_title(
        f"{_number(features.integrated_loudness, 'LUFS')} · {said}{pulse}{bars}",
        loc="right",
        fontsize=9,
    )


def _level_range(levels: list[float]) -> tuple[float, float]:
    """LUFS, with some room around what was heard."""
    known = [level for level in levels if np.isfinite(level)]
    if not known:
        return SILENT_RANGE
    low, high = min(known), max(known)
    room = max(1.0, 0.5 * (LEAST_RANGE - (high - low)))
    return low - room, high + room


def _chroma(ax: "Axes", heard: Recording) -> None:
    picture = np.array(heard.chroma).T
    ax.imshow(
        picture, origin="lower", aspect="auto", cmap="magma",
        extent=(0.0, len(heard.chroma), -0.5, 11.5), interpolation="nearest",
    )  # fmt: skip
    ax.set_yticks(range(12), NOTES, fontsize=7)
    ax.set_ylabel("chroma")
    features = heard.features
    if features.key is not None:
        mode = "major" if features.mode is Mode.MAJOR else "minor"
        ax.set_title(f"{NOTES[features.key]} {mode} ({features.key_confidence:.2f})", loc="right", fontsize=9)


def _affect(ax: "Axes", heard: Recording) -> None:
    times: NDArray[Any] = np.array([0.5 * (point.begin + point.end) for point in heard.curve])
    for name, colour in (("calmness", "tab:green"), ("arousal", "tab:red")):
        values = np.array([getattr(point.affect, name) for point in heard.curve])
        errors = np.array([getattr(point.affect, f"{name}_se") for point in heard.curve])
        ax.plot(times, values, color=colour, label=name)
        ax.fill_between(times, values - errors, values + errors, color=colour, alpha=BAND, lw=0)
    for section in heard.features.sections[1:]:
        ax.axvline(section.begin, color="grey", lw=0.7)
    ax.axhline(0.0, color="black", lw=0.5)
    ax.set_ylim(-1.05, 1.05)
    ax.set_ylabel("affect, ± 1 SE")
    affect = heard.features.affect
    if affect is not None:
        ax.set_title(
            f"calmness {affect.calmness:.2f} ± {affect.calmness_se:.2f} · arousal {affect.arousal:+.2f} ± "
            f"{affect.arousal_se:.2f} · valence {affect.valence:+.2f} ± {affect.valence_se:.2f}",
            loc="right", fontsize=9,
        )  # fmt: skip
    if heard.curve:
        ax.legend(loc="lower right", fontsize=8)


def _number(value: float | None, unit: str) -> str:
    return "silence" if value is None else f"{value:.1f} {unit}"


def _least(values: list[float], every: int) -> NDArray[np.float64]:
    return np.asarray(np.minimum.reduceat(values, np.arange(0, len(values), every)), dtype=np.float64)


def _most(values: list[float], every: int) -> NDArray[np.float64]:
    return np.asarray(np.maximum.reduceat(values, np.arange(0, len(values), every)), dtype=np.float64)


def _mixed(ax: "Axes") -> Any:
    return ax.get_xaxis_transform()
