"""From a piece (tune, chords, who plays what) to timed, dynamic notes."""

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from adapters.library.demo.instruments import PERCUSSION, Instrument
from adapters.library.demo.notation import Chord, Note, chords, grid, tune
from player.units import Bpm, Seconds

MELODY: Final = "melody"
BELOW: Final = "below"  # second voice: the chord tone under the melody
CHORD_LOW: Final = 52  # E3: chords lie in the octave above
BASS_LOW: Final = 36  # C2
THIRD: Final = 3  # semitones: a second voice keeps at least this distance
# Tuning constants of the performance.
TIMING_SPREAD: Final = 0.006  # s, standard deviation: people are not machines
VELOCITY_SPREAD: Final = 4.0
DOWNBEAT: Final = 7.0  # velocity
OFFBEAT: Final = -4.0
PHRASE_SWELL: Final = 8.0  # velocity gained in the middle of a phrase
PHRASE_BARS: Final = 4
LEAD_IN: Final = Seconds(0.15)  # before the first note, so that its attack is whole


@dataclass(frozen=True, slots=True)
class Strain:
    tune: str
    chords: str


@dataclass(frozen=True, slots=True)
class Voice:
    """One instrument.

    part: `MELODY`, `BELOW` or a grid for each bar: B root and F fifth in the bass, C the whole chord, 1-9 its
    tones from the bottom; for drums the letters of `PERCUSSION`.
    level: velocity 1-127. gate: sounding share of the written length. pan: −1 left to 1 right. reverb: 0-127.
    """

    instrument: Instrument
    part: str
    level: int
    octave: int = 0
    gate: float = 0.92
    pan: float = 0.0
    reverb: int = 45
    pedal: bool = False  # sustained until the harmony changes


@dataclass(frozen=True, slots=True)
class Chorus:
    """Some strains played by some voices; the tempo moves evenly from `tempo` to `end_tempo`."""

    strains: tuple[str, ...]
    voices: tuple[Voice, ...]
    tempo: Bpm
    end_tempo: Bpm | None = None
    transpose: int = 0  # semitones


@dataclass(frozen=True, slots=True)
class Piece:
    title: str
    artist: str
    year: int
    lively: bool
    amplify: int  # percent, of the synthesiser: about −23 LUFS before mastering, peaks below −2 dBFS
    beats_per_bar: int
    strains: Mapping[str, Strain]
    choruses: tuple[Chorus, ...]


@dataclass(frozen=True, slots=True)
class Tone:
    """A performed note: seconds from the start of the piece, MIDI key and velocity."""

    start: Seconds
    end: Seconds
    pitch: int
    velocity: int
    voice: Voice


@dataclass(frozen=True, slots=True)
class Pedal:
    """The sustain pedal of a voice goes down at `start` and up at `end`."""

    start: Seconds
    end: Seconds
    voice: Voice


def _below(melody: tuple[Note, ...], harmony: tuple[Chord, ...]) -> Iterator[Note]:
    for note in melody:
        chord = _at(harmony, note.start)
        under = max(
            key for key in range(note.pitch - 12, note.pitch - THIRD + 1) if key % 12 in chord.classes
        )
        yield Note(note.start, note.length, under)


def _at(harmony: tuple[Chord, ...], beat: float) -> Chord:
    return next((chord for chord in reversed(harmony) if chord.start <= beat + 1e-6), harmony[0])


def _keys(symbols: str, chord: Chord) -> Iterator[int]:
    tones = chord.voicing(CHORD_LOW)
    for symbol in symbols:
        match symbol:
            case "B":
                yield chord.root(BASS_LOW)
            case "F":
                yield chord.fifth(BASS_LOW)
            case "C":
                yield from tones
            case _:
                octave, index = divmod(int(symbol) - 1, len(tones))
                yield tones[index] + 12 * octave


def _accompaniment(voice: Voice, harmony: tuple[Chord, ...], beats_per_bar: int) -> Iterator[Note]:
    last = harmony[-1]
    for bar in range(round((last.start + last.length) / beats_per_bar)):
        for stroke in grid(voice.part, beats_per_bar):
            start = bar * beats_per_bar + stroke.start
            if voice.instrument.program is None:
                for symbol in stroke.symbols:
                    key, force = PERCUSSION[symbol]
                    yield Note(start, stroke.length, key, force)
            else:
                for key in _keys(stroke.symbols, _at(harmony, start)):
                    yield Note(start, stroke.length, key)


