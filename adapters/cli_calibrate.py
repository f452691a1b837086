"""`lull calibrate`: tie digital level to dB(A) at the ear."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from player.settings import Settings
from player.units import Decibels, Seconds, volume_to_db

if TYPE_CHECKING:
    from adapters.calibration.noise import NoisePlayer


def calibrate(
    *,
    reading: Annotated[
        float | None, typer.Option(min=15, max=110, help="The meter's dB(A), read earlier; plays nothing.")
    ] = None,
    volume: Annotated[float | None, typer.Option(min=5, max=100, help="At this volume, percent.")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Forget what was measured.")] = False,
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings file; every key has a default.")
    ] = None,
) -> None:
    """Play quiet noise, ask for the meter's reading: then the limits in dB(A) hold."""
    from adapters.calibration.asking import check_result
    from adapters.calibration.noise import full_scale_dba
    from adapters.calibration.stored import Calibration, keep
    from adapters.settings_file import load_all

    settings, profile = load_all(config)
    data = Path(settings.data)
    if clear:
        keep(data, None)
        _tell_the_running(data, settings.audio.full_scale_dba)
        typer.echo("What was measured is forgotten.")
        return
    if (reading is None) != (volume is None):
        raise typer.BadParameter("--reading and --volume belong together")
    if reading is not None and volume is not None:
        value = full_scale_dba(reading, volume_to_db(volume))
    else:
        from adapters.calibration.asking import measure
        from adapters.calibration.quiet import music_paused

        with music_paused(data):
            value = measure(lambda level: _noise(settings, level), profile, _ask, typer.echo)
    full = check_result(value)
    keep(data, Calibration(full_scale_dba=full, device=settings.audio.device, at=Seconds(time.time())))
    held = _tell_the_running(data, full)
    day, night = profile.volume.max_dba, profile.volume.night_max_dba
    typer.echo(f"Digital full scale is {full:.1f} dB(A) at the ear.")
    typer.echo(f"The music stays below {day:g} dB(A), in quiet hours below {night:g}.")
    typer.echo("It holds in the Lull that runs." if held else "It holds from the next start.")


def _noise(settings: Settings, level: Decibels) -> "NoisePlayer":
    from adapters.audio.output import open_sink
    from adapters.calibration.noise import NoisePlayer

    return NoisePlayer(lambda: open_sink(settings.audio.device, settings.audio.buffer_ms), level)


def _ask(question: str) -> str:
    return str(typer.prompt(question, default="", show_default=False))


def _tell_the_running(data: Path, full_scale_dba: float | None) -> bool:
    """False: none runs."""
    from adapters.calibration.quiet import running
    from adapters.control import Calibrate, ask

    if not running(data):
        return False
    ask(data, Calibrate(full_scale_dba=full_scale_dba))
    return True
