"""Log lines for people; fields for the journal of the system, where that is what reads them.

Nobody's name, state, judgement or music belongs here: these stand in the resident's own journal alone.
"""

import logging
import os
import re
import socket
import struct
import sys
from collections.abc import Mapping
from typing import Final

JOURNAL: Final = "/run/systemd/journal/socket"
PRIORITY: Final = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6}  # syslog(3)
LINE: Final = "%(levelname)s %(name)s: %(message)s"


# What would act on a terminal, or turn its letters round: control characters, separators of lines, changes of
# direction, halves of characters (bytes of a name that are no UTF-8).
ACTING: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def legible(text: str) -> str:
    """For a terminal: one line in which names of files, which may hold anything, do nothing."""
    return ACTING.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class LegibleFormatter(logging.Formatter):
    """What was said stays one line; a traceback keeps its lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return legible(super().formatMessage(record))


def start_logging(level: int, environ: Mapping[str, str] = os.environ, journal: str = JOURNAL) -> None:
    """To the journal, with its fields, when standard error leads there; otherwise lines on standard error."""
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LegibleFormatter(LINE))
    if _leads_to_journal(environ):
        handler = JournalHandler(journal, otherwise=handler)
    logging.basicConfig(level=level, handlers=[handler])


def _leads_to_journal(environ: Mapping[str, str]) -> bool:
    """systemd.exec(5): `JOURNAL_STREAM` names device and inode, for a child may have been redirected."""
    try:
        stream = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):  # closed, or not a file
        return False
    return environ.get("JOURNAL_STREAM") == f"{stream.st_dev}:{stream.st_ino}"


class JournalHandler(logging.Handler):
    """Speaks the protocol of systemd-journald; a record that it does not take goes to `otherwise`."""

    def __init__(self, address: str, otherwise: logging.Handler) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter())  # the message; level and part are fields
        self._address, self._otherwise = address, otherwise
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)  # music is more urgent than a log

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._socket.sendto(self._datagram(record), self._address)
        except OSError:
            self._otherwise.emit(record)
        except Exception:  # noqa: BLE001  as every handler does: a message that cannot be written stops nobody
            self.handleError(record)

    def _datagram(self, record: logging.LogRecord) -> bytes:
        level = max((known for known in PRIORITY if known <= record.levelno), default=0)
        fields = {
            "MESSAGE": self.format(record),
            "PRIORITY": str(PRIORITY.get(level, 7)),
            "SYSLOG_IDENTIFIER": "lull",
            "LULL_PART": record.name,
            "LULL_THREAD": record.threadName or "",
        }
        return b"".join(_field(*field) for field in fields.items())

    def close(self) -> None:
        self._socket.close()
        super().close()


def _field(name: str, text: str) -> bytes:
    value = text.encode("utf-8", "backslashreplace")
    if b"\n" not in value:
        return name.encode() + b"=" + value + b"\n"
    return name.encode() + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"
