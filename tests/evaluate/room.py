"""The room's microphone: what it costs, how often it is wrong, and what it finds.

Run as `python -m tests.evaluate.room [--data DIR] [--minutes M]`. Real sound without a shout goes through the
computed room of the tests, M minutes of each scene: the player's own music (Debian's wesnoth-music,
hyperrogue-music, warzone2100-music; with DIR/emotify songs too), a radio that speaks (Debian's
asterisk-core-sounds-{en,fr,it,ru}-wav), a radio that plays, steady and rhythmic noises, talk. Then shouts and
calls in the same room: by espeak-ng, and the cries of wesnoth's units. An event is evidence that the
listener's model counts, at most one per half minute.
"""

import argparse
import itertools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from player.listener.weights import LEAST_EVENT
from player.model import Quantity, RoomHeard
from player.ports.audio import Pcm
from player.room.ear import RoomEar
from player.session.room import readings
from player.units import SAMPLE_RATE, Seconds
from tests.support.music_of_debian import RECORDINGS
from tests.support.room import TEXTS, Mono, Room, at_level, decoded, scene, shouted, spoken

CUT: Final = 60.0  # s of each piece
READ, WRITTEN = 3840, 960  # frames: as in the microphone and the render thread
WINDOW: Final = 2.0  # s
TRIED: Final = 120.0  # s of shouts, or of calls
APART: Final = 30.0  # s between two events
SETTLED: Final = 8  # windows until the filter has learned
FOLDERS: Final = (
    RECORDINGS,
    Path("/usr/share/hyperrogue/music"),
    Path("/usr/share/games/warzone2100/music"),
)
CRIES: Final = RECORDINGS.parent / "sounds"
PROMPTS: Final = Path("/usr/share/asterisk/sounds")
VOICES: Final = ("en_US_f_Allison", "fr_CA_f_June", "it_IT_m_Carlo", "ru_RU_f_IvrvoiceRU")
PROGRAMME: Final = -23.0  # dBFS, RMS
OWN: Final = (-32.5, -25.0, -17.5)  # dB: volume 35, 50 and 65 %
LOUD, DISTANT = -36.0, -44.0  # dBFS of what others do in the room
CALLS: Final = ("Help me! Help! Somebody come!", "No! Go away! Leave me alone!", "Nurse! Nurse!")


class Scene(NamedTuple):
    """One after the other through one ear: what Lull plays, and what else sounds. None: nothing."""

    name: str
    parts: Iterator[tuple[Pcm | None, Mono | None]]


class Beside(NamedTuple):
    """What goes on meanwhile."""

    own: Pcm
    radio: Mono


class Told(NamedTuple):
    heard: list[RoomHeard]
    seconds: float
    cpu: float  # s of processor time within the ear


def listen(scene: Scene, room: Room) -> Told:
    ear, heard, seconds, cpu = RoomEar(), list[RoomHeard](), 0.0, 0.0
    for played, others in scene.parts:
        length = len(played) if played is not None else len(others if others is not None else ())
        own = played if played is not None else np.zeros((length, 2), np.float32)
        sound = room.heard(own, others)
        begun = time.thread_time()
        for begin in range(0, length, READ):
            for block in range(begin, min(begin + READ, length), WRITTEN):
                ear.play(own[block : block + WRITTEN])
            heard += ear.hear(sound[begin : begin + READ], hour=12)
        cpu += time.thread_time() - begun
        seconds += length / SAMPLE_RATE
    return Told(heard, seconds, cpu)


def counted(heard: list[RoomHeard], quantity: Quantity) -> list[int]:
    """Windows whose evidence the listener's model would take."""
    return [
        number
        for number, each in enumerate(heard)
        for reading in readings(each, Seconds(number * WINDOW))
        if reading.quantity is quantity and reading.value >= LEAST_EVENT
    ]


