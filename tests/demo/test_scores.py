import itertools

import pytest

from adapters.library.demo import PIECES
from adapters.library.demo.arrangement import Piece, Tone, perform
from adapters.library.demo.notation import tune

# How each tune opens, in semitones from note to note, as anybody sings it.
OPENINGS = {
    "Oh! Susanna": ("verse", [2, 2, 3, 0, 2, -2, -3, -4, 2, 2, 0, -2, -2, 2]),
    "Korobeiniki": ("A", [-5, 1, 2, -2, -1, -2, 0, 3, 4, -2, -2, -1]),
    "Can-Can (Galop infernal)": ("galop", [2, 3, -1, -2, 5, 0, 0, 2, -5, 1, -3, 0]),
    "Turkish March (Rondo alla Turca)": ("A", [-2, -1, 1, 3, 2, -2, -1, 1, 4, 1, -1, -1, 1, 7]),
    "Lullaby (Wiegenlied)": ("song", [0, 3, -3, 0, 3, -3, 3, 5, -1, -2, 0, -2]),
    "Greensleeves": ("verse", [3, 2, 2, 1, -1, -2, -3, -4, 2, 2, 1, -3, 0, -1, 1, 2]),
    "Amazing Grace": ("verse", [5, 4, -4, 4, -2, -2, -3, -2, 0, 5]),
    "Londonderry Air (Danny Boy)": ("first", [1, 2, 2, -2, 2, 5, -2, -3, -2, -2, -3]),
    "Auld Lang Syne": ("verse", [5, 0, 0, 4, -2, -2, 2, 2, -4, 0, 4, 3, 2]),
}
everywhere = pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.title)


def tones_per_second(tones: tuple[Tone, ...]) -> float:
    return len(tones) / max(tone.end for tone in tones)


def test_a_lively_piece_comes_first_and_a_calm_one_next() -> None:
    assert [piece.lively for piece in PIECES[:4]] == [True, False, True, False]
    assert len({piece.title for piece in PIECES}) == len(PIECES) == 9


@everywhere
def test_tune_opens_as_it_is_known(piece: Piece) -> None:
    strain, opening = OPENINGS[piece.title]
    pitches = [note.pitch for note in tune(piece.strains[strain].tune, piece.beats_per_bar)]
    assert [after - before for before, after in itertools.pairwise(pitches)][: len(opening)] == opening


@everywhere
def test_piece_lasts_a_minute_or_two_on_a_keyboard(piece: Piece) -> None:
    tones, _ = perform(piece)
    assert 60 < max(tone.end for tone in tones) < 150
    assert all(21 <= tone.pitch <= 108 and 1 <= tone.velocity <= 127 for tone in tones)
    assert all(0 <= tone.start < tone.end for tone in tones)


@everywhere
def test_no_gap_between_the_parts(piece: Piece) -> None:
    tones, _ = perform(piece)
    heard_until = 0.0
    for tone in tones:
        assert tone.start - heard_until < 1.5
        heard_until = max(heard_until, tone.end)


def test_lively_pieces_have_several_times_the_notes_of_calm_ones() -> None:
    rates = {piece.title: tones_per_second(perform(piece)[0]) for piece in PIECES}
    slowest_lively = min(rates[piece.title] for piece in PIECES if piece.lively)
    fastest_calm = max(rates[piece.title] for piece in PIECES if not piece.lively)
    assert slowest_lively > 2.5 * fastest_calm


def test_performance_is_human_and_the_same_each_time() -> None:
    piece = PIECES[0]
    tones, _ = perform(piece)
    assert perform(piece)[0] == tones
    assert len({tone.velocity for tone in tones}) > 20


def test_pedal_is_up_whenever_the_harmony_changes() -> None:
    for piece in PIECES:
        _, pedals = perform(piece)
        by_voice = itertools.groupby(
            sorted(pedals, key=lambda p: (id(p.voice), p.start)), lambda p: id(p.voice)
        )
        for _, presses in by_voice:
            assert all(before.end < after.start for before, after in itertools.pairwise(presses))
