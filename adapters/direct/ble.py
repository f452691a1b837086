"""A heart-rate strap over Bluetooth. Needs the extra `ble` (bleak) and a Bluetooth adapter."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from adapters.direct.heart_rate import measurement
from adapters.direct.kinds import BleHeartRate
from adapters.direct.port import Port
from adapters.direct.trial import BLE
from player.errors import DirectError, PayloadError
from player.model import Quantity, Reading
from player.units import Seconds

CHARACTERISTIC: Final = "00002a37-0000-1000-8000-00805f9b34fb"
PATIENCE: Final = Seconds(30.0)  # without a measurement: straps send one a second
WAITING: Final = 16  # measurements; the oldest goes

Notifications = Callable[[str], AbstractAsyncContextManager[AsyncIterator[bytes]]]  # of an address


class HeartRateStrap:
    def __init__(self, kind: BleHeartRate, notifications: Notifications | None = None) -> None:
        """notifications: how the strap is reached; the real one by default."""
        self._kind = kind
        self._notifications = notifications or bluetooth
        self._refused = ""

    async def run(self, port: Port) -> None:
        """Raises `DirectError` when the strap is away."""
        async with self._notifications(self._kind.address) as packets:
            while True:
                try:
                    async with asyncio.timeout(PATIENCE):
                        packet = await anext(packets)
                except (TimeoutError, StopAsyncIteration):
                    raise DirectError(f"{self._kind.source} sends nothing: is it worn and charged?") from None
                self._take(packet, port)

    def _take(self, packet: bytes, port: Port) -> None:
        try:
            found = measurement(packet)
        except PayloadError as error:
            if error.reason != self._refused:
                port.tell(f"{self._kind.source}: {error.detail}")
            self._refused = error.reason
            return
        self._refused = ""
        value, at = float(found.bpm), port.clock()
        port.deliver(Reading(source=self._kind.source, quantity=Quantity.HEART_RATE, value=value, at=at))


@asynccontextmanager
async def bluetooth(address: str) -> AsyncIterator[AsyncIterator[bytes]]:
    """Packets of the strap while it is connected. Raises `DirectError`."""
    try:
        from bleak import BleakClient
        from bleak.exc import BleakError
    except ImportError as error:
        raise DirectError(BLE, lasting=True) from error
    queue: asyncio.Queue[bytes | None] = asyncio.Queue(WAITING)

    def put(packet: bytes | None) -> None:
        if queue.full():
            queue.get_nowait()
        queue.put_nowait(packet)

    async def packets() -> AsyncIterator[bytes]:
        while (packet := await queue.get()) is not None:
            yield packet

    try:
        async with BleakClient(address, disconnected_callback=lambda _client: put(None)) as client:
            await client.start_notify(CHARACTERISTIC, lambda _sender, data: put(bytes(data)))
            yield packets()
    except (BleakError, OSError, TimeoutError, EOFError) as error:
        raise DirectError(f"no connection to {address}: {error or type(error).__name__}") from error
