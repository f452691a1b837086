"""Which track a file is, whatever its name and tags say (DESIGN section 4)."""

from hashlib import blake2b
from pathlib import Path
from typing import Final

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from mutagen import MutagenError
from mutagen.mp3 import BitrateMode, MPEGInfo

from player.errors import DecodeError
from player.model import TrackId
from player.units import Seconds

HASHED: Final = 60  # s of encoded packets
RAW_FORMATS: Final = (
    "mp3",
    "aac",
)  # without an index FFmpeg guesses their duration from the size, tags included


def identify(path: str) -> tuple[TrackId, Seconds]:
    """The track's id and its duration, by reading packets without decoding them.

    The id is BLAKE2b-128 over codec, whole seconds of duration and the first 60 s of encoded packets of the
    first sound stream. Raises `DecodeError` with a sentence for people.
    """
    try:
        if Path(path).stat().st_size == 0:
            raise DecodeError(path, "is empty: copy the file again.")
        with av.open(path, metadata_errors="replace") as container:
            return _identify(path, container)
    except (av.error.InvalidDataError, av.error.EOFError) as error:
        raise DecodeError(path, "is not an audio file, or is damaged: replace or remove it.") from error
    except (av.error.FFmpegError, OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise DecodeError(path, f"cannot be read ({why}): check the file and who may read it.") from error


def _identify(path: str, container: InputContainer) -> tuple[TrackId, Seconds]:
    stream = next((s for s in container.streams.audio if s.codec_context.sample_rate), None)
    if stream is None or stream.time_base is None:
        raise DecodeError(path, "holds no sound: choose an audio file.")
    digest = blake2b(digest_size=16)
    count_all = container.format.name in RAW_FORMATS and not _has_index(path)
    length = _hash_packets(container, stream, digest, count_all=count_all)
    if length <= 0:
        raise DecodeError(path, "holds no sound that can be decoded: replace or remove it.")
    if not count_all:
        length = float(stream.duration * stream.time_base) if stream.duration else _declared(container)
    digest.update(f"{stream.codec_context.codec.canonical_name} {int(length)}".encode())
    return digest.hexdigest(), Seconds(length)


def _hash_packets(
    container: InputContainer, stream: AudioStream, digest: blake2b, *, count_all: bool
) -> float:
    """Seconds to the end of the last packet that was read: about `HASHED` at most, unless `count_all`."""
    base = float(stream.time_base or 0)
    first, end = None, 0.0
    try:
        for packet in container.demux(stream):
            if packet.size == 0:
                break
            begin = packet.dts if packet.dts is not None else packet.pts
            if begin is not None:
                first = begin if first is None else first
                end = (begin - first) * base
            if end < HASHED:
                digest.update(bytes(packet))
            elif not count_all:
                break
            end += (packet.duration or 0) * base
    except (av.error.InvalidDataError, av.error.EOFError):
        return end  # what comes before the damage is the track
    return end


def _declared(container: InputContainer) -> float:
    """0 when the container does not say."""
    return (container.duration or 0) / av.time_base


def _has_index(path: str) -> bool:
    """Whether an MP3 begins with a Xing, Info or VBRI header, which counts its frames."""
    try:
        with Path(path).open("rb") as file:
            return MPEGInfo(file).bitrate_mode is not BitrateMode.UNKNOWN
    except MutagenError:
        return False
