"""What real devices send, through the shipped profiles."""

from pathlib import Path

import pytest

from tests.mqtt.payloads import CATALOGUE, Row
from tests.support.devices import PROFILES, Device, profile

LEAST_ROWS = 100


def test_the_catalogue_is_long_enough_and_covers_every_profile() -> None:
    assert len(CATALOGUE) >= LEAST_ROWS
    shipped = {str(file.relative_to(PROFILES).with_suffix("")) for file in Path(PROFILES).glob("*/*.yaml")}
    assert {row.profile for row in CATALOGUE} == shipped


@pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: f"{row.profile}-{row.payload[:48]}")
def test_each_literal_means_what_it_should(row: Row) -> None:
    device = Device(profile(row.profile, row.topic, **row.own), row.topic.replace("+", "gateway"))
    outcomes = device.says(row.payload)
    assert len(outcomes) == len(row.outcomes)
    for outcome, wanted in zip(outcomes, row.outcomes, strict=True):
        assert outcome.startswith(wanted)


def test_utf_16_is_refused() -> None:
    device = Device(profile("polar/h10", "h10/hr"))
    assert device.says('{"hr":72}'.encode("utf-16"))[0].startswith("rejected, not-")


@pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: f"{row.profile}-{row.payload[:48]}")
def test_no_stored_message_ever_commands(row: Row) -> None:
    device = Device(profile(row.profile, row.topic, **row.own), row.topic.replace("+", "gateway"))
    assert not [told for told in device.says(row.payload, retain=True) if told.startswith("command")]
