import pytest

from adapters.library.demo.notation import Note, Stroke, chords, grid, pitch, tune


@pytest.mark.parametrize(("name", "key"), [("c4", 60), ("a4", 69), ("bb3", 58), ("f#5", 78), ("b4", 71)])
def test_note_names(name: str, key: int) -> None:
    assert pitch(name) == key


def test_tune_has_a_pickup_before_zero_sticky_durations_and_rests() -> None:
    assert tune("g4:.5 g4 | c5:2 r:1 | c5:1.5", 3) == (
        Note(-1.0, 0.5, 67),
        Note(-0.5, 0.5, 67),
        Note(0.0, 2.0, 72),
        Note(3.0, 1.5, 72),
    )


@pytest.mark.parametrize("text", ["| c4:1 d4 e4 | c4:3", "| c4:1 d4 e4 f4 g4 | c4:4", "| c4:4 | h4:4"])
def test_tune_with_a_wrong_bar_or_note_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"beats|no note"):
        tune(text, 4)


def test_chords_share_their_bar_or_say_how_long_they_are() -> None:
    first, second, third = chords("C | Dm7/G:3 Bb:1", 4)
    assert (first.start, first.length, first.classes, first.bass) == (0.0, 4.0, (0, 4, 7), 0)
    assert (second.start, second.length, second.classes, second.bass) == (4.0, 3.0, (2, 5, 9, 0), 7)
    assert (third.start, third.classes) == (7.0, (10, 2, 5))


@pytest.mark.parametrize("text", ["C:3 | G", "H", "C7#9"])
def test_chords_that_do_not_fill_a_bar_or_are_unknown_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="chord"):
        chords(text, 4)


def test_voicing_stays_within_the_octave_from_its_lowest_key() -> None:
    (chord,) = chords("F7/A", 4)
    assert chord.voicing(52) == (53, 57, 60, 63)
    assert chord.root(36) == 45
    assert chord.fifth(36) == 36


def test_grid_prolongs_ties_and_leaves_silence_out() -> None:
    assert grid("B - . C", 4) == (Stroke(0.0, 2.0, "B"), Stroke(3.0, 1.0, "C"))
