"""Golden vectors of the Heart Rate Measurement characteristic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.direct.heart_rate import Measurement, measurement
from player.errors import PayloadError


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        ("06 48", Measurement(bpm=72, contact=True)),
        ("00 48", Measurement(bpm=72, contact=None)),
        ("16 3c 00 04", Measurement(bpm=60, contact=True, rr_ms=(1000.0,))),
        ("10 46 50 03 60 03", Measurement(bpm=70, contact=None, rr_ms=(828.1, 843.8))),
        ("1e 46 10 00 00 04 20 04", Measurement(bpm=70, contact=True, rr_ms=(1000.0, 1031.2))),
        ("01 48 00", Measurement(bpm=72, contact=None)),
        ("10 46 50 03 60", Measurement(bpm=70, contact=None, rr_ms=(828.1,))),
    ],
)
def test_golden_vectors(packet: str, expected: Measurement) -> None:
    assert measurement(bytes.fromhex(packet)) == expected


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        ("04 00", "no-contact"),
        ("04 48", "no-contact"),
        ("01 2c 01", "bad-value"),
        ("06 00", "bad-value"),
        ("", "bad-payload"),
        ("06", "bad-payload"),
        ("01 48", "bad-payload"),
        ("08 48", "bad-payload"),
    ],
)
def test_what_is_dropped(packet: str, reason: str) -> None:
    with pytest.raises(PayloadError) as caught:
        measurement(bytes.fromhex(packet))
    assert caught.value.reason == reason


@given(st.binary(max_size=40))
def test_any_packet_is_a_pulse_or_the_one_error(packet: bytes) -> None:
    try:
        found = measurement(packet)
    except PayloadError:
        return
    assert 30 <= found.bpm <= 220 and found.contact is not False