def events(windows: list[int]) -> int:
    found, last = 0, -APART
    for number in windows:
        if number * WINDOW - last >= APART:
            found, last = found + 1, number * WINDOW
    return found


# --- sounds ---------------------------------------------------------------------------------------------


def music(files: list[Path], minutes: float, levels: tuple[float, ...]) -> Iterator[Pcm]:
    """Pieces at the programme's level, less `levels` in turn."""
    left = minutes * 60.0
    for number, path in enumerate(itertools.cycle(files)):
        if left <= 0.0:
            return
        piece = decoded(path, CUT, start=0.0)
        left -= max(len(piece) / SAMPLE_RATE, 1.0)
        rms = float(np.sqrt(np.mean(np.square(piece)))) + 1e-6
        gain = PROGRAMME + levels[number % len(levels)] - 20.0 * np.log10(rms)
        yield (piece * np.float32(10 ** (gain / 20.0))).astype(np.float32)


def prompts(minutes: float, level: float) -> Iterator[Mono]:
    """A minute of each speaker in turn: prompts of two words or more, pauses of 0.1-0.7 s."""
    random = np.random.default_rng(5)
    files = [
        [path for path in sorted((PROMPTS / each).rglob("*.wav")) if path.stat().st_size > 20_000]
        for each in VOICES
    ]
    queues = [iter(random.permutation(np.array(each, object)).tolist()) for each in files]
    for number in range(round(minutes)):
        parts: list[Mono] = []
        while sum(map(len, parts)) < CUT * SAMPLE_RATE:
            prompt = decoded(next(queues[number % len(queues)]), 30.0).mean(axis=1)
            parts += [prompt, np.zeros(round(random.uniform(0.1, 0.7) * SAMPLE_RATE), np.float32)]
        yield in_the_room(np.concatenate(parts)[: round(CUT * SAMPLE_RATE)].astype(np.float32), level)


def in_the_room(sound: Mono, level: float) -> Mono:
    """From another corner of the room; RMS level, dBFS."""
    heard = Room(delay=0.0, noise=-120.0, seed=9).heard(np.repeat(sound[:, None], 2, axis=1))
    rms = float(np.sqrt(np.mean(np.square(heard)))) + 1e-9
    return (heard * np.float32(10 ** (level / 20.0) / rms)).astype(np.float32)


