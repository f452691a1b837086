"""What FFmpeg does not tell of Ogg (RFC 3533): titles within a station, the length of chained parts.

Each piece is a logical stream with comments of its own.
"""

import struct
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO, Final

from player.units import Seconds

CAPTURE: Final = b"OggS"
HEADER: Final = 27  # bytes of a page, before its table of segments
BEGINS: Final = 0x02  # flag of the first page of a logical stream
AT_BEGIN: Final = Seconds(5.0)  # a first page that ends later is of a recording that began in the middle
VORBIS: Final = b"\x01vorbis"
CONTINUED: Final = 0xFF  # length of a segment whose packet goes on in the next
AHEAD: Final = 1 << 16  # bytes looked through at once for a page
LEAP: Final = Seconds(60.0)  # a page holds 30 s at most: one that is further ahead is damaged
LONGEST: Final = 1 << 18  # bytes of a packet with comments; pictures may stand in it
# How the packet with the comments begins, after which they follow: Vorbis, Opus, FLAC (a block of type 4).
MARKS: Final = ((b"\x03vorbis", 7), (b"OpusTags", 8), (b"\x84", 4), (b"\x04", 4))


class OggTitles:
    """Takes bytes as they come, and keeps the newest title in `title`. Pure."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._packet = bytearray()
        self._packets = 2  # that ended in this logical stream; the second has the comments
        self.title: str | None = None  # None: nothing was said yet

    def push(self, data: bytes) -> None:
        rest = self._rest
        rest += data
        while (at := rest.find(CAPTURE)) >= 0:
            del rest[:at]
            if len(rest) < HEADER or len(rest) < HEADER + rest[HEADER - 1]:
                return
            lengths = bytes(rest[HEADER : HEADER + rest[HEADER - 1]])
            body = HEADER + len(lengths)
            if len(rest) < body + sum(lengths):
                return
            self._page(rest[5], lengths, bytes(rest[body : body + sum(lengths)]))
            del rest[: body + sum(lengths)]
        del rest[: -len(CAPTURE)]

    def _page(self, flags: int, lengths: bytes, body: bytes) -> None:
        if flags & BEGINS:
            self._packets = 0
            self._packet.clear()
        at = 0
        for length in lengths:
            if self._packets >= 2:
                return
            if self._packets == 1 and len(self._packet) < LONGEST:
                self._packet += body[at : at + length]
            at += length
            if length < CONTINUED:
                self._packets += 1
                if self._packets == 2:
                    self.title = title_of(bytes(self._packet)) or self.title


def title_of(packet: bytes) -> str:
    """ "artist - title" of a packet with comments; "" when there is none, or it is damaged."""
    start = next((length for mark, length in MARKS if packet.startswith(mark)), None)
    if start is None:
        return ""
    said: dict[str, str] = {}
    try:
        (vendor,) = struct.unpack_from("<I", packet, start)
        (count,) = struct.unpack_from("<I", packet, at := start + 4 + vendor)
        at += 4
        for _ in range(min(count, LONGEST)):
            (length,) = struct.unpack_from("<I", packet, at)
            name, _, value = packet[at + 4 : at + 4 + length].decode("utf-8", "replace").partition("=")
            said.setdefault(name.lower(), value.strip())
            at += 4 + length
    except struct.error:  # cut off: what stood before holds
        pass
    return " - ".join(filter(None, (said.get("artist", ""), said.get("title", ""))))


def length_of(path: str) -> Seconds:
    """Of all chained parts of a file together, from the headers of its pages; 0 when they do not say.

    Of parts side by side (video, a second language) the first with sound counts. Damage within pages does
    no harm.
    """
    total, part = 0.0, _Part()
    try:
        with open(path, "rb") as file:
            for flags, granule, serial, body in _pages(file):
                if flags & BEGINS:
                    if part.last:
                        total, part = total + part.length, _Part()
                    part.begin(serial, body)
                elif granule > 0:  # pages of headers have 0; -1: no packet ends there
                    part.go_on(serial, granule)
    except OSError:
        return Seconds(0.0)
    return Seconds(total + part.length)


def is_vorbis(path: str) -> bool:
    """Whether a file begins with a stream of Vorbis."""
    try:
        with open(path, "rb") as file:
            return any(body.startswith(VORBIS) for _, _, _, body in islice(_pages(file), 1))
    except OSError:
        return False


class _Part:
    """Streams that begin together. Units of time: those of the stream that counts."""

    def __init__(self) -> None:
        self._serial = self._rate = 0
        self._first = self.last = 0

    def begin(self, serial: int, body: bytes) -> None:
        if not self._rate:
            self._serial, self._rate = serial, _rate(body)

    def go_on(self, serial: int, granule: int) -> None:
        leap = granule - self.last if self.last else 0
        if serial == self._serial and leap <= LEAP * self._rate:
            self._first = self._first or granule
            self.last = max(self.last, granule)

    @property
    def length(self) -> Seconds:
        if not self._rate:
            return Seconds(0.0)
        late = self._first > AT_BEGIN * self._rate
        return Seconds((self.last - late * self._first) / self._rate)


def _pages(file: BinaryIO) -> Iterator[tuple[int, int, int, bytes]]:
    """Flags, time of the end, stream, and the body of first pages."""
    while len(head := file.read(HEADER)) == HEADER:
        if not head.startswith(CAPTURE):  # damage: on to the next page
            ahead = file.read(AHEAD)
            found = (head + ahead).find(CAPTURE, 1)
            back = HEADER + len(ahead) - found if found > 0 else len(CAPTURE) - 1
            if not ahead:
                return
            file.seek(-back, 1)
            continue
        flags, granule, serial = struct.unpack_from("<BqI", head, 5)
        size = sum(file.read(head[-1]))
        if flags & BEGINS:
            yield flags, granule, serial, file.read(size)
        else:
            file.seek(size, 1)
            yield flags, granule, serial, b""


def _rate(body: bytes) -> int:
    """Granules a second of a stream with sound, 0 of any other."""
    try:
        if body.startswith(b"OpusHead"):
            return 48_000  # whatever the rate that was encoded (RFC 7845)
        if body.startswith(VORBIS):
            return int(struct.unpack_from("<I", body, 12)[0])
        if body.startswith(b"\x7fFLAC"):
            return int(struct.unpack_from(">I", body, 27)[0]) >> 12  # 20 bits of STREAMINFO
    except struct.error:
        pass
    return 0
