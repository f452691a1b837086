"""Calm pieces. Compositions in the public domain, arranged for Lull."""

from typing import Final

from adapters.library.demo.arrangement import BELOW, MELODY, Chorus, Piece, Strain, Voice
from adapters.library.demo.instruments import (
    BASS,
    CELESTA,
    CELLO,
    CHOIR,
    CLARINET,
    FLUTE,
    GUITAR,
    HARP,
    HORN,
    PIANO,
    SLOW_STRINGS,
)
from player.units import Bpm

CRADLE: Final = Voice(HARP, "B 1 3", 50, pan=-0.25, reverb=70, pedal=True)
STRING_BED: Final = Voice(SLOW_STRINGS, "C - -", 25, gate=1.0, reverb=80)

BRAHMS_LULLABY: Final = Piece(
    title="Lullaby (Wiegenlied)",
    artist="Johannes Brahms",
    year=1868,
    lively=False,
    amplify=300,
    beats_per_bar=3,
    strains={
        "intro": Strain("| r:3 | r:3", "F | F"),
        "song": Strain(
            """a4:.5 a4 | c5:1.5 a4:.5 a4:1 | c5:2 a4:.5 c5 | f5:1 e5:1.5 d5:.5 | d5:1 c5 g4:.5 a4
               | bb4:1 g4 g4:.5 a4 | bb4:2 g4:.5 bb4 | e5 d5 c5:1 e5 | f5:2 f4:.5 f4
               | f5:2 d5:.5 bb4 | c5:2 a4:.5 f4 | bb4:1 c5 d5 | c5:2 f4:.5 f4
               | f5:2 d5:.5 bb4 | c5:2 a4:.5 f4 | bb4:1 a4 g4 | f4:2""",
            """F | F | F | Gm:1 C7:2 | C7 | C7 | C7 | F
               | Bb | F | C7 | F | Bb | F | C7 | F""",
        ),
        "end": Strain("| a4:3 | f4:3", "F | F"),
    },
    choruses=(
        Chorus(("intro",), (CRADLE,), Bpm(66.0)),
        Chorus(
            ("song",),
            (Voice(PIANO, MELODY, 62, gate=1.0, pan=0.1, reverb=65), CRADLE),
            Bpm(66.0),
        ),
        Chorus(
            ("song",),
            (
                Voice(FLUTE, MELODY, 58, gate=1.0, pan=0.15, reverb=75),
                Voice(CLARINET, BELOW, 44, gate=1.0, pan=-0.15, reverb=75),
                CRADLE,
                STRING_BED,
            ),
            Bpm(66.0),
            Bpm(60.0),
        ),
        Chorus(
            ("end",),
            (
                Voice(CELESTA, MELODY, 46, gate=1.0, reverb=80),
                Voice(HARP, "B1 2 3", 44, pan=-0.25, reverb=80, pedal=True),
                STRING_BED,
            ),
            Bpm(58.0),
            Bpm(46.0),
        ),
    ),
)

LUTE: Final = Voice(GUITAR, "B 1 2 3 2 1", 54, pan=-0.2, reverb=65, pedal=True)
CONSORT: Final = Voice(SLOW_STRINGS, "C - - - - -", 26, gate=1.0, reverb=80)

GREENSLEEVES: Final = Piece(
    title="Greensleeves",
    artist="Traditional",
    year=1580,
    lively=False,
    amplify=300,
    beats_per_bar=6,  # eighths
    strains={
        "intro": Strain("| r:6 | r:6", "Am | Am"),
        "verse": Strain(
            """a4:1 | c5:2 d5:1 e5:1.5 f5:.5 e5:1 | d5:2 b4:1 g4:1.5 a4:.5 b4:1
               | c5:2 a4:1 a4:1.5 g#4:.5 a4:1 | b4:2 g#4:1 e4:2 a4:1
               | c5:2 d5:1 e5:1.5 f5:.5 e5:1 | d5:2 b4:1 g4:1.5 a4:.5 b4:1
               | c5:1.5 b4:.5 a4:1 g#4:1.5 f#4:.5 g#4:1 | a4:5""",
            "Am | G | Am | E | Am | G | Am E | Am",
        ),
        "refrain": Strain(
            """| g5:3 g5:1.5 f#5:.5 e5:1 | d5:2 b4:1 g4:1.5 a4:.5 b4:1
               | c5:2 a4:1 a4:1.5 g#4:.5 a4:1 | b4:2 g#4:1 e4:3
               | g5:3 g5:1.5 f#5:.5 e5:1 | d5:2 b4:1 g4:1.5 a4:.5 b4:1
               | c5:1.5 b4:.5 a4:1 g#4:1.5 f#4:.5 g#4:1 | a4:5""",
            "C | G | Am | E | C | G | Am E | Am",
        ),
        "end": Strain("| a4:6 | a4:6", "Am | Am"),
    },
    choruses=(
        Chorus(("intro",), (LUTE,), Bpm(112.0)),
        Chorus(
            ("verse", "refrain"),
            (Voice(FLUTE, MELODY, 60, gate=1.0, pan=0.1, reverb=75), LUTE),
            Bpm(112.0),
        ),
        Chorus(
            ("verse", "refrain"),
            (
                Voice(CELLO, MELODY, 60, octave=-1, gate=1.0, pan=0.1, reverb=75),
                LUTE,
                CONSORT,
            ),
            Bpm(110.0),
            Bpm(102.0),
        ),
        Chorus(
            ("end",),
            (
                Voice(GUITAR, "B 1 2 3 4 -", 46, pan=-0.2, reverb=75, pedal=True),
                CONSORT,
            ),
            Bpm(98.0),
            Bpm(72.0),
        ),
    ),
)

