"""The audio process: `python -m adapters.audio.child --fd N`, started by `adapters.audio.process`."""

import argparse
import gc
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NoReturn

import msgspec

from adapters.audio.keeper import SinkKeeper
from adapters.audio.listening import Analysis
from adapters.audio.outbox import Outbox
from adapters.audio.portaudio import refresh_devices
from adapters.audio.priority import raise_render_thread, raise_threads
from adapters.audio.probe import open_probed
from adapters.audio.render import Renderer
from adapters.logs import start_logging
from player.model import Listen, MixCommand
from player.units import Seconds

if TYPE_CHECKING:
    from adapters.audio.microphone import Microphone

log = logging.getLogger(__name__)

SWITCH_INTERVAL: Final = Seconds(0.0005)  # how long the render thread waits for the interpreter (DESIGN 2)
LAST_BLOCK: Final = Seconds(0.5)  # for the sink to be closed in good order
SUSPECT_RETRY: Final = Seconds(30.0)  # each try costs a process
REFUSALS: Final = 3  # in a row, of a microphone that is not let go of; tuning constant
READ_BYTES: Final = 1 << 16
NO_ROOM: Final = 3  # exit status: the brain does not read our reports
NO_GRIP: Final = 4  # the driver of the microphone hangs: a fresh process sees the devices anew


def main() -> None:
    arguments = _arguments()
    if os.getppid() != arguments.parent:
        os._exit(0)  # the brain died before we began; nobody would end us
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the brain, which closes us in good order
    sys.setswitchinterval(SWITCH_INTERVAL)
    start_logging(logging.WARNING)
    raise_threads()
    outbox = Outbox(overflow=lambda: os._exit(NO_ROOM))
    microphone = _microphone(arguments.microphone, outbox)
    sink = _sink(arguments, outbox, microphone)  # opens while we load
    _warm_up()
    connection = socket.socket(fileno=arguments.fd)
    _thread("reports", lambda: _pump(outbox, connection))
    analysis = Analysis(report=outbox.put)
    analysis.start()
    sink.begin()
    renderer = Renderer(sink, outbox.put, analysis, microphone.played if microphone else None)
    _thread("commands", lambda: _read_commands(connection, renderer, microphone))
    if microphone is not None:
        microphone.start()
    status = 0
    raise_render_thread()
    try:
        renderer.run()
    except BaseException:
        log.exception("the sound stopped: a fresh process will go on with it")
        status = 1
    # not sys.exit: decoder threads are inside FFmpeg and libVLC, and would be torn down under them
    sys.stderr.flush()
    os._exit(status)


def _sink(arguments: argparse.Namespace, outbox: Outbox, microphone: "Microphone | None") -> SinkKeeper:
    device, buffer_ms = arguments.device, arguments.buffer_ms
    if not arguments.suspect:
        return SinkKeeper(device, buffer_ms, outbox.put, refresh=_refresh(microphone))
    return SinkKeeper(
        device, buffer_ms, outbox.put, opener=open_probed, refresh=lambda: None, retry=SUSPECT_RETRY
    )


def _microphone(device: str, outbox: Outbox) -> "Microphone | None":
    if not device:
        return None
    from adapters.audio.microphone import Microphone  # what it loads, a player without one need not

    return Microphone(device, outbox.put)


def _refresh(microphone: "Microphone | None") -> Callable[[], None]:
    """PortAudio started anew would tear an open microphone down under its thread."""
    if microphone is None:
        return refresh_devices

    refused = 0

    def refresh() -> None:
        nonlocal refused
        refused = 0 if microphone.apart(refresh_devices) else refused + 1
        if refused == REFUSALS:
            os._exit(NO_GRIP)  # the speaker would never come back; nothing is heard now in any case

    return refresh


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="adapters.audio.child")
    parser.add_argument("--fd", type=int, required=True, help="socket for commands and reports")
    parser.add_argument("--parent", type=int, required=True, help="process id of the brain")
    parser.add_argument("--device", default="default")
    parser.add_argument("--buffer-ms", type=int, default=120)
    parser.add_argument("--microphone", default="", help="of the room; opened on command")
    parser.add_argument("--suspect", action="store_true", help="opening the device has killed processes")
    return parser.parse_args()


def _read_commands(
    connection: socket.socket, renderer: Renderer, microphone: "Microphone | None"
) -> NoReturn:
    """One JSON object per line; at the end of file the process ends."""
    decoder = msgspec.json.Decoder(MixCommand)
    rest = b""
    while data := _receive(connection):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            command = decoder.decode(line)
            if isinstance(command, Listen) and microphone is not None:
                microphone.allow(command.on)
            renderer.post(command)
    renderer.close()
    time.sleep(LAST_BLOCK)
    os._exit(0)


def _receive(connection: socket.socket) -> bytes:
    try:
        return connection.recv(READ_BYTES)
    except ConnectionResetError:  # the brain was killed with reports unread: its end all the same
        return b""


def _pump(outbox: Outbox, connection: socket.socket) -> None:
    try:
        outbox.pump(connection)
    except OSError:  # the brain has gone: the command reader sees it too, and ends the process
        return


def _warm_up() -> None:
    """Load FFmpeg and the analyser now: beside a running sound card it would hold the interpreter."""
    import adapters.decode
    import player.analysis.stream  # noqa: F401  loading it is the point

    del adapters.decode
    gc.collect()
    gc.freeze()  # what is loaded now stays: later collections are short


def _thread(name: str, target: Callable[[], None]) -> None:
    threading.Thread(target=target, name=name, daemon=True).start()


if __name__ == "__main__":
    main()
