"""Decoding for analysis: a file's own rate and channels, float32, its packets read once and copied once."""

from collections.abc import Callable, Generator, Iterator
from typing import Final, Self

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet

from adapters.decode.av import MAX_CORRUPT, bounded, open_container, sound_stream, words
from player.errors import DecodeError
from player.ports.audio import Pcm
from player.units import Seconds

PREROLL: Final = Seconds(0.1)  # decoded and dropped after a seek: MP3 and Opus build on what came before
ASTRAY: Final = Seconds(5.0)  # a seek that ends so far from its aim has failed; tuning constant

# FFmpeg's sample formats: type, where 0 is, what 1.0 is
FORMATS: Final[dict[str, tuple[str, float, float]]] = {
    "flt": ("f4", 0.0, 1.0),
    "dbl": ("f8", 0.0, 1.0),
    "u8": ("u1", 128.0, 128.0),
    "s16": ("i2", 0.0, 32768.0),
    "s32": ("i4", 0.0, 2147483648.0),
}
NATIVE: Final = frozenset(FORMATS) | {f"{name}p" for name in FORMATS}  # p: planar
OnPacket = Callable[["Packet[AudioStream]"], object]


class NativeSource:
    """The first sound stream of a file or URL. Every method may raise `DecodeError`."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.corrupt = 0  # packets skipped
        self._container = open_container(uri)
        try:
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

    def blocks(self, on_packet: OnPacket | None = None) -> Iterator[Pcm]:
        """Blocks of about a second from here to the end, shape (frames, channels).

        on_packet: is given every packet as it is read, up to the first damage.
        """
        for block in self._gathered(self._frames(on_packet), self.rate):
            yield bounded(block)

    def excerpt(self, at: Seconds, length: Seconds) -> Iterator[Pcm]:
        """Blocks that begin `at`, as exactly as the file keeps times, and last `length` together.

        Fewer where the file ends. Raises `DecodeError` when that place cannot be reached.
        """
        self._seek(at)
        skip, left = 0, round(length * self.rate)
        frames = self._frames(after=self._start + (at - PREROLL) / self.time_base)
        first = next(frames, None)
        if first is None:
            return
        if first.pts is not None and first.time_base is not None:
            begin = float(first.pts * first.time_base) - self._start * self.time_base
            if abs(begin - at) > ASTRAY:
                raise DecodeError(self.uri, f"cannot be moved to {at:.1f} s.")
            skip = max(0, round((at - begin) * self.rate))
        for block in self._gathered(_prepended(first, frames), self.rate):
            kept = block[skip : skip + left]
            skip = max(0, skip - len(block))
            left -= len(kept)
            if len(kept):
                yield bounded(kept)
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

    def _frames(
        self, on_packet: OnPacket | None = None, after: float | None = None
    ) -> Generator[AudioFrame, None, None]:
        """Decoded frames; packets that end before `after`, in units of their times, are not decoded."""
        decode = self._stream.codec_context.decode
        while True:
            try:
                for packet in self._container.demux(self._stream):
                    if on_packet is not None:
                        on_packet(packet)
                    if after is not None and packet.pts is not None:
                        if packet.pts + (packet.duration or 0) < after:
                            continue
                        after = None
                    try:
                        frames = decode(packet)
                    except av.error.InvalidDataError as error:
                        self._count_corrupt(error)
                        continue
                    yield from frames
            except av.error.EOFError:
                return
            except av.error.InvalidDataError as error:
                on_packet = None
                self._count_corrupt(error)
            except av.error.FFmpegError as error:
                raise DecodeError(self.uri, f"broke off ({words(error)}).") from error
            else:
                return

    def _count_corrupt(self, error: av.error.InvalidDataError) -> None:
        self.corrupt += 1
        if self.corrupt > MAX_CORRUPT:
            raise DecodeError(self.uri, "is damaged: replace or remove this file.") from error

    def _gathered(self, frames: Iterator[AudioFrame], at_least: int) -> Iterator[Pcm]:
        """Samples together until there are `at_least` for each channel."""
        held, form, width = 0, "", 0
        parts: list[list[bytes]] = []  # copied at once: the decoder's own memory stays small and in the cache
        try:
            for given in frames:
                planes = given.planes
                # of planar sound, other channels are another number of planes: no need to look closer
                alike = len(planes) == len(parts) > 1 and given.sample_rate == self.rate
                for frame in (given,) if alike else self._native(given):
                    if not alike:
                        planes = frame.planes
                        if frame.format.name != form:
                            if held:
                                yield self._joined(parts, form)
                            held, form, parts = 0, frame.format.name, [[] for _ in planes]
                            width = frame.format.bytes * (1 if len(planes) > 1 else self.channels)
                    samples = frame.samples
                    for row, plane in zip(parts, planes, strict=True):
                        part = bytes(plane)
                        row.append(
                            part if len(part) == samples * width else part[: samples * width]
                        )  # padded
                    held += samples
                    if held >= at_least:
                        yield self._joined(parts, form)
                        held, parts = 0, [[] for _ in planes]
        except DecodeError:
            if held:  # music up to the break
                yield self._joined(parts, form)
            raise
        if held:
            yield self._joined(parts, form)

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

    def _joined(self, planes: list[list[bytes]], form: str) -> Pcm:
        """Shape (frames, channels); of planar sound a transposed view, so that a channel stays together."""
        kind, zero, one = FORMATS[form.removesuffix("p")]
        samples = np.frombuffer(b"".join(part for parts in planes for part in parts), kind)
        whole = (
            samples.reshape(self.channels, -1).T if len(planes) > 1 else samples.reshape(-1, self.channels)
        )
        if kind == "f4":
            return whole
        return ((whole - np.float32(zero)) * np.float32(1.0 / one)).astype(np.float32, copy=False)


def _prepended(first: AudioFrame, rest: Iterator[AudioFrame]) -> Iterator[AudioFrame]:
    yield first
    yield from rest
