"""Opens a device in a process of its own: a sound system that crashes takes only the probe with it."""

import subprocess
import sys
from typing import Final

from adapters.audio.output import open_sink
from adapters.audio.portaudio import refresh_devices
from player.errors import OutputError
from player.ports.audio import AudioSink
from player.units import Seconds

PATIENCE: Final = Seconds(10.0)
BROKEN: Final = "crashes the sound system: check the ALSA configuration, or name another device."


def probe(device: str, buffer_ms: int) -> str:
    """The name of the sink that opens. Raises `OutputError`."""
    argv = [sys.executable, "-m", "adapters.audio.probe", device, str(buffer_ms)]
    try:
        answer = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired as error:
        raise OutputError(device, f"does not answer within {PATIENCE:.0f} s") from error
    if answer.returncode == 0:
        return answer.stdout.strip()
    raise OutputError(device, answer.stdout.strip() if answer.returncode == 1 and answer.stdout else BROKEN)


def open_probed(device: str, buffer_ms: int) -> AudioSink:
    """`open_sink`, tried elsewhere first. Raises `OutputError`."""
    probe(device, buffer_ms)
    refresh_devices()
    return open_sink(device, buffer_ms)


def main() -> None:
    try:
        with open_sink(sys.argv[1], int(sys.argv[2])) as sink:
            sys.stdout.write(sink.name)
    except OutputError as error:
        sys.stdout.write(error.problem)
        sys.exit(1)


if __name__ == "__main__":
    main()
