"""Decoding for analysis: a file's own rate and channels, float32, its packets read once and copied once."""

import errno
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, Final, Self, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from numpy.typing import NDArray

from adapters.decode.av import MAX_CORRUPT, is_url, open_container, sound_stream, words
from adapters.decode.muting import muted
from adapters.decode.ogg import is_vorbis, length_of
from adapters.decode.ranges import WITHOUT_RANGES, lacks_ranges
from player.errors import DecodeError
from player.ports.audio import Pcm
from player.units import Seconds

PREROLL: Final = Seconds(0.1)  # decoded and dropped after a seek: MP3 and Opus build on what came before
SECOND: Final = Seconds(1.0)
ASTRAY: Final = Seconds(5.0)  # a seek that ends so far from its aim has failed; tuning constant

# Seek in MP3 by the share of the file's size, else every frame up to there is read: 0.4 instead of 8 ms for
# six places, and a sixth of the disk's work. Where the bit rate varies, a place lies some seconds off.
BY_SIZE: Final = {"fflags": "fastseek"}

# FFmpeg's sample formats: type, where 0 is, what 1.0 is
FORMATS: Final[dict[str, tuple[str, float, float]]] = {
    "flt": ("f4", 0.0, 1.0),
    "dbl": ("f8", 0.0, 1.0),
    "u8": ("u1", 128.0, 128.0),
    "s16": ("i2", 0.0, 32768.0),
    "s32": ("i4", 0.0, 2147483648.0),
}
END_NEEDED: Final = (
    "ogg",
    "mov,mp4,m4a,3gp,3g2,mj2",
)  # have their length, or may have their index, at the end
UNREADABLE_VORBIS: Final = (
    "has a Vorbis header that FFmpeg cannot read: convert it, or copy it again if no other player plays it."
)
Frames = list[AudioFrame]
NATIVE: Final = frozenset(FORMATS) | {f"{name}p" for name in FORMATS}  # p: planar
OnPacket = Callable[["Packet[AudioStream]"], bool]  # False: wants no more of them


class NativeSource:
    """The first sound stream of a file or URL. Every method may raise `DecodeError`."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.corrupt = 0  # packets that could not be read or decoded
        self._container = _opened(uri)
        try:
            if self._container.format.name in END_NEEDED:
                _require_ranges(uri)
            self._stream = sound_stream(uri, self._container)
            context = self._stream.codec_context
            context.thread_count = 1
            self.rate: int = context.sample_rate  # Hz
            self.channels: int = context.layout.nb_channels
        except BaseException:
            self._container.close()
            raise
        self.codec: str = context.codec.canonical_name
        self.kind: str = self._container.format.name
        self.time_base = float(self._stream.time_base or 0)  # s for one unit of a packet's times
        self._start = self._stream.start_time or 0
        self._layout = context.layout.name
        self._resampler: av.AudioResampler | None = None

    @property
    def duration(self) -> Seconds:
        """As the file declares it, 0 when it does not say."""
        if self._stream.duration:
            return Seconds(self._stream.duration * self.time_base)
        return Seconds((self._container.duration or 0) / av.time_base)

    @property
    def metadata(self) -> dict[str, str]:
        return {**self._container.metadata, **self._stream.metadata}

    def packets(self) -> "Iterator[Packet[AudioStream]]":
        """Encoded packets from here to the end, or to what cannot be read of the file's own."""
        try:
            yield from self._container.demux(self._stream)
        except av.error.FFmpegError as error:
            if isinstance(error, OSError):  # of the disk or the network: it may be whole the next time
                raise DecodeError(self.uri, f"broke off ({words(error)}).") from error

    def blocks(self, on_packet: OnPacket | None = None, lasting: Seconds = SECOND) -> Iterator[Pcm]:
        """Blocks of `lasting` (the last one may be shorter) from here to the end, shape (frames, channels).

        on_packet: is given every packet as it is read, up to the first damage or until it wants no more.
        """
        gathered = self._gathered(self._decoded(on_packet), round(lasting * self.rate))
        return muted(gathered, self.uri, self.rate)

    def excerpt(self, at: Seconds, length: Seconds) -> Iterator[Pcm]:
        """Blocks that begin `at`, or near where a file keeps no exact times, and last `length` together.

        Fewer where the file ends. Raises `DecodeError` when that place cannot be reached.
        """
        return muted(self._excerpt(at, length), self.uri, self.rate)

    def _excerpt(self, at: Seconds, length: Seconds) -> Iterator[Pcm]:
        self._seek(at)
        skip, left = 0, round(length * self.rate)
        decoded = self._decoded(after=self._start + (at - PREROLL) / self.time_base)
        first = next((frames for frames in decoded if frames), None)
        if first is None:
            return
        if first[0].pts is not None and first[0].time_base is not None:
            begin = float(first[0].pts * first[0].time_base) - self._start * self.time_base
            if abs(begin - at) > ASTRAY:
                raise DecodeError(self.uri, f"cannot be moved to {at:.1f} s.")
            skip = max(0, round((at - begin) * self.rate))
        for block in self._gathered(chain((first,), decoded), skip + left):
            kept = block[skip : skip + left]
            skip = max(0, skip - len(block))
            left -= len(kept)
            if len(kept):
                yield kept
            if left <= 0:
                return

    def close(self) -> None:
        self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _seek(self, at: Seconds) -> None:
        self._resampler = None
        try:
            if not self.time_base:
                raise DecodeError(self.uri, "keeps no times and cannot be moved to another place.")
            before = max(0.0, at - PREROLL) / self.time_base
            self._container.seek(self._start + int(before), stream=self._stream)
        except av.error.FFmpegError as error:
            raise DecodeError(self.uri, f"cannot be moved to {at:.1f} s ({words(error)}).") from error

    def _decoded(self, on_packet: OnPacket | None = None, after: float | None = None) -> Iterator[Frames]:
        """Frames of each packet; packets that end before `after`, in units of their times, are left out."""
        decode = self._stream.codec_context.decode
        while True:
            try:
                for packet in self._container.demux(self._stream):
                    if on_packet is not None and not on_packet(packet):
                        on_packet = None
                    if after is not None and packet.pts is not None:
                        if packet.pts + (packet.duration or 0) < after:
                            continue
                        after = None
                    try:
                        yield decode(packet)
                    except av.error.InvalidDataError as error:
                        self._count_corrupt(error)
            except av.error.EOFError:
                return
            except av.error.InvalidDataError as error:
                on_packet = None
                self._count_corrupt(error)
            except av.error.FFmpegError as error:
                self.corrupt += 1
                raise DecodeError(self.uri, f"broke off ({words(error)}).") from error
            else:
                return

    def _count_corrupt(self, error: av.error.InvalidDataError) -> None:
        self.corrupt += 1
        if self.corrupt > MAX_CORRUPT:
            raise DecodeError(self.uri, "is damaged: replace or remove this file.") from error

    def _gathered(self, decoded: Iterable[Frames], wanted: int) -> Iterator[Pcm]:
        """Samples together, `wanted` of each channel in every block but those before a break."""
        # FFmpeg's queue copies at once, so that the decoder's own memory stays small and in the cache
        fifo: av.AudioFifo | None = None
        try:
            for given in chain.from_iterable(decoded):
                if fifo is None or given.layout.nb_channels != self.channels or not _put(fifo, given):
                    for frame in self._native(given):
                        if fifo is None or not _put(fifo, frame):
                            if fifo is not None and fifo.samples:
                                yield _read(fifo, self.channels)
                            fifo = av.AudioFifo()
                            _put(fifo, frame)
                    if fifo is None:
                        continue
                while fifo.samples >= wanted:
                    yield _read(fifo, self.channels, wanted)
        except DecodeError:
            if fifo is not None and fifo.samples:  # music up to the break
                yield _read(fifo, self.channels)
            raise
        if fifo is not None and fifo.samples:
            yield _read(fifo, self.channels)

    def _native(self, frame: AudioFrame) -> "tuple[AudioFrame] | list[AudioFrame]":
        """The frame itself, or converted if rate, channels or sample format are not those to expect."""
        if (
            frame.sample_rate == self.rate
            and frame.layout.name == self._layout
            and frame.format.name in NATIVE
        ):
            return (frame,)
        frame.pts = None
        try:
            if self._resampler is None:
                self._resampler = av.AudioResampler(format="fltp", layout=self._layout, rate=self.rate)
            try:
                return self._resampler.resample(frame)
            except ValueError:  # it changed again
                self._resampler = av.AudioResampler(format="fltp", layout=self._layout, rate=self.rate)
                return self._resampler.resample(frame)
        except (av.error.FFmpegError, ValueError) as error:
            raise DecodeError(self.uri, f"cannot be converted ({words(error)}).") from error


