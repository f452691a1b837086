import struct
from collections.abc import Iterator

import pytest

from adapters.library.demo import PIECES
from adapters.library.demo.arrangement import Piece, perform
from adapters.library.demo.midi import standard_midi_file


def messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tick and bytes of every message of a file of format 0, read by the letter of the standard."""
    assert data[:4] == b"MThd"
    assert struct.unpack(">IHHH", data[4:14]) == (6, 0, 1, 500)
    assert data[14:18] == b"MTrk"
    (length,) = struct.unpack(">I", data[18:22])
    track = memoryview(data)[22:]
    assert len(track) == length
    at = tick = 0
    while at < length:
        delta = 0
        while True:
            byte = track[at]
            at += 1
            delta = delta << 7 | byte & 0x7F
            if byte < 0x80:
                break
        tick += delta
        status = track[at]
        size = 3 + track[at + 2] if status == 0xFF else 2 if status & 0xF0 == 0xC0 else 3
        yield tick, bytes(track[at : at + size])
        at += size


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.title)
def test_every_tone_starts_and_ends_and_the_track_is_closed(piece: Piece) -> None:
    *played, last = messages(standard_midi_file(piece))
    assert last[1] == b"\xff\x2f\x00"
    starts = sorted((tick, m[1], m[2]) for tick, m in played if m[0] & 0xF0 == 0x90)
    ends = [m for _, m in played if m[0] & 0xF0 == 0x80]
    tones, _ = perform(piece)
    assert starts == sorted((round(tone.start * 1000), tone.pitch, tone.velocity) for tone in tones)
    assert len(ends) == len(starts)


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.title)
def test_instruments_are_set_before_the_first_note(piece: Piece) -> None:
    set_up: set[int] = set()
    for _, message in messages(standard_midi_file(piece)):
        kind, channel = message[0] & 0xF0, message[0] & 0x0F
        if kind == 0xC0:
            set_up.add(channel)
        elif kind == 0x90 and channel != 9:
            assert channel in set_up
