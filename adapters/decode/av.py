"""Decoding with FFmpeg through PyAV: files, HTTP, HLS, Icecast."""

import os
import stat
from collections.abc import Generator, Iterator, Mapping
from typing import Final, Protocol, Self

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout
from av.audio.stream import AudioStream
from av.container import InputContainer

from adapters.decode.muting import muted
from adapters.decode.reasons import answered, unreachable
from player.errors import DecodeError
from player.ports.audio import Pcm
from player.units import CHANNELS, SAMPLE_RATE, Seconds

BLOCK_FRAMES: Final = 8192  # `read` gathers at least this many: fewer, larger array operations
MAX_CORRUPT: Final = 200  # packets skipped before a source is given up; tuning constant
OPEN_TIMEOUT: Final = Seconds(8.0)  # tuning constants: within them a server answers or the source has failed
READ_TIMEOUT: Final = Seconds(8.0)
NETWORK_OPTIONS: Final = {
    "reconnect": "1",
    "reconnect_streamed": "1",
    "reconnect_delay_max": "2",  # s
    "rw_timeout": "8000000",  # µs
    "user_agent": "Lull",
    "protocol_whitelist": "http,https,tls,tcp,crypto,data,httpproxy",  # never a file of this computer
}
NO_OPTIONS: Final[Mapping[str, str]] = {}
PLAYLISTS: Final = (".pls", ".m3u", ".xspf", ".asx", ".wpl")
A_PLAYLIST: Final = "is a playlist: name one of the pieces in it."
STATUSES: Final = {  # FFmpeg's errors: the status, and whether that is all of it
    av.error.HTTPBadRequestError: (400, True),
    av.error.HTTPUnauthorizedError: (401, True),
    av.error.HTTPForbiddenError: (403, True),
    av.error.HTTPNotFoundError: (404, True),
    av.error.HTTPTooManyRequestsError: (429, True),
    av.error.HTTPClientError: (400, False),
    av.error.HTTPServerError: (500, False),
}

av.logging.set_level(av.logging.PANIC)  # damaged files are counted and named here, not on standard error


class BinaryReader(Protocol):
    def read(self, count: int = -1, /) -> bytes: ...

    def close(self) -> None: ...


class UnsupportedSourceError(DecodeError):
    """FFmpeg has no protocol or demuxer for it; another decoder may."""


def is_url(uri: str) -> bool:
    return "://" in uri


class AvSource:
    """`ports.AudioSource`: the first sound stream of `uri`; pictures and video are not read.

    `rate` and `channels` None keep those of the source. 5.1 is mixed down by FFmpeg's standard matrix
    (centre and surrounds −3 dB, ITU-R BS.775).
    """

    def __init__(
        self,
        uri: str,
        rate: int | None = SAMPLE_RATE,
        channels: int | None = CHANNELS,
        *,
        file: BinaryReader | None = None,
        options: Mapping[str, str] = NO_OPTIONS,
    ) -> None:
        """file: to be read in place of `uri`, and closed with the source; options: of the demuxer."""
        self.uri = uri
        self.corrupt = 0  # packets skipped
        self._file = file
        self._container = open_container(uri, file, options)
        try:
            self._stream = sound_stream(uri, self._container)
            context = self._stream.codec_context
            context.thread_count = 1
            self._rate = rate or context.sample_rate
            self._layout = _layout(channels) if channels else context.layout
            self._resampler = self._new_resampler()
            self._frames = self._decode()
            self._skip = 0  # output frames to drop after a seek
            self._ended = False
            self._blocks = self._muted()
            self._ahead: Pcm | None = next(self._blocks, None)  # proves that something can be decoded
        except BaseException:
            self._container.close()
            raise
        if self._ahead is None:
            self.close()
            raise DecodeError(uri, "holds no sound that can be decoded: replace or remove this file.")

    @property
    def rate(self) -> int:
        return self._rate

    @property
    def channels(self) -> int:
        return self._layout.nb_channels

    @property
    def duration(self) -> Seconds:
        stream = self._stream
        if stream.duration is not None and stream.time_base is not None:
            return Seconds(float(stream.duration * stream.time_base))
        return Seconds((self._container.duration or 0) / av.time_base)

    def read(self) -> Pcm | None:
        if self._ahead is not None:
            block, self._ahead = self._ahead, None
            return block
        return next(self._blocks, None)

    def seek(self, at: Seconds) -> None:
        base = self._stream.time_base
        start = self._stream.start_time or 0
        if base is None or self.duration <= 0:
            raise DecodeError(self.uri, "is a live stream and cannot be moved to another place.")
        try:
            self._container.seek(start + int(at / base), stream=self._stream)
        except av.error.FFmpegError as error:
            raise DecodeError(self.uri, f"cannot be moved to {at:.1f} s ({words(error)}).") from error
        self._ahead, self._ended = None, False
        self._resampler = self._new_resampler()
        self._frames = self._decode(after=at)
        self._blocks = self._muted()

    def close(self) -> None:
        self._ended, self._ahead, self._blocks = True, None, iter(())
        self._frames.close()
        self._container.close()
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _new_resampler(self) -> av.AudioResampler:
        return av.AudioResampler(format="flt", layout=self._layout, rate=self._rate)

    def _muted(self) -> Iterator[Pcm]:
        return muted(self._gathered(), self.uri, self._rate)

    def _gathered(self) -> Iterator[Pcm]:
        while (block := self._gather()) is not None:
            yield block

    def _gather(self) -> Pcm | None:
        parts: list[Pcm] = []
        frames = 0
        while frames < BLOCK_FRAMES and not self._ended:
            block = next(self._frames, None)
            if block is None:
                self._ended = True
            else:
                parts.append(block)
                frames += len(block)
        if not parts:
            return None
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _decode(self, after: Seconds | None = None) -> Generator[Pcm]:
        """Blocks of converted frames; the first begins at `after`."""
        self._skip = 0
        for frame in self._decoded_frames():
            if after is not None:
                early = self._early(frame, after)
                if early * self._rate >= frame.samples * self._rate / frame.sample_rate:
                    continue
                self._skip, after = round(early * self._rate), None
            yield from self._converted(frame)
        yield from self._converted(None)

    def _early(self, frame: AudioFrame, after: Seconds) -> float:
        """Seconds by which `frame` begins before `after`, ≥ 0."""
        if frame.pts is None or frame.time_base is None or self._stream.time_base is None:
            return 0.0
        begin = frame.pts * frame.time_base - (self._stream.start_time or 0) * self._stream.time_base
        return max(0.0, after - float(begin))

    def _decoded_frames(self) -> Iterator[AudioFrame]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                frames = self._stream.decode(packet)
            except (av.error.EOFError, StopIteration):
                return
            except av.error.InvalidDataError as error:
                self.corrupt += 1
                if self.corrupt > MAX_CORRUPT:
                    raise DecodeError(self.uri, "is damaged: replace or remove this file.") from error
                packets = self._container.demux(self._stream)  # the generator ended with the error
                continue
            except av.error.FFmpegError as error:
                raise DecodeError(self.uri, f"broke off ({words(error)}).") from error
            yield from frames

    def _converted(self, frame: AudioFrame | None) -> Iterator[Pcm]:
        try:
            try:
                converted = self._resampler.resample(frame)
            except ValueError:  # the format changed within the stream (chained Ogg, HE-AAC): start afresh
                self._resampler = self._new_resampler()
                converted = self._resampler.resample(frame)
        except (av.error.FFmpegError, ValueError) as error:
            raise DecodeError(self.uri, f"cannot be converted ({words(error)}).") from error
        for part in converted:
            block = np.asarray(part.to_ndarray(), dtype=np.float32).reshape(-1, self.channels)
            if self._skip:
                block, self._skip = block[self._skip :], max(0, self._skip - len(block))
            if len(block):
                yield block


