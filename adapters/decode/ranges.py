"""Servers that give a file only from its beginning: what has its index or its length at the end suffers."""

from typing import Final

from adapters.decode.http import request
from player.errors import DecodeError

WITHOUT_RANGES: Final = (
    "lies on a server that gives no byte ranges: serve it with one that does, such as nginx or Apache."
)
STATION: Final = ("icy-name", "icy-br", "icy-genre", "icy-metaint", "ice-audio-info", "icy-pub")


def lacks_ranges(url: str) -> bool:
    """Whether a file of known length is sent whole when a part is asked for; False for a station, and when
    nobody answers."""
    if not url.startswith(("http://", "https://")):
        return False
    try:
        answer = request(url, offset=1)
    except (OSError, DecodeError):
        return False
    answer.close()
    if answer.status != 200 or any(answer.header(name) for name in STATION):
        return False
    return answer.header("Content-Length").isdigit()
