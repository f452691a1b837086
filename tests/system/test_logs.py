"""What the system's journal gets, over the socket that it would read."""

import logging
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.logs import JournalHandler, LegibleFormatter, start_logging


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as reader:
        reader.bind(str(tmp_path / "journal"))
        reader.settimeout(10.0)
        yield reader


def fields(datagram: bytes) -> dict[str, str]:
    """The journal's own format: `NAME=text`, or NAME, length and text where it has several lines."""
    found = {}
    while datagram:
        line, _, rest = datagram.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            (length,) = struct.unpack("<Q", rest[:8])
            value, rest = rest[8 : 8 + length], rest[8 + length + 1 :]
        found[name.decode()] = value.decode()
        datagram = rest
    return found


def record(level: int, message: str, *args: object, **extra: object) -> logging.LogRecord:
    return logging.LogRecord("adapters.part", level, __file__, 1, message, args, None, **extra)  # type: ignore[arg-type]


def test_a_record_has_fields(journal: socket.socket) -> None:
    handler = JournalHandler(journal.getsockname(), otherwise=logging.NullHandler())
    handler.emit(record(logging.WARNING, "%d pieces, PRIORITY=0", 3))
    handler.emit(record(logging.DEBUG, "one\nand another \ud800"))
    handler.close()
    first, second = fields(journal.recv(65_536)), fields(journal.recv(65_536))
    assert first["MESSAGE"] == "3 pieces, PRIORITY=0"
    assert (first["PRIORITY"], first["SYSLOG_IDENTIFIER"]) == ("4", "lull")
    assert (first["LULL_PART"], first["LULL_THREAD"]) == ("adapters.part", "MainThread")
    assert second["MESSAGE"] == "one\nand another \\ud800"
    assert second["PRIORITY"] == "7"


def test_a_name_in_a_line_does_nothing_to_the_terminal() -> None:
    try:
        int("broken")
    except ValueError:
        failed = record(logging.ERROR, "%s is refused", "a\n\x1b[2J\udcff.mp3")
        failed.exc_info = sys.exc_info()
    line, *traceback = LegibleFormatter("%(message)s").format(failed).splitlines()
    assert line == r"a\n\x1b[2J\udcff.mp3 is refused"
    assert traceback[-1].startswith("ValueError")


def test_a_failure_keeps_its_traceback(journal: socket.socket) -> None:
    handler = JournalHandler(journal.getsockname(), otherwise=logging.NullHandler())
    try:
        int("broken")
    except ValueError:
        failed = record(logging.ERROR, "stopped")
        failed.exc_info = sys.exc_info()
        handler.emit(failed)
    handler.close()
    found = fields(journal.recv(65_536))
    assert found["MESSAGE"].startswith("stopped\nTraceback")
    assert found["MESSAGE"].endswith("'broken'")


def test_a_message_that_cannot_be_written_stops_nobody(
    journal: socket.socket, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = JournalHandler(journal.getsockname(), otherwise=logging.NullHandler())
    handler.emit(record(logging.WARNING, "%d pieces", "three"))
    handler.close()
    assert "Logging error" in capsys.readouterr().err


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def test_what_the_journal_does_not_take_is_a_line(journal: socket.socket, tmp_path: Path) -> None:
    """Nobody there, a record that is too long, a reader that stands still: never a wait, never a loss."""
    lines = Lines()
    nobody = JournalHandler(str(tmp_path / "nobody"), otherwise=lines)
    nobody.emit(record(logging.INFO, "one"))
    handler = JournalHandler(journal.getsockname(), otherwise=lines)
    handler.emit(record(logging.INFO, "x" * 10_000_000))
    for number in range(10_000):
        handler.emit(record(logging.INFO, "%d", number))
    for each in (nobody, handler):
        each.close()
    assert lines.lines[0] == "one"
    assert len(lines.lines[1]) == 10_000_000
    journal.setblocking(False)
    came = 0
    try:
        while True:
            assert fields(journal.recv(65_536))["MESSAGE"] == str(came)
            came += 1
    except BlockingIOError:
        assert 0 < came < 10_000
    assert len(lines.lines) == 2 + 10_000 - came


PROGRAM = """
import logging, sys
from adapters.logs import start_logging
start_logging(logging.INFO, journal=sys.argv[1])
logging.getLogger("adapters.part").info("said")
"""


@pytest.mark.parametrize("redirected", [False, True])
def test_the_journal_is_spoken_to_only_when_it_reads_standard_error(
    journal: socket.socket, tmp_path: Path, redirected: bool
) -> None:
    read, write = os.pipe()
    stream = os.fstat(write)
    environ = {**os.environ, "JOURNAL_STREAM": f"{stream.st_dev}:{stream.st_ino}"}
    said = tmp_path / "said"
    with said.open("w") as file:
        subprocess.run(
            [sys.executable, "-c", PROGRAM, journal.getsockname()],
            stderr=file if redirected else write,
            env=environ,
            check=True,
            timeout=60,
        )
    os.close(read)
    os.close(write)
    if redirected:
        assert said.read_text() == "INFO adapters.part: said\n"
    else:
        assert fields(journal.recv(65_536))["MESSAGE"] == "said"


def test_without_a_journal_there_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    root.handlers[:] = []
    try:
        start_logging(logging.INFO, environ={})
        logging.getLogger("adapters.part").info("said")
    finally:
        root.handlers[:] = before[0]
        root.setLevel(before[1])
    assert "INFO adapters.part: said" in capsys.readouterr().err
