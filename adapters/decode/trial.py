"""What `lull check` asks of a station, a playlist or a feed: does its sound come?"""

import os
import time
from typing import Final

from adapters.decode import open_source
from adapters.decode.web import shown
from player.errors import DecodeError
from player.units import Seconds

PATIENCE: Final = Seconds(15.0)  # tuning constant: what opens later is no use at a bedside
ENOUGH: Final = Seconds(1.0)  # of sound


def try_stream(name: str, url: str) -> str:
    """What was found, for people. Raises `DecodeError`."""
    if "://" not in url and not os.path.exists(url):
        raise DecodeError(
            f"“{name}”", f"there is no file {url}: an address of the web begins with http:// or https://."
        )
    deadline = time.monotonic() + PATIENCE
    titles: list[str] = []

    def late() -> bool:
        return time.monotonic() > deadline

    try:
        with open_source(url, on_title=titles.append, cancelled=late) as source:
            heard = 0
            while heard < ENOUGH * source.rate:
                block = source.read()
                if block is None:
                    break
                heard += len(block)
    except DecodeError as error:
        problem = f"gave no sound within {PATIENCE:.0f} s: check the address." if late() else error.problem
        raise DecodeError(f"“{name}” ({shown(url)})", problem) from error
    return f"“{name}” comes" + (f", now with “{titles[-1]}”" if titles else "")
