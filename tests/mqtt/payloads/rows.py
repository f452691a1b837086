"""Literal payloads of real devices, the profile that reads them, and what must come out.

`rows` begins a profile and its topic; then payload and the beginning of each outcome in words.
"""

from typing import NamedTuple


class Row(NamedTuple):
    profile: str
    topic: str
    payload: str
    outcomes: tuple[str, ...]
    own: dict[str, object]


CATALOGUE: list[Row] = []


def rows(profile: str, topic: str, table: dict[str, str | tuple[str, ...]], **own: object) -> None:
    """`own`: what the user writes beside the profile."""
    for payload, outcomes in table.items():
        wanted = (outcomes,) if isinstance(outcomes, str) else outcomes
        CATALOGUE.append(Row(profile, topic, payload, wanted, own))


def action(name: str, **rest: object) -> str:
    extra = "".join(f',"{key}":{value}' for key, value in rest.items())
    return f'{{"action":"{name}","linkquality":10{extra}}}'


PLAY, STOP, NEXT, CALM = "command play by", "command stop", "command next", "command calm"
BOTH, LOUDER, QUIETER = "command play_pause", "command louder", "command quieter"
UNLISTED, EMPTY, OTHER = "ignored, unlisted", "ignored, empty", "ignored, other-message"
BUTTON = "zigbee2mqtt/room12/button"
