"""A short visit to a broker, whichever version of the protocol it speaks."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from adapters.mqtt.connection import Connection, ProtocolRefusedError, Terms, connect
from adapters.mqtt.endpoint import Endpoint
from player.settings import MqttSettings


@asynccontextmanager
async def reach(settings: MqttSettings) -> AsyncIterator[Connection]:
    """MQTT 5, or 3.1.1 where the broker knows no other. Raises `MqttError`, `SettingsError`."""
    endpoint = Endpoint.of(settings)
    async with AsyncExitStack() as stack:
        try:
            connection = await stack.enter_async_context(connect(endpoint, _terms(version5=True)))
        except ProtocolRefusedError:
            connection = await stack.enter_async_context(connect(endpoint, _terms(version5=False)))
        yield connection


def _terms(*, version5: bool) -> Terms:
    """A guest without a name, so that a running player keeps its own."""
    return Terms(client_id="", version5=version5, droppable=lambda _topic: True)
