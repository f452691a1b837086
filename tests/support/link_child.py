"""An `MqttLink` in a process of its own, to be killed: python -m tests.support.link_child URL FILE DIE_AT.

Appends the id of each feedback to FILE once it is "on disk"; kills itself before it stores number DIE_AT.
"""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from adapters.mqtt.calls import Callbacks, Identity
from adapters.mqtt.client import MqttLink
from adapters.mqtt.topics import Topics
from player.model import Command, Feedback, Reading
from player.settings import MqttSettings
from player.units import Seconds


async def main(url: str, file: Path, die_at: int) -> None:
    stored = 0

    async def persist(feedback: Feedback) -> None:
        nonlocal stored
        if stored == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        with file.open("a") as disk:
            disk.write(f"{feedback.id}\n")
        stored += 1

    def deliver(_item: Command | Reading) -> None:
        pass

    calls = Callbacks(deliver=deliver, persist_feedback=persist, tell=print)
    link = MqttLink(
        MqttSettings(url=url),
        Topics("lull", "home1", "room7"),
        Identity(boot="child", version="0"),
        calls,
        lambda: Seconds(time.time()),
    )
    await link.run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
