"""`direct:` in devices.yaml: what hangs on this board itself."""

from typing import Annotated

from msgspec import Meta, Struct

from player.model import Verb

Source = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,47}$")]
Presser = Annotated[str, Meta(pattern="^(staff|resident)$")]


class BleHeartRate(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="ble_heart_rate"
):
    """A strap or watch with the Heart Rate Service of Bluetooth (0x180D)."""

    address: Annotated[str, Meta(pattern=r"^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$")]
    source: Source = "strap"


class UsbButtons(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="usb_buttons"
):
    """A keypad, foot switch or single button that acts as a keyboard. keys: name or number of the key."""

    path: Annotated[str, Meta(pattern=r"^/dev/input/")]  # /dev/input/by-id/… stays the same over restarts
    keys: dict[str, Verb]
    source: Source = "usb"
    by: Presser = "staff"


class GpioButton(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="gpio_button"
):
    """A push button between a pin and ground."""

    pin: Annotated[int, Meta(ge=0, le=27)]  # BCM number
    command: Verb
    held: Verb | None = None  # instead, when it is held for a second
    source: Source = "button"
    by: Presser = "staff"


Direct = BleHeartRate | UsbButtons | GpioButton
