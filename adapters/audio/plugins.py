"""ALSA's plugins but the one that encodes for a surround receiver, which brings a second FFmpeg along.

PortAudio opens every device that ALSA knows by name, to look at it: with Debian's libasound2-plugins that
loads 120 libraries, 14 MiB of each audio process and a tenth of a second of its start.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

PLACES: Final = "lib/*/alsa-lib"  # below /usr, where Debian's libraries for each kind of processor are
HEAVY: Final = "a52"


@contextmanager
def light_plugins(device: str, usr: Path = Path("/usr")) -> Iterator[Mapping[str, str]]:
    """Environment for processes that open `device`; empty where things are not as Debian has them, where
    somebody chose the plugins, and for a device that is the heavy one."""
    found = list(usr.glob(PLACES))
    if len(found) != 1 or HEAVY in device or "ALSA_PLUGIN_DIR" in os.environ:
        yield {}
        return
    try:
        place = tempfile.TemporaryDirectory(prefix="lull-alsa-")
    except OSError:  # nowhere to write: 14 MiB matter less than the music
        yield {}
        return
    with place as name:
        for plugin in found[0].iterdir():
            if HEAVY not in plugin.name:
                with suppress(OSError):
                    Path(name, plugin.name).symlink_to(plugin)
        yield {"ALSA_PLUGIN_DIR": name}
