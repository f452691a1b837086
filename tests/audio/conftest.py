import os
from collections.abc import Iterator

import pytest

from adapters.audio.portaudio import refresh_devices
from tests.support.pulse import PulseServer, pulse_server


@pytest.fixture
def pulse() -> Iterator[PulseServer]:
    """A private PulseAudio that this process and its children play into."""
    with pulse_server() as server:
        saved = dict(os.environ)
        os.environ.update(server.env)
        refresh_devices()
        try:
            yield server
        finally:
            os.environ.clear()
            os.environ.update(saved)
