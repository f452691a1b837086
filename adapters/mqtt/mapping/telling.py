"""Outcomes and values in words, for `lull mqtt test` and `lull mqtt sniff`."""

import msgspec

from adapters.mqtt.mapping.model import Ignored, Outcome, Rejected
from adapters.mqtt.values import clean
from player.model import Command, Reading


def told(outcome: Outcome) -> str:
    """One line."""
    match outcome:
        case Reading():
            old = " (stored, age unknown)" if outcome.quality < 1.0 else ""
            if outcome.quality == 0.0:
                old = " (stale, counts no longer)"
            return f"reading {outcome.quantity} {outcome.value:g} from {outcome.source}{old}"
        case Command():
            extra = "" if outcome.value is None else f" {outcome.value:g}"
            extra += f" {outcome.mode}" if outcome.mode is not None else ""
            return f"command {outcome.verb}{extra} by {outcome.by}"
        case Ignored(reason=reason, detail=detail):
            return f"ignored, {reason}" + (f": {clean(detail, 200)}" if detail else "")
        case Rejected(reason=reason, detail=detail):
            return f"rejected, {reason}" + (f": {clean(detail, 200)}" if detail else "")


def shortened(value: object) -> str:
    try:
        text = msgspec.json.encode(value).decode()
    except (TypeError, ValueError, UnicodeError):
        text = repr(value)
    text = clean(text, 200)  # a terminal obeys control characters
    return text if len(text) <= 160 else text[:157] + "…"
