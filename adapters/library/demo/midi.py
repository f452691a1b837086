"""A performance as a Standard MIDI File, format 0 (one track; one tick is one millisecond)."""

import struct
from typing import Final

from adapters.library.demo.arrangement import Pedal, Piece, Tone, Voice, perform, voices
from adapters.library.demo.instruments import Instrument

TICKS_PER_SECOND: Final = 1000
TICKS_PER_QUARTER: Final = 500
QUARTER_US: Final = 500_000
DRUM_CHANNEL: Final = 9
CHANNELS: Final = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)
VOLUME, PAN, REVERB, SUSTAIN = 7, 10, 91, 64  # controllers
VOLUME_AT_0_DB: Final = 100
VOLUME_EXPONENT: Final = 1.66  # TiMidity++: amplitude = volume^1.66
END_OF_TRACK: Final = b"\x00\xff\x2f\x00"

# Order of what happens in one tick: set the instrument, end notes, then start them.
Message = tuple[int, int, bytes]  # tick, order, bytes


def _variable_length(value: int) -> bytes:
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(value & 0x7F | 0x80)
    return bytes(reversed(out))


def _channels(every: tuple[Voice, ...]) -> dict[Voice, int]:
    """A channel for every instrument and place; voices that differ in part or level alone share one."""
    numbers: dict[tuple[Instrument, float, int, bool], int] = {}
    found: dict[Voice, int] = {}
    for voice in every:
        if voice.instrument.program is None:
            found[voice] = DRUM_CHANNEL
            continue
        key = (voice.instrument, voice.pan, voice.reverb, voice.pedal)
        found[voice] = CHANNELS[numbers.setdefault(key, len(numbers))]
    return found


def _set_up(voice: Voice, channel: int) -> list[Message]:
    instrument = voice.instrument
    volume = round(VOLUME_AT_0_DB * 10 ** (instrument.trim / (20 * VOLUME_EXPONENT)))
    settings = ((VOLUME, volume), (PAN, round(64 + 63 * voice.pan)), (REVERB, voice.reverb))
    messages = [(0, 0, bytes((0xB0 | channel, controller, value))) for controller, value in settings]
    if instrument.program is not None:
        messages.append((0, 0, bytes((0xC0 | channel, instrument.program))))
    return messages


def _tick(seconds: float) -> int:
    return round(seconds * TICKS_PER_SECOND)


def _note(tone: Tone, channel: int) -> list[Message]:
    start = _tick(tone.start)
    end = max(start + 1, _tick(tone.end))
    return [
        (start, 2, bytes((0x90 | channel, tone.pitch, tone.velocity))),
        (end, 1, bytes((0x80 | channel, tone.pitch, 0))),
    ]


def _sustain(pedal: Pedal, channel: int) -> list[Message]:
    return [
        (_tick(pedal.start), 1, bytes((0xB0 | channel, SUSTAIN, 127))),
        (_tick(pedal.end), 1, bytes((0xB0 | channel, SUSTAIN, 0))),
    ]


def standard_midi_file(piece: Piece) -> bytes:
    """The piece as played. Raises `ValueError` for a score that cannot be read."""
    channels = _channels(voices(piece))
    tones, pedals = perform(piece)
    messages = [message for voice, channel in channels.items() for message in _set_up(voice, channel)]
    messages += [message for tone in tones for message in _note(tone, channels[tone.voice])]
    messages += [message for pedal in pedals for message in _sustain(pedal, channels[pedal.voice])]
    track = bytearray(b"\x00\xff\x51\x03" + QUARTER_US.to_bytes(3, "big"))
    now = 0
    for tick, _, message in sorted(messages):
        track += _variable_length(tick - now) + message
        now = tick
    track += END_OF_TRACK
    header = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, TICKS_PER_QUARTER)
    return header + struct.pack(">4sI", b"MTrk", len(track)) + bytes(track)
