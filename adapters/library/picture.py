"""`lull analyze FILE --plot OUT.png`: what was heard, as a picture."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from adapters.library.report import NOTES, clock_time
from player.analysis.metre import Beat
from player.analysis.sections import Point
from player.analysis.stream import StreamAnalyzer
from player.analysis.summary import TONES, Row, loudness
from player.errors import LibraryError
from player.model import Mode, TrackFeatures
from player.ports.audio import Pcm
from player.selection.facts import SPOKEN, SPOKEN_CONFIDENCE
from player.units import Seconds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS: Final = 2_000  # of the waveform
BEATS_EVERY: Final = 60  # s; the analyser keeps those of the last two minutes
MOST_LINES: Final = 200  # of beats or bars: more are a grey field
IN_MINUTES: Final = Seconds(180.0)  # a longer piece has a scale of minutes
STEPS: Final = (30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200)  # s between the marks of that scale
MOST_MARKS: Final = 15
KINDS: Final = ("png", "svg", "pdf", "jpg", "jpeg")
LEAST_RANGE: Final = 20.0  # LU; less would show the ripple of steady noise as mountains
SILENT_RANGE: Final = (-70.0, 0.0)  # LUFS
BAND: Final = 0.25  # opacity of ± 1 standard error


class Recording:
    """What the analyser said second by second while it heard one piece: a `Watcher`."""

    def __init__(self) -> None:
        self.seconds: list[float] = []  # end of each
        self.loudness: list[float] = []  # LUFS, NaN for silence
        self.chroma: list[NDArray[np.float64]] = []
        self.low: list[float] = []  # of the waveform, 20 each second
        self.high: list[float] = []
        self.beats: dict[float, Beat] = {}
        self.curve: list[Point] = []
        self.features: TrackFeatures = TrackFeatures(heard=Seconds(0.0))
        self._seen: Sequence[Row] = ()
        self._waiting: NDArray[np.float32] = np.empty(0, np.float32)  # samples of seconds not yet measured
        self._rate = 0

    def take(self, analyser: StreamAnalyzer, block: Pcm, rate: int) -> None:
        self._rate = rate
        self._waiting = np.concatenate((self._waiting, block.mean(axis=1)))
        self._measured(analyser)

    def end(self, analyser: StreamAnalyzer, features: TrackFeatures) -> None:
        self._measured(analyser)
        _keep_beats(self, analyser)
        self.curve, self.features = analyser.curve(), features

    def _measured(self, analyser: StreamAnalyzer) -> None:
        if analyser.newest is self._seen:
            return
        self._seen = analyser.newest
        for row in self._seen:
            level = loudness(row)
            self.seconds.append(len(self.seconds) + 1.0)
            self.loudness.append(float("nan") if level is None else level)
            tones = row[TONES][:12]
            self.chroma.append(tones / max(float(tones.max()), 1e-9))
            second, self._waiting = self._waiting[: self._rate], self._waiting[self._rate :]
            for part in np.array_split(second, 20):
                self.low.append(float(part.min(initial=0.0)))
                self.high.append(float(part.max(initial=0.0)))
            if len(self.seconds) % BEATS_EVERY == 0:
                _keep_beats(self, analyser)


def _keep_beats(heard: Recording, analyser: StreamAnalyzer) -> None:
    """The newest word on each stretch of time counts."""
    beats = analyser.beats()
    if beats:
        first = beats[0].at
        heard.beats = {at: beat for at, beat in heard.beats.items() if at < first}
        heard.beats.update((beat.at, beat) for beat in beats)


def require_place(out: Path) -> None:
    """Raises `LibraryError` when a picture can certainly not be written there, before it costs anything."""
    if out.is_dir():
        raise LibraryError(f"{out} is a folder: name a picture in it, such as {out / 'song.png'}.")
    if not out.absolute().parent.is_dir():
        raise LibraryError(f"{out} cannot be written (there is no such folder): name another place.")
    if out.suffix and out.suffix[1:].lower() not in KINDS:
        raise LibraryError(f"{out} is of a kind that cannot be drawn: end its name with .png, .svg or .pdf.")


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
    axes[-1].set_xlim(0.0, float(heard.features.heard))
    _time_scale(axes[-1], heard.features.heard)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph")  # a script that the font lacks shows as boxes
            figure.savefig(out, dpi=100, format=out.suffix[1:].lower() or KINDS[0])
    except (OSError, ValueError) as error:
        raise LibraryError(f"{out}: the picture cannot be written ({error}).") from error
    finally:
        plt.close(figure)


def _time_scale(ax: "Axes", lasts: Seconds) -> None:
    ax.set_xlabel("seconds")
    if lasts > IN_MINUTES:
        every = next((step for step in STEPS if lasts <= MOST_MARKS * step), STEPS[-1])
        marks = range(0, int(lasts) + 1, every)
        ax.set_xticks(marks, [clock_time(mark) for mark in marks])
        ax.set_xlabel("minutes:seconds")


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
    # each level up to the end of its second, the first one from 0 on
    ax.step([0.0, *heard.seconds], [*heard.loudness[:1], *heard.loudness], where="pre", color="tab:blue")
    if features.integrated_loudness is not None:
        ax.axhline(features.integrated_loudness, color="black", linestyle=":")
    ax.set_ylim(_level_range(heard.loudness))
    beats = _beats_in_music(heard)
    if len(beats) <= MOST_LINES:
        ax.vlines([b.at for b in beats], 0.0, 0.06, color="grey", transform=ax.get_xaxis_transform(), lw=0.7)
    downbeats = [beat.at for beat in beats if beat.downbeat]
    every = 1
    while len(downbeats) > every * MOST_LINES:
        every *= 2
    downbeats = downbeats[::every]
    ax.vlines(downbeats, 0.0, 0.12, color="tab:orange", transform=ax.get_xaxis_transform(), lw=0.7)
    ax.set_ylabel("LUFS each second")
    said = (
        "no tempo"
        if features.tempo is None
        else f"{features.tempo:.1f} BPM ({features.tempo_confidence:.2f})"
    )
    bars = (" · bars in orange" if every == 1 else f" · every {every}th bar in orange") if downbeats else ""
    pulse = "" if features.felt_pulse is None else f", felt {features.felt_pulse:.0f}"
    ax.set_title(
        f"{_number(features.integrated_loudness, 'LUFS')} · {said}{pulse}{bars}{_speech(features)}",
        loc="right",
        fontsize=9,
    )


def _beats_in_music(heard: Recording) -> list[Beat]:
    """The tracker beats on through silence: there, and without a tempo, that says nothing."""
    begin, end = heard.features.cue_in, heard.features.cue_out
    if heard.features.tempo is None or begin is None or end is None:
        return []
    return [beat for at, beat in sorted(heard.beats.items()) if begin <= at <= end]


def _speech(features: TrackFeatures) -> str:
    sure = features.speech_confidence
    if features.speech is None or features.speech < SPOKEN or sure < SPOKEN_CONFIDENCE:
        return ""
    return f" · speech ({sure:.2f})"


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
    whole = heard.features.affect
    for name, colour in (("calmness", "tab:green"), ("arousal", "tab:red")):
        if whole is not None:  # the music as one: not the mean of its parts
            value, error = getattr(whole, name), getattr(whole, f"{name}_se")
            ax.axhline(value, color=colour, linestyle=":", label=f"{name} of the whole")
            ax.axhspan(value - error, value + error, color=colour, alpha=0.4 * BAND, lw=0)
        values = np.array([getattr(point.affect, name) for point in heard.curve])
        errors = np.array([getattr(point.affect, f"{name}_se") for point in heard.curve])
        ax.plot(times, values, color=colour, label=f"{name} of 15-s windows")
        ax.fill_between(times, values - errors, values + errors, color=colour, alpha=BAND, lw=0)
    for section in heard.features.sections[1:]:
        ax.axvline(section.begin, color="grey", lw=0.7)
    ax.axhline(0.0, color="black", lw=0.5)
    ax.set_ylim(-1.05, 1.05)
    ax.set_ylabel("affect, ± 1 SE")
    if whole is not None:
        ax.set_title(
            f"calmness {whole.calmness:.2f} ± {whole.calmness_se:.2f} · arousal {whole.arousal:+.2f} ± "
            f"{whole.arousal_se:.2f} · valence {whole.valence:+.2f} ± {whole.valence_se:.2f}",
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
