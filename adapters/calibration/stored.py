"""The result of a calibration, in the data folder: it belongs to one sound device."""

import os
from pathlib import Path
from typing import Final

from msgspec import Struct, json, structs

from player.errors import StoreError
from player.settings import AudioSettings, Settings
from player.units import Seconds

NAME: Final = "calibration.json"
LONGEST: Final = 10_000  # bytes


class Calibration(Struct, frozen=True, kw_only=True):
    full_scale_dba: float  # dB(A) at the ear
    device: str  # as the settings name it
    at: Seconds  # Unix time


def load_calibration(folder: Path) -> Calibration | None:
    """None: there is none, or it cannot be read."""
    try:
        with (folder / NAME).open("rb") as file:
            return json.decode(file.read(LONGEST), type=Calibration)
    except (OSError, ValueError):
        return None


def calibrated(settings: Settings) -> Settings:
    """With what was measured last for this device; it goes before the settings' file.

    A measurement that cannot be used is as none: the limits in percent hold at any time.
    """
    known = load_calibration(Path(settings.data))
    if known is None or known.device != settings.audio.device or not _possible(known.full_scale_dba):
        return settings
    audio = structs.replace(settings.audio, full_scale_dba=known.full_scale_dba)
    return structs.replace(settings, audio=audio)


def keep(folder: Path, calibration: Calibration | None) -> None:
    """Whole or not at all; None removes it. Raises `StoreError`."""
    path, new = folder / NAME, folder / f".{NAME}.new"
    try:
        if calibration is None:
            path.unlink(missing_ok=True)
            return
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with new.open("wb") as file:
            file.write(json.encode(calibration))
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be written ({error.strerror}): check the folder.") from error


def _possible(full_scale_dba: float) -> bool:
    try:
        json.decode(json.encode(AudioSettings(full_scale_dba=full_scale_dba)), type=AudioSettings)
    except ValueError:
        return False
    return True
