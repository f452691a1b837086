"""Lively pieces. Compositions in the public domain, arranged for Lull."""

from typing import Final

from adapters.library.demo.arrangement import BELOW, MELODY, Chorus, Piece, Strain, Voice
from adapters.library.demo.instruments import (
    ACCORDION,
    BANJO,
    BASS,
    CLARINET,
    DRUMS,
    DULCIMER,
    FIDDLE,
    GLOCKENSPIEL,
    HONKY_TONK,
    PIANO,
    PICCOLO,
    PIZZICATO,
    STEEL_GUITAR,
    STRINGS,
    TRUMPET,
    TUBA,
    XYLOPHONE,
)
from player.units import Bpm

OOM: Final = Voice(BASS, "B . F .", 92, gate=0.8, reverb=25)
PAH: Final = Voice(BANJO, ". C . C", 66, gate=0.5, pan=-0.4)
ROLL: Final = Voice(BANJO, "1 3 2 4 3 2 4 3", 66, pan=-0.4)
HOEDOWN: Final = Voice(DRUMS, "K H SP H K H SP H", 74, reverb=30)

OH_SUSANNA: Final = Piece(
    title="Oh! Susanna",
    artist="Stephen Foster",
    year=1848,
    lively=True,
    amplify=140,
    beats_per_bar=4,
    strains={
        "intro": Strain(
            "| c5:1 e5 g5:1.5 e5:.5 | d5:1 d5 c5:2",
            "C | G C",
        ),
        "verse": Strain(
            """c5:.5 d5 | e5:1 g5 g5:1.5 a5:.5 | g5:1 e5 c5:1.5 d5:.5 | e5:1 e5 d5 c5 | d5:3
               c5:.5 d5 | e5:1 g5 g5:1.5 a5:.5 | g5:1 e5 c5:1.5 d5:.5 | e5:1 e5 d5 d5 | c5:3""",
            "C | C | C | G7 | C | C | C G7 | C",
        ),
        "chorus": Strain(
            """| f5:2 f5 | a5:1 a5:2 a5:1 | g5 g5 e5 c5 | d5:3
               c5:.5 d5 | e5:1 g5 g5:1.5 a5:.5 | g5:1 e5 c5:1.5 d5:.5 | e5:1 e5 d5 d5 | c5:3""",
            "F | F | C | G7 | C | C | C G7 | C",
        ),
        "tag": Strain(
            "| c6:1 g5:.5 g5 a5:1 g5 | r:1 b5 c6 r",
            "C | C:1 G7:1 C:2",
        ),
    },
    choruses=(
        Chorus(
            ("intro", "verse", "chorus"),
            (
                Voice(BANJO, MELODY, 96, gate=0.7, pan=0.2),
                OOM,
                Voice(STEEL_GUITAR, ". C . C", 70, gate=0.5, pan=-0.4),
            ),
            Bpm(200.0),
        ),
        Chorus(
            ("verse", "chorus"),
            (Voice(FIDDLE, MELODY, 88, gate=0.9, pan=0.2), OOM, ROLL, HOEDOWN),
            Bpm(206.0),
        ),
        Chorus(
            ("verse", "chorus"),
            (
                Voice(HONKY_TONK, MELODY, 98, gate=0.75, pan=0.2),
                Voice(HONKY_TONK, BELOW, 80, gate=0.75, pan=0.2),
                OOM,
                PAH,
                HOEDOWN,
            ),
            Bpm(208.0),
        ),
        Chorus(
            ("verse", "chorus"),
            (
                Voice(FIDDLE, MELODY, 92, gate=0.9, pan=0.3),
                Voice(CLARINET, BELOW, 78, pan=-0.2),
                OOM,
                ROLL,
                HOEDOWN,
            ),
            Bpm(212.0),
            transpose=2,
        ),
        Chorus(
            ("tag",),
            (
                Voice(FIDDLE, MELODY, 104, gate=0.6, pan=0.3),
                Voice(BANJO, MELODY, 104, gate=0.6),
                Voice(BASS, BELOW, 96, octave=-2, gate=0.6),
                Voice(DRUMS, "K . S . K . S .", 70),
            ),
            Bpm(212.0),
            transpose=2,
        ),
    ),
)

BALALAIKA: Final = Voice(DULCIMER, MELODY, 92, gate=0.9, pan=0.25)
STAMP: Final = Voice(DRUMS, "K T ST T K T ST T", 76, reverb=35)

