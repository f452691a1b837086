"""The five questions that family can answer, as data, and a profile made of the answers."""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from adapters.resident.answers import hours_of, languages_of, taste_of
from player.errors import SettingsError
from player.settings import Profile, Slug

NAMED: Final = "titles and artists, separated by ;"


class Question(Struct, frozen=True):
    key: str
    text: str
    hint: str
    default: str = ""


QUESTIONS: Final = (
    Question("birth_year", "In which year was the resident born?", "music of one’s youth is most familiar"),
    Question("languages", "Which languages does the resident know?", "as in: English, German", "en"),
    Question("loved", "Which music is loved?", NAMED),
    Question("never", "Which music must never be played?", NAMED),
    Question("risk", "How easily is the resident upset?", "low, moderate or high", "moderate"),
    Question(
        "quiet_hours", "When shall no music begin by itself?", "as in 21:30-07:00, or none", "21:30-07:00"
    ),
)  # the last two are one question of two parts: how to be careful


def check_pseudonym(text: str) -> str:
    """The same text. Raises `SettingsError`."""
    try:
        return msgspec.convert(text, Slug)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{text!r} must be 1 to 32 small letters, digits or hyphens", key="id") from error


def profile_of(pseudonym: str, answers: Mapping[str, str], base: Profile | None = None) -> Profile:
    """base: what was known; a question without an answer leaves it as it is. Raises `SettingsError`."""
    known = msgspec.to_builtins(base or Profile(id="x")) | {"id": pseudonym}
    for question in QUESTIONS:
        if question.key in answers:
            known[question.key] = _answered(question.key, answers[question.key].strip())
    try:
        return msgspec.convert(known, Profile)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at ")
        key = where.strip("`").removeprefix("$.") or "answer"
        raise SettingsError(f"cannot be used ({what}): see `lull resident add --help`", key=key) from error


def _answered(key: str, answer: str) -> object:
    match key:
        case "birth_year":
            if not answer:
                return None
            if not answer.isdecimal():
                raise SettingsError("must be a year such as 1938", key=key)
            return int(answer)
        case "languages":
            return languages_of(answer)
        case "loved" | "never":
            return msgspec.to_builtins(taste_of(answer))
        case "quiet_hours":
            return hours_of(answer)
        case _:
            return answer
