"""`lull report`: what was played, what helped, how sure."""

import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from player.errors import LibraryError
from player.units import Seconds

LONGEST = 36_500  # days


def since_day(text: str) -> Seconds:
    """Local midnight of YYYY-MM-DD, or that many days ago. Raises `typer.BadParameter`."""
    try:
        today = datetime.now(UTC).astimezone().date()
        back = text.isdecimal() and int(text) <= LONGEST
        day = today - timedelta(days=int(text)) if back else date.fromisoformat(text)
        return Seconds(datetime.combine(day, time.min).astimezone().timestamp())
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(f"{text!r} is no day: write 2026-01-31, or how many days back.") from error


def report(
    *,
    out: Annotated[Path | None, typer.Option(metavar="FILE.html", help="Write one HTML file.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="D", help="First day: 2026-01-31, or days back.")
    ] = None,
    language: Annotated[str, typer.Option(help="en, de, …")] = "en",
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings file; every key has a default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """What was played, what helped, how sure; also while Lull runs."""
    from adapters.report.gather import gather
    from adapters.report.page import html
    from adapters.report.rows import JournalRows
    from adapters.settings_file import load_all
    from adapters.web.translation import languages

    if out is None and not as_json:
        raise typer.BadParameter("name a file: --out FILE.html, or ask for numbers: --json")
    if language not in languages():
        raise typer.BadParameter(f"there is no language {language!r}: use {', '.join(languages())}")
    begin = since_day(since) if since is not None else None
    settings, profile = load_all(config)
    figures = gather(JournalRows(Path(settings.data) / "journal.db", profile.id), profile.id, begin)
    if out is not None:
        try:
            out.write_text(html(figures, language, datetime.now(UTC).astimezone()), encoding="utf-8")
        except OSError as error:
            raise LibraryError(f"{out} cannot be written ({error.strerror}): name another file.") from error
    if as_json:
        sys.stdout.write(msgspec.json.encode(figures).decode() + "\n")
