"""What people answer, as they write it: languages by name, hours with dots, one piece on each line."""

import re
from functools import cache
from typing import Final

from babel import Locale
from babel.core import get_global

from player.errors import SettingsError
from player.settings import Taste

READ_IN: Final = ("en", "de", "fr")  # the names of languages are known in these
NONE: Final = frozenset(
    {"", "-", "no", "none", "never", "nein", "nie", "keine", "non", "jamais", "aucune", "aucun"}
)
ARTIST: Final = re.compile(r"(?:artist|interpret|artiste|interprète)\s*:\s*", re.IGNORECASE)
CODE: Final = re.compile(r"[a-z]{2}")
HOURS: Final = re.compile(r"(\d{1,2})(?:[:.h](\d{2})?)?(?:-|–|—|bis|to|à)(\d{1,2})(?:[:.h](\d{2})?)?")


def languages_of(answer: str) -> list[str]:
    """ISO 639-1 codes. Raises `SettingsError` for a word that is the name of no language."""
    return [_code(word) for word in re.split(r"[,;/\n]|\s(?:and|und|et)\s", answer) if word.strip()]


def _code(word: str) -> str:
    found = known_languages().get(" ".join(word.casefold().split()))
    if found is None:
        raise SettingsError(f"holds {word.strip()!r}, which is no language known here", key="languages")
    return found


@cache
def known_languages() -> dict[str, str]:
    """Codes by name and by code, in small letters."""
    old = get_global("language_aliases")
    codes = [code for code in map(str, Locale("en").languages) if CODE.fullmatch(code) and code not in old]
    found = dict(zip(codes, codes, strict=True))
    for reader in map(Locale, READ_IN):
        found |= {str(reader.languages[code]).casefold(): code for code in codes if code in reader.languages}
    return found


def hours_of(answer: str) -> str | None:
    """HH:MM-HH:MM, as far as it can be read; what cannot stays as it is. None for none."""
    text = "".join(answer.casefold().split()).replace("uhr", "")
    if text in NONE:
        return None
    read = HOURS.fullmatch(text)
    if read is None:
        return answer
    begin, end = f"{int(read[1]):02d}:{read[2] or '00'}", f"{int(read[3]):02d}:{read[4] or '00'}"
    return f"{begin}-{end}"


def taste_of(answer: str) -> Taste:
    """ "artist: Vera Lynn; Greensleeves" → an artist, and a name that may be a piece's or an artist's.

    A new line separates as ";" does.
    """
    artists, tracks = [], []
    for part in re.split(r"[;\n]", answer):
        name = " ".join(part.split())
        artist = ARTIST.match(name)
        if artist:
            artists.append(name[artist.end() :])
        elif name:
            tracks.append(name)
    return Taste(artists=tuple(filter(None, artists)), tracks=tuple(tracks))