HYMN_PIANO: Final = Voice(PIANO, "B 13 2", 46, pan=-0.1, reverb=60, pedal=True)
CHOIR_BED: Final = Voice(CHOIR, "C - -", 25, gate=1.0, reverb=85)

AMAZING_GRACE: Final = Piece(
    title="Amazing Grace",
    artist="Traditional",
    year=1779,
    lively=False,
    amplify=300,
    beats_per_bar=3,
    strains={
        "intro": Strain("| r:3 | r:3", "G | D7"),
        "verse": Strain(
            """d4:1 | g4:2 b4:.5 g4 | b4:2 a4:1 | g4:2 e4:1 | d4:2 d4:1
               | g4:2 b4:.5 g4 | b4:2 a4:1 | d5:3 | d5:2 b4:1
               | d5:1.5 b4:.5 d5 b4 | g4:2 d4:1 | e4:1.5 g4:.5 g4 e4 | d4:2 d4:1
               | g4:2 b4:.5 g4 | b4:2 a4:1 | g4:3 | g4:2""",
            "G | G7 | C | G | G | Em:2 A7:1 | D | D7 | G | G7 | C | G | G | Em:2 D7:1 | C | G",
        ),
        "end": Strain("| g4:3 | g4:3", "C | G"),
    },
    choruses=(
        Chorus(("intro",), (HYMN_PIANO,), Bpm(68.0)),
        Chorus(
            ("verse",),
            (Voice(PIANO, MELODY, 64, gate=1.0, pan=0.1, reverb=60), HYMN_PIANO),
            Bpm(68.0),
        ),
        Chorus(
            ("verse",),
            (
                Voice(HORN, MELODY, 58, gate=1.0, pan=0.1, reverb=80),
                HYMN_PIANO,
                CHOIR_BED,
                Voice(SLOW_STRINGS, BELOW, 38, gate=1.0, pan=-0.2, reverb=80),
            ),
            Bpm(68.0),
            Bpm(62.0),
        ),
        Chorus(
            ("end",),
            (
                Voice(PIANO, "B1 2 3", 42, pan=-0.1, reverb=75, pedal=True),
                CHOIR_BED,
            ),
            Bpm(60.0),
            Bpm(46.0),
        ),
    ),
)

RIPPLE: Final = Voice(HARP, "B 1 2 3 4 3 2 1", 44, pan=-0.25, reverb=70, pedal=True)
AIR_BED: Final = Voice(SLOW_STRINGS, "C - - -", 25, gate=1.0, reverb=80)

