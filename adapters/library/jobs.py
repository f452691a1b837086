"""What a worker process does with one file. Failures come back as sentences: no error has to be pickled.

Decoder and analyser are imported by the worker only: the brain, which names these jobs, stays small.
"""

import math
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct

from adapters.library.memory import keep_memory
from adapters.library.pace import Pace
from player.errors import AnalysisError, DecodeError
from player.model import ScanMode, Track, TrackFeatures, TrackId
from player.ports.audio import Pcm
from player.units import Seconds

if TYPE_CHECKING:
    from adapters.decode.native import NativeSource
    from adapters.library.identity import Fingerprint
    from player.analysis.stream import StreamAnalyzer

ENOUGH: Final = Seconds(10.0)  # a file that breaks off later than this is music up to there; own judgement
ENDLESS: Final = Seconds(60.0)  # heard beyond the length that it tells: a station; a tuning constant
NO_END: Final = Seconds(math.inf)
NEARLY: Final = 0.98  # of the duration that it tells: a file that was heard whole
MOST: Final = 0.9  # of the duration: less was heard of a file that breaks off; own judgement
WORTH_TELLING: Final = Seconds(1.0)  # missing; lossy formats declare a few hundredths more than they hold
NOTHING: Final = "holds no sound that can be decoded: replace or remove it."

TOGETHER: Final = 10  # seconds decoded and analysed at once, for nobody waits for them; a tuning constant
MOST_SAMPLES: Final = 1 << 20  # and of all channels: 4 MiB, so that memory stays small at any rate


class Failure(Struct, frozen=True):
    """Why a file cannot be used; `lasting`: it will fail again until it changes."""

    why: str
    lasting: bool = True


class Ask(Struct, frozen=True):
    """One file to examine."""

    path: str  # as the worker reaches it: a path of its own, or a URL
    known: tuple[TrackId, ...] = ()  # tracks that it may prove to be and that need no analysis


class Examined(Struct, frozen=True):
    track: Track
    features: TrackFeatures | None  # None: one of those known
    missing: str = ""  # why they are not those of the whole track


class Watcher(Protocol):
    """Sees what is heard as it is heard."""

    def take(self, analyser: "StreamAnalyzer", block: Pcm, rate: int) -> None:
        """After each second, or less of one."""
        ...

    def end(self, analyser: "StreamAnalyzer", features: TrackFeatures) -> None: ...


class Heard(Struct, frozen=True):
    features: TrackFeatures
    end: DecodeError | None = None  # what broke the file off
    went_on: bool = False  # there was more than was wanted


def identify_file(path: str) -> Track | Failure:
    """The track of a file with its tags."""
    from adapters.decode.native import NativeSource
    from adapters.library.identity import Fingerprint

    try:
        with NativeSource(path) as source:
            return _track(source, *Fingerprint(source).read())
    except DecodeError as error:
        return _failure(error)


def analyse_file(path: str, watcher: Watcher | None = None) -> TrackFeatures | Failure:
    """Features of every second of a file or URL; memory does not grow with its length."""
    heard = _hear(path, watcher)
    return heard if isinstance(heard, Failure) else heard[0]


def analyse_stream(url: str, watcher: Watcher | None = None) -> tuple[TrackFeatures, str] | Failure:
    """Of what may never end, and why it is not all."""
    return _hear(url, watcher, ENDLESS)


def _hear(
    path: str, watcher: Watcher | None, beyond: Seconds = NO_END
) -> tuple[TrackFeatures, str] | Failure:
    """Features, and why they are not those of the whole."""
    from adapters.decode.native import NativeSource

    keep_memory()
    try:
        with NativeSource(path) as source:
            heard = _listen_whole(source, Pace(), watcher=watcher, most=Seconds(source.duration + beyond))
            return heard.features, _missing(source, source.duration, heard)
    except AnalysisError as error:
        return Failure(str(error))
    except DecodeError as error:
        return _failure(error)


def examiner(mode: ScanMode, busy: float = 1.0) -> "partial[Examined | Failure]":
    """The job of a scan, for `Workers`; `busy`: share of a core that it may take."""
    return partial(examine_file, mode=mode, busy=busy)


def examine_file(
    ask: Ask, mode: ScanMode, busy: float = 1.0, watcher: Watcher | None = None
) -> Examined | Failure:
    """Which track a file is, its tags and its features: opened once, every packet read once.

    Of a damaged file the packets are read again: it is the same track in every job, wherever decoding ends.
    """
    from adapters.decode.native import NativeSource
    from adapters.library.identity import Fingerprint, identify

    keep_memory()
    pace = Pace(busy)
    try:
        with NativeSource(ask.path) as source:
            mark = Fingerprint(source)
            if mode is ScanMode.FULL and not ask.known:
                heard = _listen_whole(source, pace, mark, watcher)
                found = mark.result() if not source.corrupt else identify(ask.path)
                return _examined(source, _track(source, *found), heard)
            track = _track(source, *mark.read())
            pace.breathe()
            if track.id in ask.known:
                return Examined(track, None)
            features = _listen_to_excerpts(source, track.duration, pace) if mode is ScanMode.QUICK else None
            if features is not None:
                return Examined(track, features)
            with NativeSource(ask.path) as afresh:  # it may be what cannot be moved about in
                return _examined(source, track, _listen_whole(afresh, pace))
    except AnalysisError as error:
        return Failure(str(error))
    except DecodeError as error:
        return _failure(error)


