"""From sound to numbers, on a room of numbers: music taken away, voices, shouts and calls found."""

import numpy as np
import pytest

from player.model import RoomHeard
from player.ports.audio import Pcm
from player.room.ear import RoomEar
from player.room.frames import RATE, Decimator
from player.units import SAMPLE_RATE
from tests.support.music_of_debian import RECORDINGS
from tests.support.room import TEXTS, Mono, Room, at_level, decoded, scene, shouted, spoken

SECONDS = 40.0
SILENT = np.zeros((round(SECONDS * SAMPLE_RATE), 2), np.float32)
SETTLED = 8  # windows of two seconds: the delay is found and the filter has learned
BLOCK = 960


@pytest.fixture(scope="module")
def music() -> Pcm:
    """At volume 35 %: −32.5 dB below the programme."""
    piece = next(path for path in sorted(RECORDINGS.glob("*.ogg")) if path.stem == "battle-epic")
    return decoded(piece, SECONDS) * np.float32(10 ** (-32.5 / 20))


def told(played: Pcm, heard: Mono, block: int = BLOCK) -> list[RoomHeard]:
    ear, found = RoomEar(), []
    for begin in range(0, len(heard), block):
        ear.play(played[begin : begin + block])
        found += ear.hear(heard[begin : begin + block], hour=12)
    return found


def talk(level: float, waves: list[Mono] | None = None) -> Mono:
    said = waves or [spoken(text, voice) for text in TEXTS for voice in ("en", "en+f3")]
    return scene(SECONDS, 2.0, [at_level(wave, level) for wave in said])[0]


def test_music_alone_is_no_voice_and_is_taken_away(music: Pcm) -> None:
    found = told(music, Room().heard(music))[SETTLED:]
    assert max(each.voice for each in found) < 0.1 and max(each.shout for each in found) < 0.5
    removed = [each.removed for each in found if each.removed is not None]
    assert np.median(removed) > 15.0, "dB"
    delays = {round(each.delay, 3) for each in found if each.delay is not None}
    assert len(delays) == 1 and delays.pop() == pytest.approx(Room().delay - 0.02, abs=0.01)


@pytest.mark.parametrize("beside_music", [False, True])
def test_a_voice_is_heard(music: Pcm, beside_music: bool) -> None:
    played = music if beside_music else SILENT
    found = told(played, Room().heard(played, talk(-40.0)))[SETTLED:]
    assert np.mean([each.voice > 0.15 for each in found]) > 0.6
    pitches = [each.pitch for each in found if each.pitch is not None]
    assert all(75.0 <= pitch <= 700.0 for pitch in pitches) and pitches


def test_a_shout_differs_from_talk_of_the_same_level() -> None:
    calls = [
        shouted(text, "en+f3") for text in ("Help me! Help! Somebody come!", "No! Go away! Leave me alone!")
    ]
    loud = told(SILENT, Room().heard(SILENT, talk(-34.0, calls)))[SETTLED:]
    plain = told(SILENT, Room().heard(SILENT, talk(-34.0)))[SETTLED:]
    assert np.mean([each.shout for each in loud]) > 3 * np.mean([each.shout for each in plain])
    assert max(each.shout for each in loud) > 0.8


def test_calls_that_repeat_differ_from_talk() -> None:
    nurse = at_level(spoken("Nurse! Nurse!", "en+f3"), -38.0)
    calls, _ = scene(SECONDS, 4.0, [nurse], regular=True)
    assert told(SILENT, Room().heard(SILENT, calls))[-1].calls > 0.8
    assert told(SILENT, Room().heard(SILENT, talk(-38.0)))[-1].calls < 0.5


def test_what_goes_on_at_one_level_is_no_shout(music: Pcm) -> None:
    """Songs on a radio are as high and as bright, but their instruments leave no pause."""
    played = np.asarray(music.mean(axis=1), np.float32)
    played *= np.float32(10 ** (-40.0 / 20) / np.sqrt(np.mean(np.square(played))))
    sung = talk(-38.0, [shouted(text, "en+f3") for text in TEXTS])
    found = told(SILENT, Room().heard(SILENT, sung + played))
    assert max(each.shout for each in found) < 0.5 and max(each.calls for each in found) < 0.5