LONDONDERRY_AIR: Final = Piece(
    title="Londonderry Air (Danny Boy)",
    artist="Traditional",
    year=1855,
    lively=False,
    amplify=300,
    beats_per_bar=4,
    strains={
        "intro": Strain("| r:4", "C"),
        "first": Strain(
            """b3:.5 c4 d4 | e4:1.5 d4:.5 e4 a4 g4 e4 | d4 c4 a3:1.5
               c4:.5 e4 f4 | g4:1.5 a4:.5 g4 e4 c4 e4 | d4:2.5
               b3:.5 c4 d4 | e4:1.5 d4:.5 e4 a4 g4 e4 | d4 c4 a3:1.5
               b3:.5 c4 d4 | e4:1.5 f4:.5 e4 d4 c4 d4 | c4:2.5""",
            "C C7 | F | C Am | G7 | C C7 | F:3 G7:1 | C G7 | C",
        ),
        "second": Strain(
            """g4:.5 a4 b4 | c5:1.5 b4:.5 b4 a4 g4 a4 | g4 e4 c4:1.5
               g4:.5 a4 b4 | c5:1.5 b4:.5 b4 a4 g4 e4 | d4:2.5
               g4:.5 g4 g4 | e5:1.5 d5:.5 d5 c5 a4 c5 | g4 e4 c4:1.5
               b3:.5 c4 d4 | e4 a4 g4 e4 d4 c4 a3 b3 | c4:3""",
            "Am F | C | Am C | G7 | C F | C:2 Am:1 G7:1 | C:2 Dm:1 G7:1 | C",
        ),
        "end": Strain("| c4:4 | c4:4", "F | C"),
    },
    choruses=(
        Chorus(("intro",), (RIPPLE,), Bpm(62.0)),
        Chorus(
            ("first",),
            (Voice(CELLO, MELODY, 66, gate=1.0, pan=0.1, reverb=70), RIPPLE),
            Bpm(62.0),
            transpose=2,
        ),
        Chorus(
            ("second",),
            (
                Voice(CELLO, MELODY, 66, gate=1.0, pan=0.1, reverb=70),
                Voice(SLOW_STRINGS, BELOW, 40, gate=1.0, pan=-0.2, reverb=80),
                RIPPLE,
                AIR_BED,
            ),
            Bpm(62.0),
            Bpm(58.0),
            transpose=2,
        ),
        Chorus(
            ("second",),
            (Voice(FLUTE, MELODY, 56, octave=1, gate=1.0, pan=0.1, reverb=80), RIPPLE, AIR_BED),
            Bpm(60.0),
            Bpm(52.0),
            transpose=2,
        ),
        Chorus(
            ("end",),
            (Voice(HARP, "B 1 2 3 4 - - -", 42, pan=-0.25, reverb=80, pedal=True), AIR_BED),
            Bpm(52.0),
            Bpm(44.0),
            transpose=2,
        ),
    ),
)

FIRESIDE: Final = Voice(PIANO, "B 13 2 13", 46, pan=-0.15, reverb=55, pedal=True)

AULD_LANG_SYNE: Final = Piece(
    title="Auld Lang Syne",
    artist="Traditional",
    year=1788,
    lively=False,
    amplify=300,
    beats_per_bar=4,
    strains={
        "intro": Strain("| r:4", "F"),
        "verse": Strain(
            """c4:1 | f4:1.5 f4:.5 f4:1 a4 | g4:1.5 f4:.5 g4:1 a4 | f4:1.5 f4:.5 a4:1 c5 | d5:3
               d5:1 | c5:1.5 a4:.5 a4:1 f4 | g4:1.5 f4:.5 g4:1 a4 | f4:1.5 d4:.5 d4:1 c4 | f4:3""",
            "F | C7 | F F7 | Bb | F | C7 | Bb:3 C7:1 | F",
        ),
        "refrain": Strain(
            """d5:1 | c5:1.5 a4:.5 a4:1 f4 | g4:1.5 f4:.5 g4:1 d5 | c5:1.5 a4:.5 a4:1 c5 | d5:3
               d5:1 | c5:1.5 a4:.5 a4:1 f4 | g4:1.5 f4:.5 g4:1 a4 | f4:1.5 d4:.5 d4:1 c4 | f4:3""",
            "F | C7 | F F7 | Bb | F | C7 | Bb:3 C7:1 | F",
        ),
        "end": Strain("| f4:4 | f4:4", "Bb | F"),
    },
    choruses=(
        Chorus(("intro",), (FIRESIDE,), Bpm(80.0)),
        Chorus(
            ("verse", "refrain"),
            (Voice(CLARINET, MELODY, 60, gate=1.0, pan=0.15, reverb=70), FIRESIDE),
            Bpm(80.0),
        ),
        Chorus(
            ("verse", "refrain"),
            (
                Voice(SLOW_STRINGS, MELODY, 62, gate=1.0, pan=0.1, reverb=75),
                Voice(HORN, BELOW, 40, gate=1.0, pan=-0.2, reverb=75),
                FIRESIDE,
                Voice(BASS, "B - F -", 52, reverb=50),
            ),
            Bpm(80.0),
            Bpm(70.0),
        ),
        Chorus(
            ("end",),
            (
                Voice(PIANO, "B1 2 3 4", 42, pan=-0.15, reverb=70, pedal=True),
                Voice(SLOW_STRINGS, "C - - -", 25, gate=1.0, reverb=80),
            ),
            Bpm(68.0),
            Bpm(54.0),
        ),
    ),
)

CALM: Final = (BRAHMS_LULLABY, GREENSLEEVES, AMAZING_GRACE, LONDONDERRY_AIR, AULD_LANG_SYNE)
