"""Words in the reader's language: gettext catalogues (`locale/*/LC_MESSAGES/*.po`), read by Babel."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

from babel import Locale, negotiate_locale
from babel.dates import format_time
from babel.messages.pofile import read_po

LOCALES: Final = Path(__file__).parent / "locale"
SOURCE: Final = "en"  # the language in which the templates are written


@dataclass(frozen=True, slots=True)
class Language:
    """A catalogue. A message without a translation stays English."""

    code: str
    name: str  # in its own language
    messages: Mapping[str, str]
    plurals: Mapping[str, tuple[str, ...]]

    def __call__(self, message: str, **values: object) -> str:
        """`values` replace %(name)s in the translation."""
        text = self.messages.get(message, message)
        return text % values if values else text

    def several(self, one: str, many: str, count: int, **values: object) -> str:
        forms = self.plurals.get(one)
        rule = self.locale.plural_form
        if forms is None:
            text = one if count == 1 else many
        else:
            text = forms[min(0 if rule(count) == "one" else 1, len(forms) - 1)]
        return text % {"count": count, **values}

    @property
    def locale(self) -> Locale:
        return Locale.parse("en_GB" if self.code == SOURCE else self.code)


def clock_time(at: float, language: Language) -> str:
    """Of a Unix time, in this machine's zone: the room's clock, whatever the reader's says."""
    local = datetime.fromtimestamp(at, UTC).astimezone()
    return str(format_time(local, "short", tzinfo=local.tzinfo, locale=language.locale))


@cache
def languages() -> Mapping[str, Language]:
    """By code, English first."""
    found = {SOURCE: Language(SOURCE, "English", {}, {})}
    for folder in sorted(LOCALES.iterdir()):
        if folder.is_dir():
            found[folder.name] = _read(folder)
    return found


def _read(folder: Path) -> Language:
    messages: dict[str, str] = {}
    plurals: dict[str, tuple[str, ...]] = {}
    for file in sorted(folder.glob("LC_MESSAGES/*.po")):
        with file.open("rb") as lines:
            catalogue = read_po(lines, locale=folder.name)
        for message in catalogue:
            if not message.id or message.fuzzy:
                continue
            if isinstance(message.id, str):
                if message.string:
                    messages[message.id] = str(message.string)
            elif isinstance(message.string, tuple | list) and all(message.string):
                plurals[message.id[0]] = tuple(message.string)
    name = Locale.parse(folder.name).get_display_name() or folder.name
    return Language(folder.name, name[:1].upper() + name[1:], messages, plurals)


def language_for(chosen: str | None, accepted: str) -> Language:
    """What the reader chose, else what the browser asks for (`Accept-Language`), else English."""
    known = languages()
    if chosen is not None and chosen in known:
        return known[chosen]
    wanted = [part.split(";")[0].strip() for part in accepted[:200].split(",")]
    match = negotiate_locale([w for w in wanted if w], list(known), sep="-")
    return known[match or SOURCE]
