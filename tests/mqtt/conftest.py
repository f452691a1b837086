from collections.abc import Iterator

import pytest

from tests.support.broker import Broker, running_broker


@pytest.fixture
def broker() -> Iterator[Broker]:
    with running_broker() as running:
        yield running