@pytest.mark.parametrize("hertz", [(440.0, 440.0), (440.0, 550.0)])
def test_an_alarm_is_no_call_and_no_shout(hertz: tuple[float, float]) -> None:
    t = np.arange(len(SILENT)) / SAMPLE_RATE
    tone = np.where(t % 4.0 < 2.0, *hertz)
    beeps = 0.05 * np.sin(2 * np.pi * tone * t) * (t % 2.0 < 0.4)
    found = told(SILENT, Room().heard(SILENT, beeps.astype(np.float32)))
    assert max(each.shout for each in found) < 0.5 and max(each.calls for each in found) < 0.5


def test_what_is_said_at_an_even_pace_but_differs_in_length_is_no_call() -> None:
    """Asked and answered: begins every five seconds, one word or a sentence."""
    said = np.zeros(len(SILENT), np.float32)
    for number, text in enumerate(("Yes.", TEXTS[0], "No.", "Good morning, did you sleep well?") * 2):
        wave, begin = at_level(spoken(text, "en+f3"), -38.0), number * 5 * SAMPLE_RATE
        said[begin : begin + len(wave)] += wave
    assert told(SILENT, Room().heard(SILENT, said))[-1].calls < 0.5


def test_what_was_learned_outlasts_a_pause_of_the_music(music: Pcm) -> None:
    paused = music.copy()
    paused[24 * SAMPLE_RATE : 32 * SAMPLE_RATE] = 0.0
    found = told(paused, Room().heard(paused))
    assert [each.removed for each in found[13:16]] == [None] * 3
    assert all(each.quality == 1.0 and each.level is not None for each in found[13:16])
    again = [each.removed for each in found[17:] if each.removed is not None]
    assert len(again) == 3 and np.median(again) > 12.0, "dB"
    assert max(each.voice for each in found[12:]) < 0.1


def test_a_steady_noise_is_a_level_and_no_voice() -> None:
    quiet, fan = Room(), Room(noise=-45.0, seed=2)
    half = len(SILENT) // 2
    heard = np.concatenate((quiet.heard(SILENT[:half]), fan.heard(SILENT[half:])))
    found = told(SILENT, heard)
    levels = [each.level for each in found]
    assert levels[8] == pytest.approx(0.0, abs=2.0)
    assert levels[-1] is not None and 12.0 < levels[-1] < 22.0
    assert max(each.voice for each in found) < 0.05


def test_the_delay_is_found_anew_when_it_moves(music: Pcm) -> None:
    half = len(music) // 2
    far = Room(delay=0.4).heard(music)
    heard = np.concatenate((Room(delay=0.1).heard(music)[:half], far[half:]))
    delays = [each.delay for each in told(music, heard)]
    assert delays[8] == pytest.approx(0.08, abs=0.01) and delays[-1] == pytest.approx(0.38, abs=0.01)


def test_while_it_may_be_the_player_nothing_is_said(music: Pcm) -> None:
    first = told(music, Room().heard(music))[:2]
    assert all(each.quality == 0.0 and each.level is None and each.voice == 0.0 for each in first)


def test_blocks_of_any_size_tell_the_same(music: Pcm) -> None:
    part = music[: 12 * SAMPLE_RATE]
    heard, one, other = Room().heard(part), RoomEar(), RoomEar()
    one.play(part)
    other.play(part)
    whole = one.hear(heard, 0)
    parts = [each for part in np.array_split(heard, 37) for each in other.hear(part, 0)]
    assert [each.voice for each in whole] == [each.voice for each in parts]
    assert len(whole) == len(parts) == 6


def test_a_gap_begins_anew(music: Pcm) -> None:
    ear = RoomEar()
    heard = Room().heard(music)
    found: list[RoomHeard] = []
    for second in range(20):
        part = slice(second * SAMPLE_RATE, (second + 1) * SAMPLE_RATE)
        if second == 12:
            before, found = found, []
            ear.gap()
        ear.play(music[part])
        found += ear.hear(heard[part], 0)
    after = found
    assert before[-1].delay is not None and after[0].quality == 0.0


def test_to_sixteen_kilohertz_without_aliases() -> None:
    def tone(hertz: float) -> float:
        wave = np.sin(2 * np.pi * hertz * np.arange(SAMPLE_RATE) / SAMPLE_RATE).astype(np.float32)
        return float(np.sqrt(np.mean(np.square(Decimator().push(wave)[100:-100]))))

    assert tone(1000.0) == pytest.approx(np.sqrt(0.5), rel=0.01)
    assert 20 * np.log10(tone(12_000.0)) < -45.0
    pushed = Decimator()
    assert sum(len(pushed.push(np.zeros(n, np.float32))) for n in (1, 7, 960, 48_000 - 968)) == RATE