KOROBEINIKI: Final = Piece(
    title="Korobeiniki",
    artist="Traditional",
    year=1861,
    lively=True,
    amplify=140,
    beats_per_bar=4,
    strains={
        "A": Strain(
            """| e5:1 b4:.5 c5 d5:1 c5:.5 b4 | a4:1 a4:.5 c5 e5:1 d5:.5 c5
               | b4:1.5 c5:.5 d5:1 e5 | c5:1 a4 a4:2""",
            "E7 | Am | E7 | Am",
        ),
        "B": Strain(
            """| d5:1.5 f5:.5 a5:1 g5:.5 f5 | e5:1.5 c5:.5 e5:1 d5:.5 c5
               | b4:1.5 c5:.5 d5:1 e5 | c5:1 a4 a4:2""",
            "Dm | C | E7 | Am",
        ),
        "end": Strain("| a4:.5 b4 c5 d5 e5 f#5 g#5 a5 | e5:1 g#5 a5 r", "Am E7 | E7:2 Am:2"),
    },
    choruses=(
        Chorus(
            ("A", "B"),
            (BALALAIKA, Voice(ACCORDION, "C - - -", 50, pan=-0.3), Voice(BASS, "B . F .", 84, gate=0.8)),
            Bpm(116.0),
            Bpm(126.0),
        ),
        Chorus(
            ("A", "B", "B"),
            (
                Voice(ACCORDION, MELODY, 84, pan=0.2),
                Voice(BASS, "B . F .", 88, gate=0.8),
                Voice(STEEL_GUITAR, ". C . C", 66, gate=0.5, pan=-0.4),
                Voice(DRUMS, "K T T T", 66),
            ),
            Bpm(126.0),
            Bpm(138.0),
        ),
        Chorus(
            ("A", "B", "B"),
            (
                Voice(FIDDLE, MELODY, 86, octave=1, pan=0.3),
                BALALAIKA,
                Voice(BASS, "B F B F", 90, gate=0.7),
                Voice(STEEL_GUITAR, ". C . C . C . C", 66, gate=0.5, pan=-0.4),
                STAMP,
            ),
            Bpm(138.0),
            Bpm(152.0),
        ),
        Chorus(
            ("A", "B", "B"),
            (
                Voice(ACCORDION, MELODY, 92, pan=0.1),
                Voice(ACCORDION, BELOW, 76, pan=-0.1),
                Voice(PICCOLO, MELODY, 72, octave=1, gate=0.8, pan=0.4),
                Voice(BASS, "B F B F", 94, gate=0.7),
                Voice(STEEL_GUITAR, ". C . C . C . C", 70, gate=0.5, pan=-0.4),
                STAMP,
            ),
            Bpm(154.0),
            Bpm(176.0),
        ),
        Chorus(
            ("B", "end"),
            (
                Voice(ACCORDION, MELODY, 98),
                Voice(FIDDLE, MELODY, 90, octave=1, pan=0.3),
                Voice(ACCORDION, "C . C . C . C .", 78, gate=0.6, pan=-0.2),
                Voice(BASS, "B . F . B . F .", 96, gate=0.8),
                Voice(DRUMS, "KT T ST T KT T ST .", 66),
            ),
            Bpm(178.0),
        ),
    ),
)

GALLOP_BASS: Final = Voice(TUBA, "B . F .", 104, gate=0.7, reverb=30)
GALLOP_CHORDS: Final = Voice(STRINGS, ". C . C . C . C", 92, gate=0.55, pan=-0.3)
GALLOP_DRUMS: Final = Voice(DRUMS, "KH H S H KH H S H", 76)

CAN_CAN: Final = Piece(
    title="Can-Can (Galop infernal)",
    artist="Jacques Offenbach",
    year=1858,
    lively=True,
    amplify=140,
    beats_per_bar=4,
    strains={
        "fanfare": Strain(
            "| g5:.5 g5 g5:1 g5:.5 g5 g5:1 | a5:.5 g5 f5 e5 d5:1 g4",
            "C | G7",
        ),
        "galop": Strain(
            """| c5:4 | d5:1 f5 e5 d5 | g5:2 g5 | g5:1 a5 e5 f5
               | d5:2 d5 | d5:1 f5 e5 d5 | c5 c6 b5 a5 | g5 f5 e5 d5
               | c5:4 | d5:1 f5 e5 d5 | g5:2 g5 | g5:1 a5 e5 f5
               | d5:2 d5 | d5:1 f5 e5 d5 | c5 g5 d5 e5 | c5:4""",
            "C | G7 | C | C | G7 | G7 | C | G7 | C | G7 | C | C | G7 | G7 | C G7 | C",
        ),
        "end": Strain(
            "| c5:1 e5 g5 c6 | b5 a5 g5 b5 | c6 r c6 r | c6:3",
            "C | G7 | C | C",
        ),
    },
    choruses=(
        Chorus(
            ("fanfare",),
            (Voice(TRUMPET, MELODY, 92, gate=0.6), Voice(TRUMPET, BELOW, 80, gate=0.6), GALLOP_DRUMS),
            Bpm(150.0),
        ),
        Chorus(
            ("galop",),
            (
                Voice(CLARINET, MELODY, 90, gate=0.75, pan=0.2),
                Voice(PIZZICATO, ". C . C", 52, pan=-0.3),
                Voice(BASS, "B . F .", 86),
            ),
            Bpm(276.0),
        ),
        Chorus(
            ("galop",),
            (
                Voice(PICCOLO, MELODY, 84, octave=1, gate=0.75, pan=0.3),
                Voice(STRINGS, MELODY, 82, gate=0.7),
                GALLOP_BASS,
                GALLOP_CHORDS,
                GALLOP_DRUMS,
            ),
            Bpm(284.0),
        ),
        Chorus(
            ("galop",),
            (
                Voice(XYLOPHONE, MELODY, 96, octave=1, pan=0.2),
                Voice(CLARINET, BELOW, 80, gate=0.7, pan=-0.2),
                GALLOP_BASS,
                GALLOP_CHORDS,
                GALLOP_DRUMS,
            ),
            Bpm(288.0),
            transpose=5,
        ),
        Chorus(
            ("galop",),
            (
                Voice(TRUMPET, MELODY, 92, gate=0.75),
                Voice(TRUMPET, BELOW, 78, gate=0.75, pan=-0.2),
                GALLOP_BASS,
                GALLOP_CHORDS,
                GALLOP_DRUMS,
            ),
            Bpm(294.0),
        ),
        Chorus(
            ("galop", "end"),
            (
                Voice(PICCOLO, MELODY, 86, octave=1, gate=0.75, pan=0.3),
                Voice(TRUMPET, MELODY, 92, gate=0.75),
                Voice(STRINGS, MELODY, 84, gate=0.7),
                Voice(STRINGS, BELOW, 80, gate=0.7, pan=-0.2),
                GALLOP_BASS,
                GALLOP_CHORDS,
                Voice(DRUMS, "KHC H S H KH H S H", 78),
            ),
            Bpm(300.0),
        ),
    ),
)

