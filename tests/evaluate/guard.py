"""`python -m tests.evaluate.guard SPEECH_FOLDER`: the live guard on a looped programme of real recordings.

Music (Debian's recordings), speech (a folder of recorded voices), adverts (voices over lively music, 6 dB
louder) and music that suddenly becomes 14 dB louder. Printed: what was detected and how long before the ear,
with a buffer of so many seconds; and false alarms, seconds of wanted music to which the guard objected.

The thresholds of `player.session.guard` were chosen on the programme `tuned`; `held-out` has other pieces,
chosen by their titles alone, and other voices. (The speech detector itself has seen all these voices.)
"""

import argparse
import statistics
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from adapters.audio.lookout import Lookout
from player.analysis.stream import StreamAnalyzer
from player.model import Ahead
from player.ports.audio import Pcm
from player.session.guard import objection
from player.units import CHANNELS, SAMPLE_RATE, Seconds
from tests.support.level import decoded
from tests.support.music_of_debian import RECORDINGS

SUFFIXES: Final = (".wav", ".gsm", ".g722", ".flac", ".mp3", ".ogg")
BLOCK: Final = 8192
BUFFER: Final = Seconds(8.0)
LEVEL: Final = 10 ** (-23 / 20)
AFTER: Final = 8.0  # s after something unwanted in which an objection is no false alarm: it is still in view
LOUDER: Final = 10 ** (14 / 20)


class Material(NamedTuple):
    calm: tuple[str, ...]
    lively: tuple[str, ...]
    voices: slice  # of the folders of speech


PROGRAMMES: Final = {
    "tuned": Material(
        ("sad", "love_theme", "transience", "elf-land", "wanderer", "silvan_sanctuary"),
        ("battle-epic", "frantic", "vengeful"),
        slice(0, 7),
    ),
    "held-out": Material(
        ("revelation", "nunc_dimittis", "underground", "journeys_end", "return_to_wesnoth", "main_menu"),
        ("battle", "the_dangerous_symphony", "siege_of_laurelmor"),
        slice(7, None),
    ),
}


class Part(NamedTuple):
    kind: str  # music | speech | advert | startle
    begin: float
    end: float


def levelled(pcm: Pcm, level: float = LEVEL) -> Pcm:
    return np.asarray(pcm * (level / np.sqrt(np.mean(pcm**2) + 1e-12)), np.float32)


def voice(folder: Path, seconds: float, skip: int) -> Pcm:
    """Recorded sentences one after the other, 0.3 s apart."""
    pause, parts, count = np.zeros((SAMPLE_RATE * 3 // 10, CHANNELS), np.float32), [], 0
    files = sorted(file for file in folder.rglob("*") if file.suffix in SUFFIXES)
    for file in [*files[skip % len(files) :], *files]:
        if count >= seconds * SAMPLE_RATE:
            break
        pcm = decoded(str(file))
        if len(pcm) > SAMPLE_RATE:
            parts += [pcm, pause]
            count += len(pcm) + len(pause)
    return levelled(np.concatenate(parts)[: int(seconds * SAMPLE_RATE)])


def programme(speech: Path, rounds: int, material: Material) -> tuple[Pcm, list[Part]]:
    calm, loud = material.calm, material.lively
    voices = [folder for folder in sorted(speech.iterdir()) if folder.is_dir()][material.voices]
    blocks: list[Pcm] = []
    parts: list[Part] = []

    def add(kind: str, pcm: Pcm) -> None:
        begin = sum(map(len, blocks)) / SAMPLE_RATE
        parts.append(Part(kind, begin, begin + len(pcm) / SAMPLE_RATE))
        blocks.append(pcm)

    for number in range(rounds):
        song = levelled(decoded(str(RECORDINGS / f"{calm[number % len(calm)]}.ogg")))
        add("music", song[: 40 * SAMPLE_RATE])
        add("speech", voice(voices[number % len(voices)], 20.0, 10 + number))
        add("music", song[40 * SAMPLE_RATE : 75 * SAMPLE_RATE])
        lively = levelled(decoded(str(RECORDINGS / f"{loud[number % len(loud)]}.ogg")), LEVEL)
        said = voice(voices[(number + 1) % len(voices)], 15.0, 40 + number)
        add("advert", levelled(said + 0.4 * lively[20 * SAMPLE_RATE :][: len(said)], 2.0 * LEVEL))
        other = levelled(decoded(str(RECORDINGS / f"{calm[(number + 1) % len(calm)]}.ogg")))
        add("music", other[: 40 * SAMPLE_RATE])
        add("startle", other[40 * SAMPLE_RATE : 45 * SAMPLE_RATE] * LOUDER)
    return np.concatenate(blocks), parts


def evidence(pcm: Pcm) -> list[tuple[float, Ahead]]:
    """When each was known, in seconds of the programme as it is decoded."""
    found: list[tuple[float, Ahead]] = []
    at = 0.0
    analyzer = StreamAnalyzer(SAMPLE_RATE, CHANNELS)
    lookout = Lookout(0, "radio", lambda ahead: found.append((at, ahead)))
    for start in range(0, len(pcm), BLOCK):
        block = pcm[start : start + BLOCK]
        at = (start + len(block)) / SAMPLE_RATE
        analyzer.push(block)
        lookout.push(block, analyzer, BUFFER)
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("speech", type=Path)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--programme", choices=PROGRAMMES, default="held-out")
    arguments = parser.parse_args()
    pcm, parts = programme(arguments.speech, arguments.rounds, PROGRAMMES[arguments.programme])
    objections = [(at, why) for at, ahead in evidence(pcm) if (why := objection(ahead, "exclude"))]
    print(f"programme {arguments.programme!r} of {len(pcm) / SAMPLE_RATE:.0f} s, buffer {BUFFER:.0f} s")
    for kind in ("speech", "advert", "startle"):
        wanted = [part for part in parts if part.kind == kind]
        after = [
            min((at - part.begin for at, _ in objections if part.begin < at <= part.end + 1.0), default=None)
            for part in wanted
        ]
        seen = [late for late in after if late is not None]
        before = [BUFFER - late for late in seen]
        print(
            f"{kind}: {len(seen)} of {len(wanted)} detected, "
            f"before the ear: median {statistics.median(before):+.1f} s, worst {min(before):+.1f} s"
            if seen
            else f"{kind}: 0 of {len(wanted)} detected"
        )
    unwanted = [part for part in parts if part.kind != "music"]
    false = [
        (at, why)
        for at, why in objections
        if not any(part.begin <= at <= part.end + AFTER for part in unwanted)
    ]
    music = sum(part.end - part.begin for part in parts if part.kind == "music") - AFTER * len(unwanted)
    passages = sum(b - a > AFTER for (a, _), (b, _) in pairwise([(-np.inf, ""), *false]))
    print(f"false alarms: {len(false)} of {music:.0f} s of wanted music, in {passages} passages")
    for at, why in false[:20]:
        print(f"  {at:.1f} s: {why}")


if __name__ == "__main__":
    main()
