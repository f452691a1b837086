"""Titles within a Shoutcast or Icecast stream: every `interval` bytes of sound a block of text."""

import re
from typing import Final

NAMED: Final = re.compile(rb"StreamTitle='(.*?)';", re.DOTALL)


class IcySplitter:
    """Takes bytes as they come; gives the sound, and keeps the newest title in `title`. Pure."""

    def __init__(self, interval: int) -> None:
        self._interval = interval
        self._left = interval  # bytes of sound until the next block
        self._block = bytearray()
        self._missing: int | None = None  # bytes of the block; None: not within one
        self.title: str | None = None  # None: nothing was said yet

    def push(self, data: bytes) -> bytes:
        sound, at = bytearray(), 0
        while at < len(data):
            if self._missing is None and self._left:
                part = data[at : at + self._left]
                sound += part
                self._left -= len(part)
                at += len(part)
            elif self._missing is None:
                self._missing = data[at] * 16
                at += 1
                if not self._missing:
                    self._end()
            else:
                part = data[at : at + self._missing]
                self._block += part
                self._missing -= len(part)
                at += len(part)
                if not self._missing:
                    self._end()
        return bytes(sound)

    def _end(self) -> None:
        if named := NAMED.search(self._block):
            self.title = text(named.group(1))
        self._block.clear()
        self._missing, self._left = None, self._interval


def text(raw: bytes) -> str:
    """Stations send UTF-8, and old ones Latin-1."""
    try:
        return raw.decode().strip()
    except UnicodeDecodeError:
        return raw.decode("latin-1").strip()