def _chunk(source: "NativeSource", pace: Pace) -> int:
    """Seconds to analyse at once: where the music plays meanwhile, as few as there."""
    from player.analysis.stream import CHUNK

    if pace.paced:
        return CHUNK
    return max(CHUNK, min(TOGETHER, MOST_SAMPLES // (source.rate * source.channels)))


def _listen_whole(
    source: "NativeSource",
    pace: Pace,
    mark: "Fingerprint | None" = None,
    watcher: Watcher | None = None,
    most: Seconds = NO_END,
) -> Heard:
    from player.analysis.stream import CHUNK, StreamAnalyzer

    if not source.channels:
        raise DecodeError(source.uri, NOTHING)
    chunk = CHUNK if watcher else _chunk(source, pace)
    analyser = StreamAnalyzer(source.rate, source.channels, chunk=chunk)
    heard, end, went_on = 0, None, False
    try:
        for block in source.blocks(mark.take if mark else None, Seconds(chunk)):
            analyser.push(block)
            heard += len(block)
            if watcher:
                watcher.take(analyser, block, source.rate)
            went_on = heard >= most * source.rate
            if went_on:
                break
            pace.breathe()
    except DecodeError as error:
        if heard < ENOUGH * source.rate:
            raise
        end = error
    if not heard:
        raise DecodeError(source.uri, NOTHING)
    whole = heard >= NEARLY * source.duration * source.rate and not source.corrupt
    features = analyser.finish(part=went_on or end is not None or not whole)
    if watcher:
        watcher.end(analyser, features)
    return Heard(features, end, went_on)


def _examined(source: "NativeSource", track: Track, heard: Heard) -> Examined:
    return Examined(track, heard.features, _missing(source, track.duration, heard))


def _missing(source: "NativeSource", duration: Seconds, heard: Heard) -> str:
    """Why not all of a file was heard; "" if it was."""
    from av.error import PatchWelcomeError

    from adapters.decode.av import is_url
    from adapters.decode.ogg import length_of

    length = heard.features.heard
    again = "Try again." if is_url(source.uri) else "Copy it again."
    if heard.went_on:
        return f"has no end: its first {length:.0f} s were heard."
    if heard.end is not None and isinstance(heard.end.__cause__, PatchWelcomeError):
        return f"changes its format after {length:.0f} s: heard up to there. Convert it to one format."
    if source.kind == "ogg" and abs(duration - length) > WORTH_TELLING and not is_url(source.uri):
        duration = max(duration, length_of(source.uri))  # FFmpeg knows that of one chained part, or of none
    if length < min(MOST * duration, duration - WORTH_TELLING):
        return f"breaks off: {length:.0f} of {duration:.0f} s can be read. {again}"
    if heard.end is not None and not duration:
        return f"breaks off: only {length:.0f} s can be read. {again}"
    return ""


def _listen_to_excerpts(source: "NativeSource", duration: Seconds, pace: Pace) -> TrackFeatures | None:
    """None when the track is short, cannot be moved about in, or is shorter than it says."""
    from adapters.library.excerpts import LENGTH, excerpts
    from player.analysis.stream import StreamAnalyzer

    places = excerpts(duration)
    if not places:
        return None
    chunk = min(_chunk(source, pace), int(LENGTH))
    analyser = StreamAnalyzer(source.rate, source.channels, scan_mode=ScanMode.QUICK, chunk=chunk)
    try:
        for at in places:
            analyser.splice(at)
            missing = round(LENGTH * source.rate)
            for block in source.excerpt(at, LENGTH):
                analyser.push(block)
                missing -= len(block)
                pace.breathe()
            if missing:
                return None
    except DecodeError:
        return None
    return analyser.finish()


def _track(source: "NativeSource", track_id: TrackId, duration: Seconds) -> Track:
    from adapters.decode.av import is_url
    from adapters.library.tags import read_tags, tags_of

    tags = tags_of(source.metadata, source.uri) if is_url(source.uri) else read_tags(source.uri)
    return Track(
        id=track_id,
        uri=source.uri,
        title=tags.title,
        artist=tags.artist,
        album=tags.album,
        year=tags.year,
        language=tags.language,
        duration=duration,
    )


def _failure(error: DecodeError) -> Failure:
    """The file is at fault only if nothing between may be: a server or a disk may be well the next time."""
    from adapters.decode.av import is_url

    lasting = not is_url(error.uri) and not isinstance(error.__cause__, OSError)
    return Failure(error.problem, lasting=lasting)
