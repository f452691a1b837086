"""The door of a running Lull for this machine's own commands: one JSON line in, one JSON line out.

A Unix socket in the data folder, mode 0600: who may read the data may ask.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from msgspec import DecodeError, Struct, ValidationError, json

from adapters.store.erase import Erased
from player.errors import LullError, StoreError
from player.settings import Profile

log = logging.getLogger("lull")

NAME: Final = "control.sock"
LONGEST: Final = 256 * 1024  # bytes of a line
AT_ONCE: Final = 4  # connections; more are refused
PATIENCE: Final = 10.0  # s for a question to arrive
ANSWER_PATIENCE: Final = 120.0  # s; forgetting a large journal takes seconds


class ShowProfile(Struct, frozen=True, tag="profile"):
    """Which profile is in force?"""


class StateProfile(Struct, frozen=True, tag="state-profile", forbid_unknown_fields=True):
    """From now on this profile is in force."""

    profile: Profile


class Forget(Struct, frozen=True, tag="forget", forbid_unknown_fields=True):
    resident: str


class Calibrate(Struct, frozen=True, tag="calibrate", forbid_unknown_fields=True):
    full_scale_dba: float | None


class Hush(Struct, frozen=True, tag="hush", forbid_unknown_fields=True):
    """Pause the music for a measurement; and let go on what was paused so."""

    quiet: bool


Request = ShowProfile | StateProfile | Forget | Calibrate | Hush


class Answer(Struct, frozen=True, kw_only=True):
    ok: bool = True
    problem: str = ""  # when not ok: one sentence
    profile: Profile | None = None
    erased: Erased | None = None


Handle = Callable[[Request], Awaitable[Answer]]


class ControlDoor:
    """`handle` answers each request; a `LullError` of it is told to who asked."""

    def __init__(self, folder: Path, handle: Handle) -> None:
        self._folder, self._handle = folder, handle
        self._open = 0

    async def run(self) -> None:
        """Until cancelled. Music does not depend on it: without a socket it says so and ends."""
        try:
            listening = _listen(self._folder)
        except StoreError as error:
            log.warning("%s", error)
            return
        try:
            server = await asyncio.start_unix_server(self._serve, sock=listening, limit=LONGEST)
            async with server:
                await server.serve_forever()
        finally:
            with suppress(OSError):
                (self._folder / NAME).unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            answer = await self._answer(reader)
            writer.write(json.encode(answer) + b"\n")
            await writer.drain()
        except OSError:
            pass  # who asked has gone
        finally:
            self._open -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> Answer:
        if self._open > AT_ONCE:
            return Answer(ok=False, problem="Too many ask at once: try again.")
        try:
            async with asyncio.timeout(PATIENCE):
                line = await reader.readline()
            request = json.decode(line, type=Request)
        except TimeoutError:
            return Answer(ok=False, problem="The question did not arrive in time.")
        except (ValueError, DecodeError, ValidationError, RecursionError) as error:
            return Answer(ok=False, problem=f"The question is not understood: {error}")
        try:
            return await self._handle(request)
        except LullError as error:
            return Answer(ok=False, problem=str(error))


def ask(folder: Path, request: Request) -> Answer:
    """From another process. Raises `StoreError` when nobody answers, or when the answer is a problem."""
    try:
        with reached(folder) as path, socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_PATIENCE)
            connection.connect(path)
            connection.sendall(json.encode(request) + b"\n")
            with connection.makefile("rb") as lines:
                line = lines.readline(LONGEST)
        answer = json.decode(line, type=Answer)
    except (OSError, ValueError) as error:
        raise StoreError(
            f"The Lull that runs on {folder} does not answer ({error}): try again, or stop it first."
        ) from error
    if not answer.ok:
        raise StoreError(answer.problem)
    return answer


def _listen(folder: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX)
    try:
        os.fchmod(listening.fileno(), 0o600)  # before it has a name: no moment in which others may ask
        with reached(folder) as path:
            Path(path).unlink(missing_ok=True)  # of a run that was killed; the data folder is ours alone
            listening.bind(path)
    except OSError as error:
        listening.close()
        raise StoreError(f"{folder / NAME} cannot be made ({error.strerror}): check the folder.") from error
    return listening


@contextmanager
def reached(folder: Path) -> Iterator[str]:
    """A path short enough for a socket (107 bytes), however long that of the folder is."""
    opened = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{opened}/{NAME}"
    finally:
        os.close(opened)
