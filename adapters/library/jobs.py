"""What a worker process does with one file. Failures come back as sentences: no error has to be pickled.

Decoder and analyser are imported by the worker only: the brain, which names these jobs, stays small.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from msgspec import Struct

from adapters.library.memory import keep_memory
from adapters.library.pace import Pace
from player.errors import AnalysisError, DecodeError
from player.model import ScanMode, Track, TrackFeatures, TrackId
from player.units import Seconds

if TYPE_CHECKING:
    from adapters.decode.native import NativeSource
    from adapters.library.identity import Fingerprint

T = TypeVar("T")

NO_END: Final = Seconds(math.inf)
ENOUGH: Final = Seconds(10.0)  # a file that breaks off later than this is music up to there; own judgement
ENDLESS: Final = Seconds(60.0)  # heard beyond the length that it tells: a station; a tuning constant

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


def identify_file(path: str) -> Track | Failure:
    """The track of a file with its tags."""
    from adapters.decode.native import NativeSource
    from adapters.library.identity import Fingerprint

    try:
        with NativeSource(path) as source:
            return _track(source, *Fingerprint(source).read())
    except DecodeError as error:
        return _failure(error)


def analyse_file(path: str) -> TrackFeatures | Failure:
    """Features of every second of a file or URL; memory does not grow with its length."""
    return _of_source(path, lambda source: _listen_whole(source, Pace()))


def analyse_stream(url: str) -> tuple[TrackFeatures, bool] | Failure:
    """Of what may never end: its features so far, and whether it did end."""

    def listen(source: "NativeSource") -> tuple[TrackFeatures, bool]:
        most = Seconds(source.duration + ENDLESS)
        features = _listen_whole(source, Pace(), most=most)
        return features, features.heard < most

    return _of_source(url, listen)


def examiner(mode: ScanMode, busy: float = 1.0) -> "partial[Examined | Failure]":
    """The job of a scan, for `Workers`; `busy`: share of a core that it may take."""
    return partial(examine_file, mode=mode, busy=busy)


def examine_file(ask: Ask, mode: ScanMode, busy: float = 1.0) -> Examined | Failure:
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
                features = _listen_whole(source, pace, mark)
                found = mark.result() if not source.corrupt else identify(ask.path)
                return Examined(_track(source, *found), features)
            track = _track(source, *mark.read())
            pace.breathe()
            if track.id in ask.known:
                return Examined(track, None)
            heard = _listen_to_excerpts(source, track.duration, pace) if mode is ScanMode.QUICK else None
            if heard is None:
                with NativeSource(ask.path) as afresh:  # it may be what cannot be moved about in
                    heard = _listen_whole(afresh, pace)
            return Examined(track, heard)
    except AnalysisError as error:
        return Failure(str(error))
    except DecodeError as error:
        return _failure(error)


def _of_source(path: str, listen: Callable[["NativeSource"], T]) -> T | Failure:
    from adapters.decode.native import NativeSource

    keep_memory()
    try:
        with NativeSource(path) as source:
            return listen(source)
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
    source: "NativeSource", pace: Pace, mark: "Fingerprint | None" = None, most: Seconds = NO_END
) -> TrackFeatures:
    from player.analysis.stream import StreamAnalyzer

    chunk = _chunk(source, pace)
    analyser = StreamAnalyzer(source.rate, source.channels, chunk=chunk)
    heard, part = 0, False
    try:
        for block in source.blocks(mark.take if mark else None, Seconds(chunk)):
            analyser.push(block)
            heard += len(block)
            if heard >= most * source.rate:
                part = True
                break
            pace.breathe()
    except DecodeError:
        if heard < ENOUGH * source.rate:
            raise
        part = True
    if not heard:
        raise DecodeError(source.uri, "holds no sound that can be decoded: replace or remove it.")
    return analyser.finish(part=part)


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