def open_container(
    uri: str, file: BinaryReader | None = None, options: Mapping[str, str] = NO_OPTIONS
) -> InputContainer:
    if not is_url(uri):
        _check_file(uri)
    try:
        if file is not None:
            return av.open(file, "r", options=dict(options), metadata_errors="replace")
        return av.open(
            uri,
            options={**options, **(NETWORK_OPTIONS if uri.startswith("http") else NO_OPTIONS)},
            metadata_errors="replace",
            timeout=(OPEN_TIMEOUT, READ_TIMEOUT) if is_url(uri) else None,
        )
    except (av.error.ProtocolNotFoundError, av.error.DemuxerNotFoundError) as error:
        raise UnsupportedSourceError(uri, "is of a kind that FFmpeg does not know.") from error
    except (av.error.InvalidDataError, av.error.EOFError) as error:
        if _is_playlist(uri):
            raise UnsupportedSourceError(uri, A_PLAYLIST) from error
        if is_url(uri):
            raise DecodeError(uri, "gives no sound that can be decoded: check the address.") from error
        raise DecodeError(uri, "is not an audio file, or is damaged: replace or remove it.") from error
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise DecodeError(uri, _unopened(uri, error)) from error


def _unopened(uri: str, error: Exception) -> str:
    if not is_url(uri):
        return f"cannot be opened ({words(error)})."
    for kind, (status, exact) in STATUSES.items():
        if isinstance(error, kind):
            signed_in = "@" in uri.partition("://")[2].partition("/")[0]
            return answered(status, signed_in=signed_in, exact=exact)
    if isinstance(error, av.error.ExitError):  # of our own timeout
        return unreachable(TimeoutError())
    if isinstance(error, OSError):
        return unreachable(error)
    return f"cannot be opened ({words(error)}): check the address."


def _check_file(path: str) -> None:
    try:
        status = os.stat(path)
    except OSError as error:
        raise DecodeError(path, f"cannot be read ({error.strerror}).") from error
    if stat.S_ISDIR(status.st_mode):
        raise DecodeError(path, "is a folder, not an audio file.")
    if not stat.S_ISREG(status.st_mode):
        raise DecodeError(path, "is no ordinary file: copy the music into one.")
    if status.st_size == 0:
        raise DecodeError(path, "is empty: copy the file again.")


def sound_stream(uri: str, container: InputContainer) -> AudioStream:
    for stream in container.streams.audio:
        if stream.codec_context is not None and stream.codec_context.sample_rate:
            return stream
    if _is_playlist(uri):  # FFmpeg takes some for subtitles
        raise UnsupportedSourceError(uri, A_PLAYLIST)
    raise DecodeError(uri, "holds no sound: choose an audio file.")


def _is_playlist(uri: str) -> bool:
    if not is_url(uri):
        return uri.lower().endswith((*PLAYLISTS, ".m3u8"))
    return uri.lower().split("?")[0].endswith(PLAYLISTS)  # .m3u8 is HLS, which FFmpeg knows


def _layout(channels: int) -> AudioLayout:
    return AudioLayout({1: "mono", 2: "stereo"}[channels])


def words(error: Exception) -> str:
    if isinstance(error, av.error.PatchWelcomeError):
        return "its sound changes in a way that FFmpeg cannot follow"
    return str(getattr(error, "strerror", None) or error or type(error).__name__).lower()