def noises(minutes: float) -> Iterator[Mono]:
    """Minutes of: fan, rumble, hum with harmonics, vacuum cleaner, pump, rain on a roof, beeps, a clock."""
    random = np.random.default_rng(6)
    n = round(CUT * SAMPLE_RATE)
    t = np.arange(n) / SAMPLE_RATE

    def coloured(power: float, low: float) -> Mono:
        hertz = np.maximum(np.fft.rfftfreq(n, 1.0 / SAMPLE_RATE), low)
        return np.fft.irfft(np.fft.rfft(random.standard_normal(n)) * hertz**-power, n).astype(np.float32)

    hum = sum((np.sin(2 * np.pi * 50.0 * k * t + k) / k for k in range(1, 20)), np.zeros(n))
    motor = sum(
        (np.sin(2 * np.pi * 118.0 * k * t + np.sin(2 * np.pi * 0.3 * t)) / k**0.5 for k in range(1, 30)),
        np.zeros(n),
    )
    pink = coloured(0.5, 40.0)
    beep = np.sin(2 * np.pi * 440.0 * t) * (t % 2.0 < 0.15)
    makers: tuple[Callable[[], object], ...] = (
        lambda: pink,
        lambda: coloured(1.0, 30.0),
        lambda: hum,
        lambda: motor / np.std(motor) + 2.0 * pink / np.std(pink),
        lambda: pink * np.maximum(np.sin(2 * np.pi * 0.5 * t), 0.0),
        lambda: coloured(0.0, 1.0) * (1.0 + (random.random(n) > 0.9995) * 20.0),
        lambda: beep,
        lambda: coloured(0.0, 1.0) * (t % 1.0 < 0.01),
    )
    for number in range(round(minutes)):
        sound = np.asarray(makers[number % len(makers)](), np.float32)
        yield in_the_room(sound, (LOUD, DISTANT)[number // len(makers) % 2])


def talk(minutes: float, level: float) -> Iterator[Mono]:
    said = [spoken(text, voice) for text in TEXTS for voice in ("en", "en+f3", "en+m4", "en+f5")]
    for number in range(round(minutes)):
        turned = said[number % len(said) :] + said[: number % len(said)]
        yield in_the_room(scene(CUT, 1.0, turned)[0], level)


def plain(songs: list[Path], minutes: float) -> list[Scene]:
    """Nobody shouts in them."""
    files = [
        path
        for folder in FOLDERS
        for path in sorted(folder.rglob("*.o[gp][gu]*"))
        if path.stat().st_size > 500_000
    ]
    mixed = [
        path for group in itertools.zip_longest(*(files[k::3] for k in range(3))) for path in group if path
    ]
    own = music(mixed, minutes, OWN)
    found = [
        Scene("own music", ((piece, None) for piece in own)),
        Scene("radio that speaks", ((None, each) for each in prompts(minutes, LOUD))),
        Scene("radio that speaks, own music", pairs(music(mixed, minutes, OWN), prompts(minutes, DISTANT))),
        Scene(
            "radio that plays",
            ((None, in_the_room(each.mean(axis=1), LOUD)) for each in music(mixed[::-1], minutes, (0.0,))),
        ),
        Scene("noises", ((None, each) for each in noises(minutes))),
        Scene("noises, own music", pairs(music(mixed[5:], minutes, OWN), noises(minutes))),
        Scene("talk", ((None, each) for each in talk(minutes, LOUD))),
    ]
    if songs:
        found += [
            Scene("own songs", ((piece, None) for piece in music(songs, minutes, OWN))),
            Scene(
                "radio that plays songs",
                (
                    (None, in_the_room(each.mean(axis=1), LOUD))
                    for each in music(songs[::-1], minutes, (0.0,))
                ),
            ),
        ]
    return found


def pairs(own: Iterator[Pcm], others: Iterator[Mono]) -> Iterator[tuple[Pcm, Mono]]:
    for piece, sound in zip(own, others, strict=False):
        length = min(len(piece), len(sound))
        yield piece[:length], sound[:length]


# --- what is to be found --------------------------------------------------------------------------------


def found(waves: list[Mono], beside: Beside, level: float, quantity: Quantity, gap: float = 6.0) -> float:
    """Shouts: share that was found, a window later at most. Calls: share of the windows from 40 s on."""
    regular = quantity is Quantity.REPETITIVE_CALL
    others, said = scene(TRIED, gap, [at_level(wave, level) for wave in waves], regular=regular)
    others = np.asarray(Room(delay=0.0, noise=-120.0, seed=9).heard(np.repeat(others[:, None], 2, axis=1)))
    said[: round(20.0 * SAMPLE_RATE)] = False
    told = listen(Scene("", iter([(beside.own, others + beside.radio)])), Room()).heard
    if regular:
        return float(np.mean([number in counted(told, quantity) for number in range(20, len(told))]))
    took = set(counted(told, quantity))
    edges = np.flatnonzero(np.diff(said.astype(np.int8), prepend=0) == 1)
    hits = 0
    for begin in edges:
        end = begin + int(np.argmin(said[begin:])) if not said[begin:].all() else len(said)
        windows = range(int(begin / SAMPLE_RATE / WINDOW), int(end / SAMPLE_RATE / WINDOW) + 2)
        hits += any(number in took for number in windows)
    return hits / max(len(edges), 1)


def sensitivity() -> dict[str, dict[str, float]]:
    shouts = [shouted(text, voice) for text in CALLS for voice in ("en", "en+f3", "en+f5", "en+m4")]
    cries = [_cry(path) for path in sorted(CRIES.glob("human-*die-*.ogg")) + sorted(CRIES.glob("wail*.wav"))]
    length = round(TRIED * SAMPLE_RATE)
    pieces = [next(music([path], 2.0, (-32.5,))) for path in sorted(RECORDINGS.glob("*.ogg"))[:2]]
    own = np.resize(np.concatenate(pieces), (length, 2))
    silent, quiet = np.zeros((length, 2), np.float32), np.zeros(length, np.float32)
    radio = np.concatenate(list(prompts(TRIED / CUT, DISTANT)))
    nurse = [spoken("Nurse! Nurse!", "en+f3")]
    table: dict[str, dict[str, float]] = {}
    for name, beside in (
        ("silence", Beside(silent, quiet)),
        ("own music", Beside(own, quiet)),
        ("a distant radio that speaks", Beside(silent, radio)),
    ):
        table[name] = {
            **{
                f"shouts {level:.0f} dBFS": found(shouts, beside, level, Quantity.SHOUT)
                for level in (-28.0, -34.0, -40.0)
            },
            "cries -30 dBFS": found(cries, beside, -30.0, Quantity.SHOUT),
            **{
                f"calls every {gap:.0f} s": found(nurse, beside, -36.0, Quantity.REPETITIVE_CALL, gap)
                for gap in (2.0, 4.0, 8.0)
            },
        }
    return table


def _cry(path: Path) -> Mono:
    wave = decoded(path, 5.0).mean(axis=1)
    return np.asarray(wave * np.float32(0.05 / np.sqrt(np.mean(np.square(wave)))), np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.evaluate.room", description=__doc__)
    parser.add_argument("--data", type=Path, help="with emotify/: songs")
    parser.add_argument("--minutes", type=float, default=12.0, help="of each scene")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    songs = sorted((chosen.data / "emotify").rglob("*.mp3")) if chosen.data else []
    songs = songs[:: max(len(songs) // round(chosen.minutes), 1)]
    rows: dict[str, dict[str, float]] = {}
    hours, shouts, calls = 0.0, 0, 0
    print(f"{'scene':32}{'min':>6}{'CPU %':>7}{'removed dB':>11}{'voice %':>9}{'shouts/h':>10}{'calls/h':>9}")
    for each in plain(songs, chosen.minutes):
        told = listen(each, Room())
        length = told.seconds / 3600.0
        removed = [one.removed for one in told.heard[SETTLED:] if one.removed is not None]
        wrong = [events(counted(told.heard, q)) for q in (Quantity.SHOUT, Quantity.REPETITIVE_CALL)]
        hours, shouts, calls = hours + length, shouts + wrong[0], calls + wrong[1]
        row = {
            "minutes": told.seconds / 60.0,
            "cpu_percent": 100.0 * told.cpu / told.seconds,
            "removed_db": float(np.median(removed)) if removed else 0.0,
            "voice_percent": 100.0 * float(np.mean([one.voice for one in told.heard])),
            "shouts_per_h": wrong[0] / length,
            "calls_per_h": wrong[1] / length,
        }
        rows[each.name] = row
        print(
            f"{each.name:32}{row['minutes']:6.1f}{row['cpu_percent']:7.2f}{row['removed_db']:11.1f}"
            f"{row['voice_percent']:9.1f}{row['shouts_per_h']:10.1f}{row['calls_per_h']:9.1f}",
            flush=True,
        )
    print(f"false in {hours:.2f} h: shouts {shouts / hours:.2f}/h, calls {calls / hours:.2f}/h")
    table = sensitivity()
    for beside, parts in table.items():
        print(f"found beside {beside}: " + ", ".join(f"{name} {share:.0%}" for name, share in parts.items()))
    if chosen.json:
        print(json.dumps({"false": rows, "found": table}))


if __name__ == "__main__":
    main()
