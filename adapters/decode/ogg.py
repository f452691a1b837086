"""Titles within an Ogg station: each piece is a logical stream with comments of its own (RFC 3533)."""

import struct
from typing import Final

CAPTURE: Final = b"OggS"
HEADER: Final = 27  # bytes of a page, before its table of segments
BEGINS: Final = 0x02  # flag of the first page of a logical stream
CONTINUED: Final = 0xFF  # length of a segment whose packet goes on in the next
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
