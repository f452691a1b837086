"""Real recordings: Debian's package wesnoth-music, whichever version."""

from pathlib import Path

GAMES = Path("/usr/share/games/wesnoth")


def _recordings() -> Path:
    folders = sorted(GAMES.glob("*/data/core/music"))
    if not folders:
        raise FileNotFoundError(f"no music in {GAMES}: type `make test`, or `apt-get install wesnoth-music`")
    return folders[-1]


RECORDINGS = _recordings()