def _opened(uri: str) -> InputContainer:
    try:
        return open_container(uri, options=BY_SIZE)
    except DecodeError as error:
        _require_ranges(uri)
        read = isinstance(error.__cause__, av.error.InvalidDataError) and not is_url(uri)
        if read and is_vorbis(uri) and length_of(uri):  # FFmpeg's own decoder refuses rare codebooks
            raise DecodeError(uri, UNREADABLE_VORBIS) from error.__cause__
        raise


def _require_ranges(uri: str) -> None:
    if lacks_ranges(uri):
        # an error of the network: it says nothing of the file
        raise DecodeError(uri, WITHOUT_RANGES) from OSError(errno.ESPIPE, "no byte ranges")


def _put(fifo: av.AudioFifo, frame: AudioFrame) -> bool:
    """Whether it is of the format and rate of those before (the number of channels is not looked at)."""
    frame.pts = None  # those of a damaged file may leap
    try:
        fifo.write(frame)
    except ValueError:
        return False
    return True


def _read(fifo: av.AudioFifo, channels: int, wanted: int = 0) -> Pcm:
    """`wanted` frames, 0: all; shape (frames, channels).

    Of planar sound a transposed view, so that a channel stays together in memory.
    """
    frame = fifo.read(wanted)
    if frame is None:
        return np.empty((0, channels), np.float32)
    kind, zero, one = FORMATS[frame.format.name.removesuffix("p")]
    count, planes = frame.samples, cast("tuple[memoryview, ...]", frame.planes)
    whole: NDArray[Any]
    if len(planes) == 1:
        whole = np.frombuffer(planes[0], kind, count * channels).reshape(count, channels)
    else:
        rows: NDArray[Any] = np.empty((channels, count), kind)
        for row, plane in zip(rows, planes, strict=True):
            row[:] = np.frombuffer(plane, kind, count)
        whole = rows.T
    if kind == "f4":
        return whole
    scaled: Pcm = ((whole - np.float32(zero)) * np.float32(1.0 / one)).astype(np.float32, copy=False)
    return scaled
