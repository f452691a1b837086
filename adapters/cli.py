"""The command `lull`: arguments in, one named failure or an answer out."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
import typer
from rich.console import Console

from player.errors import LullError
from player.settings import LibrarySettings, Profile, Settings

# Numeric libraries must not start threads of their own beside the sound.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="An adaptive bedside music player for people living with dementia.",
)
Config = Annotated[Path | None, typer.Option("--config", help="Settings file; every key has a default.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


@app.command()
def run(
    config: Config = None,
    music: Annotated[
        list[Path] | None, typer.Option(help="A folder of music, instead of the settings'.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Log lines instead of the live view.")] = False,
) -> None:
    """Play, listen, adapt, until stopped."""
    from adapters.app import run_service

    settings, profile = _load(config)
    if music:
        library = LibrarySettings(
            folders=tuple(str(folder) for folder in music), formats=settings.library.formats
        )
        settings = msgspec.structs.replace(settings, library=library)
    live = not quiet and sys.stdout.isatty()
    _log_lines(logging.WARNING if live else logging.INFO)
    run_service(settings, profile, live=live)


@app.command()
def check(config: Config = None) -> None:
    """Try every part in turn and say what to do."""
    from adapters.check import check_all

    settings, profile = _load(config)
    raise typer.Exit(0 if check_all(settings, profile, Console()) else 1)


@app.command()
def analyze(
    source: Annotated[str, typer.Argument(help="A file or URL.")],
    as_json: Json = False,
) -> None:
    """What Lull hears in one piece."""
    from adapters.library.report import analyze_one, as_table

    answer = analyze_one(source)
    if as_json:
        _print_json(answer)
    else:
        Console().print(as_table(answer))


@app.command()
def scan(
    paths: Annotated[list[Path], typer.Argument(help="Folders or files of music.")],
    workers: Annotated[int, typer.Option(min=0, help="Processes; 0: one for each core.")] = 0,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Analyse music ahead of time; what is known is skipped."""
    from adapters.library.report import scan_paths
    from adapters.store.catalogue import Catalogue

    settings, _ = _load(config)
    catalogue = Catalogue(Path(settings.data) / "catalogue.db")
    formats = settings.library.formats
    try:
        answer = scan_paths(paths, formats, catalogue, workers or os.cpu_count() or 1, Console(stderr=True))
    finally:
        catalogue.close()
    if as_json:
        _print_json(answer)


def _load(config: Path | None) -> tuple[Settings, Profile]:
    from adapters.settings_file import load_all

    return load_all(config)


def _print_json(answer: object) -> None:
    sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")


def _log_lines(level: int) -> None:
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)


def main() -> NoReturn:
    """Exit codes: 0 done, 1 a named failure, 2 wrong usage."""
    sys.exit(_guard(lambda: app(standalone_mode=True)))


def _guard(command: Callable[[], object]) -> int:
    failed = False
    try:
        command()
    except* LullError as errors:  # alone, or out of a task group; anything else ends with its traceback
        for error in _leaves(errors):
            Console(stderr=True, highlight=False).print(f"lull: {error}", markup=False, soft_wrap=True)
        failed = True
    return 1 if failed else 0


def _leaves(group: BaseExceptionGroup[LullError]) -> Iterator[LullError]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


if __name__ == "__main__":
    main()
