"""A small notation for tunes, chords and accompaniment; durations and positions are in beats.

Tune: `c5:1.5 d5 r:2 | …`: note name and octave (c4 is middle C), or `r` for a rest. A duration holds until
the next one. What stands before the first bar line is the pickup.
Chords: `C | G7 C | Am/E:3 G:1`: chords without a duration share their bar equally.
Grid: `B C F C`: the slots of one bar, equally long (see `Grid`).
"""

import re
from dataclasses import dataclass

NOTE = re.compile(r"([a-g])([#b]?)(-?\d)")
CHORD = re.compile(r"([A-G])([#b]?)(m7|maj7|m|7|sus4|dim|)(?:/([A-G][#b]?))?")
STEPS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
ALTERATIONS = {"": 0, "#": 1, "b": -1}
INTERVALS = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11),
    "sus4": (0, 5, 7),
    "dim": (0, 3, 6),
}
TOLERANCE = 1e-6  # beats


@dataclass(frozen=True, slots=True)
class Note:
    """start and length in beats; pitch as MIDI key number (60 is middle C); force scales the velocity."""

    start: float
    length: float
    pitch: int
    force: float = 1.0


@dataclass(frozen=True, slots=True)
class Chord:
    """pitch classes 0-11 from the root upward; `bass` is the pitch class under them."""

    start: float
    length: float
    classes: tuple[int, ...]
    bass: int

    def voicing(self, low: int) -> tuple[int, ...]:
        """Its tones in the octave from key `low` upward: neighbouring chords then lie near each other."""
        return tuple(sorted(low + (pitch_class - low) % 12 for pitch_class in self.classes))

    def root(self, low: int) -> int:
        return low + (self.bass - low) % 12

    def fifth(self, low: int) -> int:
        return low + (self.classes[2] - low) % 12


def pitch(name: str) -> int:
    """`c4` → 60. Raises `ValueError`."""
    match = NOTE.fullmatch(name)
    if match is None:
        raise ValueError(f"{name!r} is no note")
    step, alteration, octave = match.groups()
    return 12 * (int(octave) + 1) + STEPS[step] + ALTERATIONS[alteration]


def tune(text: str, beats_per_bar: int) -> tuple[Note, ...]:
    """Sounding notes; the pickup has negative starts. Raises `ValueError` for a bar of a wrong length."""
    pickup, *bars = text.split("|")
    notes: list[Note] = []
    length = 1.0

    def measure(bar: str, start: float) -> float:
        nonlocal length
        for token in bar.split():
            name, _, duration = token.partition(":")
            length = float(duration) if duration else length
            if name != "r":
                notes.append(Note(start, length, pitch(name)))
            start += length
        return start

    lead_in = measure(pickup, 0.0)
    notes = [Note(note.start - lead_in, note.length, note.pitch) for note in notes]
    for number, bar in enumerate(bars):
        end = measure(bar, float(number * beats_per_bar)) - number * beats_per_bar
        last = number == len(bars) - 1
        if end > beats_per_bar + TOLERANCE or (end < beats_per_bar - TOLERANCE and not last):
            raise ValueError(f"bar {number + 1} has {end:g} beats, not {beats_per_bar}: {bar.strip()}")
    return tuple(notes)


def _chord(name: str, start: float, length: float) -> Chord:
    match = CHORD.fullmatch(name)
    if match is None:
        raise ValueError(f"{name!r} is no chord")
    step, alteration, quality, bass = match.groups()
    root = STEPS[step.lower()] + ALTERATIONS[alteration]
    classes = tuple((root + interval) % 12 for interval in INTERVALS[quality])
    under = STEPS[bass[0].lower()] + ALTERATIONS[bass[1:]] if bass else root
    return Chord(start, length, classes, under % 12)


def chords(text: str, beats_per_bar: int) -> tuple[Chord, ...]:
    """Chords without gaps. Raises `ValueError` for an unknown chord or a bar of a wrong length."""
    found: list[Chord] = []
    for number, bar in enumerate(text.split("|")):
        names = [token.partition(":")[::2] for token in bar.split()]
        start = float(number * beats_per_bar)
        for name, duration in names:
            length = float(duration) if duration else beats_per_bar / len(names)
            found.append(_chord(name, start, length))
            start += length
        if abs(start - (number + 1) * beats_per_bar) > TOLERANCE:
            raise ValueError(f"chords of bar {number + 1} do not fill it: {bar.strip()}")
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Stroke:
    """One entry of a grid: start and length in beats within the bar."""

    start: float
    length: float
    symbols: str


def grid(text: str, beats_per_bar: int) -> tuple[Stroke, ...]:
    """Slots of one bar. `.` is silence, `-` prolongs what stands before it."""
    slots = text.split()
    size = beats_per_bar / len(slots)
    strokes: list[Stroke] = []
    for number, symbols in enumerate(slots):
        if symbols == "-" and strokes:
            last = strokes[-1]
            strokes[-1] = Stroke(last.start, last.length + size, last.symbols)
        else:
            strokes.append(Stroke(number * size, size, symbols))
    return tuple(stroke for stroke in strokes if stroke.symbols != ".")
