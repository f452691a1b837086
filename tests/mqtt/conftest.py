from collections.abc import Iterator

import pytest

from tests.support.broker import Broker, running_broker


@pytest.fixture
def broker() -> Iterator[Broker]:
    with running_broker() as running:
        yield running


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    from tests.mqtt.test_fuzz import EXAMPLES, SEED

    runs = (
        f"{EXAMPLES} examples each of payloads and mappings, {EXAMPLES // 10} sequences against the ceiling"
    )
    terminalreporter.write_line(f"fuzz of the wire: {runs}, seed {SEED}")
