"""The report as one HTML file: no script, no request to anywhere, made to be printed."""

from datetime import date, datetime
from functools import partial
from typing import Final

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from adapters.report import figures, pictures
from adapters.report.figures import Report
from adapters.report.statistics import Interval
from adapters.web import named
from adapters.web.translation import Language, languages

MOST_SENSORS: Final = 40


def html(report: Report, language: str, made: datetime, *, back: str = "") -> str:
    """language: a code of `languages()`; others are English. back: the address of the page it belongs to."""
    words = languages().get(language) or languages()["en"]
    environment = Environment(
        loader=PackageLoader("adapters.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    show = Show(words)
    environment.filters.update(
        number=show.number, share=show.share, interval=show.interval, day=show.day, clock=show.clock
    )
    for name, named_by in (("quantity", named.quantity), ("button", named.button), ("person", named.person)):
        environment.filters[name] = partial(named_by, _=words)
    pictured = {
        name: Markup(draw(report, words))  # matplotlib escapes the words it draws
        for name, draw in (
            ("played", pictures.played), ("hours", pictures.hours),
            ("outcomes", pictures.outcomes), ("tracks", pictures.tracks),
        )
    }  # fmt: skip
    template = environment.get_template("report.html")
    return template.render(
        r=report,
        _=words,
        language=words.code,
        back=back,
        made=show.day(made.date().isoformat()),
        pictures=pictured,
        measured=pictures.measured(report.tracks),
        rules=figures,
        most_sensors=MOST_SENSORS,
    )


class Show:
    """Numbers and dates as the reader writes them."""

    def __init__(self, words: Language) -> None:
        self._locale = words.locale

    def number(self, value: float, digits: int = 0, *, signed: bool = False) -> str:
        decimals = f".{'0' * digits}" if digits else ""
        text = format_decimal(value, f"#,##0{decimals}", locale=self._locale)
        return f"+{text}" if signed and value > 0 else text

    def share(self, value: float) -> str:
        return format_percent(value, "#,##0 %", locale=self._locale)

    def interval(self, value: Interval | None) -> str:
        if value is None:
            return "–"
        mean, low, high = (self.number(v, 2, signed=True) for v in (value.mean, value.low, value.high))
        return f"{mean} [{low}; {high}]"

    def day(self, value: str) -> str:
        return format_date(date.fromisoformat(value), "medium", locale=self._locale)

    @staticmethod
    def clock(minute: int) -> str:
        return f"{minute // 60:02d}:{minute % 60:02d}"
