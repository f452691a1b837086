"""Every word of the page in every language, with the same blanks to fill."""

import re

import pytest

from adapters.web.translation import Language, language_for, languages
from tests.web.messages import extracted

BLANK = re.compile(r"%\(\w+\)s")
OTHERS = [language for language in languages().values() if language.code != "en"]


def test_there_are_at_least_two_other_languages() -> None:
    assert {"de", "fr"} <= set(languages())


@pytest.mark.parametrize("language", OTHERS, ids=lambda language: language.code)
def test_nothing_is_left_in_english(language: Language) -> None:
    known = {*language.messages, *language.plurals}
    missing = {text: where for text, where in extracted().items() if text not in known}
    assert missing == {}


@pytest.mark.parametrize("language", OTHERS, ids=lambda language: language.code)
def test_the_blanks_are_the_same(language: Language) -> None:
    for text, translated in language.messages.items():
        assert sorted(BLANK.findall(text)) == sorted(BLANK.findall(translated)), text
        if BLANK.search(text):
            assert translated % dict.fromkeys(re.findall(r"%\((\w+)\)s", text), "x")


@pytest.mark.parametrize(
    ("chosen", "accepted", "code"),
    [
        (None, "de-AT,de;q=0.9,en;q=0.5", "de"),
        (None, "fr", "fr"),
        ("fr", "de", "fr"),
        ("xx", "de", "de"),
        (None, "ja", "en"),
        (None, "", "en"),
        (None, "*", "en"),
        (None, "\x00;;,,q=", "en"),
        (None, "a" * 5000, "en"),
    ],
)
def test_the_reader_gets_a_language_that_is_there(chosen: str | None, accepted: str, code: str) -> None:
    assert language_for(chosen, accepted).code == code


def test_plurals() -> None:
    german = languages()["de"]
    one, many = "Too many wrong PINs. Try again in %(count)s minute. Stop and quieter work without a PIN.", ""
    assert "1 Minute " in german.several(one, many, 1)
    assert "2 Minuten " in german.several(one, many, 2)