def _written(voice: Voice, piece: Piece, strain: Strain) -> list[Note]:
    melody = tune(strain.tune, piece.beats_per_bar)
    harmony = chords(strain.chords, piece.beats_per_bar)
    match voice.part:
        case "melody":
            return list(melody)
        case "below":
            return list(_below(melody, harmony))
        case _:
            return list(_accompaniment(voice, harmony, piece.beats_per_bar))


@dataclass(frozen=True, slots=True)
class _Clock:
    """From beats of a chorus to seconds of the piece; the tempo moves linearly over `beats`."""

    origin: float
    beats: int
    tempo: Bpm
    end_tempo: Bpm

    def at(self, beat: float) -> Seconds:
        """∫ 60/T(b) db; before beat 0 (a pickup) the tempo is constant."""
        slope = (self.end_tempo - self.tempo) / self.beats
        if beat <= 0 or abs(slope) < 1e-9:
            return Seconds(self.origin + 60.0 * beat / self.tempo)
        return Seconds(self.origin + 60.0 / slope * math.log((self.tempo + slope * beat) / self.tempo))


def _velocity(level: float, beat: float, beats_per_bar: int, rng: random.Random) -> int:
    in_bar = beat % beats_per_bar
    accent = DOWNBEAT if in_bar < 1e-6 else 0.0 if abs(in_bar - round(in_bar)) < 1e-6 else OFFBEAT
    phrase = beat / (beats_per_bar * PHRASE_BARS) % 1.0
    swell = PHRASE_SWELL * math.sin(math.pi * phrase)
    return min(127, max(1, round(level + accent + swell + rng.gauss(0.0, VELOCITY_SPREAD))))


def _pickup_beats(piece: Piece) -> float:
    """Length of the piece's own pickup."""
    notes = tune(piece.strains[piece.choruses[0].strains[0]].tune, piece.beats_per_bar)
    return max(0.0, *(-note.start for note in notes), 0.0)


def perform(piece: Piece) -> tuple[tuple[Tone, ...], tuple[Pedal, ...]]:
    """Every note and pedal of the piece in order of their start; humanised, but the same each time."""
    rng = random.Random(piece.title)
    tones: list[Tone] = []
    pedals: list[Pedal] = []
    origin = LEAD_IN + 60.0 * _pickup_beats(piece) / piece.choruses[0].tempo
    for chorus in piece.choruses:
        lengths = [
            len(piece.strains[name].chords.split("|")) * piece.beats_per_bar for name in chorus.strains
        ]
        clock = _Clock(origin, sum(lengths), chorus.tempo, chorus.end_tempo or chorus.tempo)
        offset = 0
        for name, length in zip(chorus.strains, lengths, strict=True):
            strain = piece.strains[name]
            for voice in chorus.voices:
                shift = 0 if voice.instrument.program is None else chorus.transpose + 12 * voice.octave
                for note in _written(voice, piece, strain):
                    start = clock.at(offset + note.start)
                    sounding = (clock.at(offset + note.start + note.length) - start) * voice.gate
                    start = Seconds(max(0.0, start + rng.gauss(0.0, TIMING_SPREAD)))
                    velocity = _velocity(voice.level * note.force, note.start, piece.beats_per_bar, rng)
                    tones.append(Tone(start, Seconds(start + sounding), note.pitch + shift, velocity, voice))
                if voice.pedal:
                    for chord in chords(strain.chords, piece.beats_per_bar):
                        down = Seconds(clock.at(offset + chord.start) + 0.03)
                        up = Seconds(clock.at(offset + chord.start + chord.length) - 0.03)
                        pedals.append(Pedal(down, up, voice))
            offset += length
        origin = clock.at(clock.beats)
    return tuple(sorted(tones, key=_start)), tuple(sorted(pedals, key=_start))


def _start(event: Tone | Pedal) -> float:
    return event.start


def voices(piece: Piece) -> tuple[Voice, ...]:
    """Every voice once, in order of appearance."""
    return tuple(dict.fromkeys(voice for chorus in piece.choruses for voice in chorus.voices))
