"""What a worker process does with one file. Failures come back as sentences: no error has to be pickled.

Decoder and analyser are imported by the worker only: the brain, which names these jobs, stays small.
"""

from typing import Final

from msgspec import Struct

from player.errors import AnalysisError, DecodeError
from player.model import Track, TrackFeatures
from player.units import Seconds

ENOUGH: Final = Seconds(10.0)  # a file that breaks off later than this is music up to there; own judgement


class Failure(Struct, frozen=True):
    """Why a file cannot be used; `lasting`: it will fail again until it changes."""

    why: str
    lasting: bool = True


def identify_file(path: str) -> Track | Failure:
    """The track of a file with its tags."""
    from adapters.library.identity import identify
    from adapters.library.tags import read_tags

    try:
        track_id, duration = identify(path)
    except DecodeError as error:
        return _failure(error)
    tags = read_tags(path)
    return Track(
        id=track_id,
        uri=path,
        title=tags.title,
        artist=tags.artist,
        album=tags.album,
        year=tags.year,
        language=tags.language,
        duration=duration,
    )


def analyse_file(path: str) -> TrackFeatures | Failure:
    """Features of the whole file, from its native samples; memory does not grow with its length."""
    from adapters.decode import open_source
    from player.analysis.stream import StreamAnalyzer

    heard = 0
    try:
        with open_source(path, rate=None, channels=None) as source:
            analyser = StreamAnalyzer(source.rate, source.channels)
            try:
                while (block := source.read()) is not None:
                    analyser.push(block)
                    heard += len(block)
            except DecodeError:
                if heard < ENOUGH * source.rate:
                    raise
            return analyser.finish()
    except AnalysisError as error:
        return Failure(str(error))
    except DecodeError as error:
        return _failure(error)


def _failure(error: DecodeError) -> Failure:
    return Failure(error.problem, lasting=not isinstance(error.__cause__, OSError))