ALBERTI: Final = Voice(PIANO, "1 3 2 3", 76, octave=-1, gate=0.8, pan=-0.2)
JANISSARY: Final = Voice(DRUMS, "KG H SH H K H SH SH", 64, reverb=40)

TURKISH_MARCH: Final = Piece(
    title="Turkish March (Rondo alla Turca)",
    artist="Wolfgang Amadeus Mozart",
    year=1783,
    lively=True,
    amplify=140,
    beats_per_bar=2,
    strains={
        "A": Strain(
            """b4:.25 a4 g#4 a4 | c5:.5 r d5:.25 c5 b4 c5 | e5:.5 r f5:.25 e5 d#5 e5
               | b5 a5 g#5 a5 b5 a5 g#5 a5 | c6:1 a5:.5 c6 | b5 a5 g5 a5
               | b5 a5 g5 a5 | b5 a5 g5 f#5 | e5:1""",
            "Am | Am | Am | Am | Em | Em | Em B7 | Em",
        ),
        "B": Strain(
            """e5:.5 f5 | g5 g5 a5:.25 g5 f5 e5 | d5:1 e5:.5 f5 | g5 g5 a5:.25 g5 f5 e5 | d5:1 c5:.5 d5
               | e5 e5 f5:.25 e5 d5 c5 | b4:1 c5:.5 d5 | e5 e5 f5:.25 e5 d5 c5 | b4:1""",
            "C | G | C | G | Am | E | Am | E",
        ),
        "A2": Strain(
            """b4:.25 a4 g#4 a4 | c5:.5 r d5:.25 c5 b4 c5 | e5:.5 r f5:.25 e5 d#5 e5
               | b5 a5 g#5 a5 b5 a5 g#5 a5 | c6:1 a5:.5 b5 | c6 b5 a5 g#5 | a5 e5 f5 d5 | c5:1 b4 | a4:1""",
            "Am | Am | Am | F | Am E7 | Am Dm | Am E7 | Am",
        ),
        "end": Strain("| a5:.5 e5 a5 e5 | c6:.5 b5 a5 g#5 | a5:1 a5 | a5:1", "Am | Am E7 | Am | Am"),
    },
    choruses=(
        Chorus(
            ("A", "A", "B", "A2"),
            (Voice(PIANO, MELODY, 92, gate=0.85, pan=0.2), ALBERTI),
            Bpm(122.0),
        ),
        Chorus(
            ("B", "A2"),
            (
                Voice(PIANO, MELODY, 94, gate=0.85, pan=0.2),
                ALBERTI,
                Voice(PIZZICATO, "B C", 52, pan=-0.3),
                JANISSARY,
            ),
            Bpm(124.0),
        ),
        Chorus(
            ("A", "A", "B", "A2"),
            (
                Voice(STRINGS, MELODY, 88, gate=0.8, pan=0.1),
                Voice(PICCOLO, MELODY, 76, octave=1, gate=0.8, pan=0.3),
                Voice(BASS, "B F", 88, gate=0.7),
                Voice(STRINGS, ". C . C", 88, gate=0.5, pan=-0.3),
                JANISSARY,
            ),
            Bpm(126.0),
        ),
        Chorus(
            ("B", "A2", "end"),
            (
                Voice(PIANO, MELODY, 100, gate=0.85, pan=0.2),
                Voice(GLOCKENSPIEL, MELODY, 66, octave=1, pan=0.3),
                Voice(STRINGS, BELOW, 76, gate=0.8),
                ALBERTI,
                Voice(BASS, "B F", 90, gate=0.7),
                JANISSARY,
            ),
            Bpm(128.0),
        ),
    ),
)

LIVELY: Final = (OH_SUSANNA, KOROBEINIKI, CAN_CAN, TURKISH_MARCH)
