"""A push button on a pin of the board. Needs the extra `gpio` (gpiozero)."""

import asyncio
import warnings
from collections.abc import Callable
from typing import Final

from adapters.direct.kinds import GpioButton
from adapters.direct.port import Port
from adapters.direct.trial import PINS
from player.errors import DirectError
from player.model import Command, Verb
from player.units import Seconds

BOUNCE: Final = Seconds(0.05)
HELD: Final = Seconds(1.0)


class PushButton:
    def __init__(self, kind: GpioButton) -> None:
        self._kind = kind
        self._was_held = False

    async def run(self, port: Port) -> None:
        """Raises `DirectError` where there are no pins."""
        try:
            from gpiozero import Button
            from gpiozero.exc import GPIOZeroError, PinFactoryFallback
        except ImportError as error:
            raise DirectError(PINS, lasting=True) from error
        loop = asyncio.get_running_loop()

        def press(verb: Verb) -> None:  # on a thread of gpiozero
            command = Command(verb=verb, by=self._kind.by)
            loop.call_soon_threadsafe(port.deliver, command)

        try:
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "ignore", PinFactoryFallback
                )  # each way is tried; the last error counts
                button = Button(self._kind.pin, bounce_time=BOUNCE, hold_time=HELD)
        except (GPIOZeroError, OSError) as error:
            raise DirectError(f"pin {self._kind.pin}: {error}. Is this a board with pins?") from error
        with button:
            self._connect(button, press)
            await asyncio.get_running_loop().create_future()

    def _connect(self, button: object, press: Callable[[Verb], None]) -> None:
        """With a `held`, a press counts when the button is let go: until then it may become the other one."""
        held, command = self._kind.held, self._kind.command
        if held is None:
            button.when_pressed = lambda: press(command)  # type: ignore[attr-defined]
            return

        def hold() -> None:
            self._was_held = True
            press(held)

        def release() -> None:
            if not self._was_held:
                press(command)
            self._was_held = False

        button.when_held, button.when_released = hold, release  # type: ignore[attr-defined]
