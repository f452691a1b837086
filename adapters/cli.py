"""The command `lull`: arguments in, one named failure or an answer out."""

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import msgspec
import typer

from adapters.cli_calibrate import calibrate
from adapters.cli_mqtt import mqtt
from adapters.cli_report import report
from adapters.cli_resident import resident
from adapters.logs import legible, start_logging
from player.errors import LibraryError, LullError, UsageError
from player.model import ScanMode
from player.settings import LibrarySettings, Profile, Settings

if TYPE_CHECKING:
    from rich.console import Console

# Numeric libraries must not start threads of their own beside the sound.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(mqtt, name="mqtt")
app.command("report")(report)
app.command("calibrate")(calibrate)
app.add_typer(resident, name="resident")
# readable=False: what cannot be read is told where it is read, with what to do
Config = Annotated[
    Path | None, typer.Option("--config", readable=False, help="Settings file; every key has a default.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def _tell_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        sys.stdout.write(f"lull {version('lull')}\n")
        raise typer.Exit


@app.callback()
def lull(
    _version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Say which Lull this is.")
    ] = False,
) -> None:
    """An adaptive bedside music player for people living with dementia."""


@app.command()
def run(
    config: Config = None,
    music: Annotated[
        list[Path] | None, typer.Option(help="A folder of music, instead of the settings'.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Log lines instead of the live view.")] = False,
) -> None:
    """Play, listen, adapt, until stopped."""
    from adapters.audio.launch import Launcher
    from adapters.audio.plugins import light_plugins
    from adapters.fallback import given
    from adapters.system.child import bound
    from adapters.system.notify import unhurried

    start = given(config)
    settings = start.settings
    if music:
        library = LibrarySettings(
            folders=tuple(str(folder) for folder in music), formats=settings.library.formats
        )
        settings = msgspec.structs.replace(settings, library=library)
        start = msgspec.structs.replace(start, settings=settings)
    live = not quiet and sys.stdout.isatty()
    start_logging(logging.WARNING if live else logging.INFO)
    with (
        light_plugins(settings.audio.device) as plugins,
        closing(Launcher(settings.audio, bound, plugins)) as launcher,
        unhurried(),
    ):
        launcher.early()  # it loads while the rest of the brain is loaded here

        from adapters.app import run_service

        run_service(start, launcher, live=live)


@app.command()
def check(config: Config = None) -> None:
    """Try every part in turn and say what to do."""
    from adapters.check import check_all

    settings, profile = _load(config)
    raise typer.Exit(0 if check_all(settings, profile, _people()) else 1)


@app.command()
def analyze(
    source: Annotated[str, typer.Argument(help="A file or URL.")],
    plot: Annotated[
        Path | None, typer.Option(metavar="OUT.png", readable=False, help="Draw what was heard.")
    ] = None,
    as_json: Json = False,
) -> None:
    """What Lull hears in one piece."""
    from adapters.library.report import analyze_one, as_table

    if plot is None:
        answer = analyze_one(source)
    else:
        from adapters.library.picture import Recording, draw, require_place

        require_place(plot)
        recording = Recording()
        answer = analyze_one(source, recording)
        draw(recording, f"{answer.track.title}  {answer.track.artist}", plot)
    if answer.missing:
        _people(stderr=True).print(
            legible(f"{answer.track.uri}: {answer.missing}"), markup=False, soft_wrap=True
        )
    if as_json:
        _print_json(answer)
    else:
        _people().print(as_table(answer))


@app.command()
def scan(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(readable=False, help="Folders or files of music; none: those of the settings."),
    ] = None,
    *,
    mode: Annotated[ScanMode, typer.Option(help="Excerpts of each track, or every second.")] = ScanMode.FULL,
    workers: Annotated[int, typer.Option(min=0, help="Processes; 0: one for each core.")] = 0,
    cluster: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Of a Dask scheduler that has workers.")
    ] = "",
    maps: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="LOCAL=REMOTE", help="Where the cluster finds a folder: path or URL."),
    ] = None,
    pace: Annotated[bool, typer.Option("--pace", help="Leave the machine to what else it does.")] = False,
    export: Annotated[
        Path | None,
        typer.Option(metavar="FILE.parquet", readable=False, help="Write all that is known as a table."),
    ] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Analyse music ahead of time; what is known is skipped."""
    from adapters.library.interrupt import interrupted_once
    from adapters.library.parquet import export as write
    from adapters.library.parquet import require_parquet
    from adapters.library.progress import Interrupted, ScanOptions, scan_watched, tell
    from adapters.library.scan import ScanResult
    from adapters.settings_file import default_config, load_settings
    from adapters.store.catalogue import Catalogue

    settings = load_settings(config or default_config())
    if export is not None:
        require_parquet(export)
    options = ScanOptions(mode=mode, workers=workers, cluster=cluster, paced=pace, maps=tuple(maps or ()))
    console = _people(stderr=True)
    paths = paths or [Path(folder) for folder in settings.library.folders]
    if not paths:
        console.print("No folder of music is named: give one, or set `library.folders` in the settings.")
        if as_json:
            _print_json(ScanResult(mode=mode.value))
        raise typer.Exit(0)  # the nightly scan of a demo has nothing to do
    why: LullError | None = None

    def say(error: LullError) -> None:
        console.print(f"lull: {legible(str(error))}", markup=False, highlight=False, soft_wrap=True)

    with (
        interrupted_once() as ending,
        closing(Catalogue(Path(settings.data) / "catalogue.db", say)) as catalogue,
    ):
        try:
            answer = scan_watched(paths, settings.library.formats, catalogue, options, console)
        except Interrupted as interrupted:
            answer, why = interrupted.result, interrupted.why
            if answer.tracks or answer.skipped or answer.failed:
                tell(answer, console)
        if as_json:  # before what may fail: the scan was done
            _print_json(answer)
        if export is not None:
            write(catalogue.analysed(), export)
    if why is not None and ending.by is signal.SIGTERM:  # asked for by the system, and no failure
        say(why)
        raise typer.Exit(128 + signal.SIGTERM)
    if why is not None:
        raise why
    if answer.failed and not (answer.tracks or answer.skipped or any(path.is_dir() for path in paths)):
        raise LibraryError("None of the files that were named can be used.")


@app.command()
def simulate(
    *,
    residents: Annotated[int, typer.Option(min=1, help="Virtual residents.")] = 10,
    days: Annotated[int, typer.Option(min=1, help="Days of each.")] = 14,
    policy: Annotated[list[str] | None, typer.Option(help="Which policies; may be repeated.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, the same residents and days.")] = 1,
    workers: Annotated[int, typer.Option(min=0, help="Processes; 0: one for each core.")] = 0,
    as_json: Json = False,
) -> None:
    """Compare policies on virtual residents, beside a world in which music has no effect."""
    from adapters.simulate import DEFAULT_POLICIES
    from adapters.simulated import as_table, simulate_watched

    answer = simulate_watched(
        policy or DEFAULT_POLICIES,
        _people(stderr=True),
        residents=residents,
        days=days,
        seed=seed,
        workers=workers,
    )
    if as_json:
        _print_json(answer)
    else:
        _people().print(as_table(answer))


@app.command()
def ward(
    *,
    config: Config = None,
    share: Annotated[
        str, typer.Option(metavar="GROUP", help="Divide the events among the wards of this group.")
    ] = "",
    web: Annotated[bool, typer.Option("--web", help="As a page in a browser.")] = False,
    listen: Annotated[
        str,
        typer.Option(metavar="HOST:PORT", help="Where that page is; beyond this machine with a PIN."),
    ] = "127.0.0.1:8090",
    new_pin: Annotated[
        bool, typer.Option("--new-pin", help="Change the PIN of that page; everybody is signed out.")
    ] = False,
    as_json: Json = False,
) -> None:
    """All rooms of a home, from what their players publish."""
    from adapters.mqtt.tools import reachable
    from adapters.settings_file import default_config, load_settings
    from adapters.ward.screen import look_once, watch_ward

    settings = load_settings(config or default_config())
    if new_pin:
        from adapters.ward.website import new_ward_pin

        sys.stdout.write(f"The ward's new PIN is {new_ward_pin(settings)}. Everybody is signed out.\n")
        return
    broker = reachable(settings.mqtt, Path(settings.data))
    settings = msgspec.structs.replace(settings, mqtt=broker)
    if as_json:
        _print_json(look_once(settings))
    elif web:
        from adapters.ward.website import show_ward

        show_ward(settings, listen, share=share)
    else:
        watch_ward(settings, _people(), share=share)


@app.command()
def page(
    config: Config = None,
    new_pin: Annotated[
        bool, typer.Option("--new-pin", help="Change the PIN; everybody is signed out.")
    ] = False,
    as_json: Json = False,
) -> None:
    """How to reach the page: its address, the PIN, a QR code for a phone, a link for the family."""
    from adapters.settings_file import default_config, load_settings
    from adapters.web.invitation import as_text, invitation

    answer = invitation(load_settings(config or default_config()), new_pin=new_pin)
    if as_json:
        _print_json(answer)
    else:
        sys.stdout.write(as_text(answer))


def _load(config: Path | None) -> tuple[Settings, Profile]:
    from adapters.calibration.stored import calibrated
    from adapters.settings_file import load_all

    settings, profile = load_all(config)
    return calibrated(settings), profile


def _people(*, stderr: bool = False, highlight: bool = True) -> "Console":
    from rich.console import Console  # a service without a terminal does without

    return Console(stderr=stderr, highlight=highlight)


def _print_json(answer: object) -> None:
    sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")


def main() -> NoReturn:
    """Exit codes: 0 done, 1 a named failure, 2 wrong usage."""
    sys.exit(_guard(lambda: app(standalone_mode=True)))


def _guard(command: Callable[[], object]) -> int:
    code = 0
    try:
        command()
    except* LullError as errors:  # alone, or out of a task group; anything else ends with its traceback
        for error in _leaves(errors):
            _people(stderr=True, highlight=False).print(
                legible(f"lull: {error}"), markup=False, soft_wrap=True
            )
            code = max(code, 2 if isinstance(error, UsageError) else 1)
    return code


def _leaves(group: BaseExceptionGroup[LullError]) -> Iterator[LullError]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


if __name__ == "__main__":
    main()
