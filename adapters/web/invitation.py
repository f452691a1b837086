"""How people reach the page: its address, the staff PIN, a QR code for a phone, links that only look."""

import io

import segno
from markupsafe import Markup
from msgspec import Struct

from adapters.web.keys import Keys, key_file
from adapters.web.listening import Listen
from player.errors import LullError
from player.settings import Settings


class Invitation(Struct, frozen=True, kw_only=True):
    """pin: "" where none is asked for. phone: an address that brings the PIN along, behind a "#" that no
    browser sends on."""

    address: str
    pin: str = ""
    phone: str = ""
    family: str = ""


def invitation(settings: Settings, *, new_pin: bool = False) -> Invitation:
    """Raises `LullError`: no page, or a PIN that cannot be kept."""
    listen = Listen.of(settings.web)
    if listen is None:
        raise LullError("The page is switched off: set `web.listen`, for example to 0.0.0.0:8080.")
    address = listen.address()
    if listen.loopback:
        if new_pin:
            raise LullError(
                "Only this machine reaches the page, and no PIN is asked for: set `web.listen` to "
                "0.0.0.0:8080 to open it to the network."
            )
        return Invitation(address=address)
    keys = Keys(key_file(settings))
    if new_pin:
        keys.change_pin()
    return invited(address, keys)


def invited(address: str, keys: Keys) -> Invitation:
    """To a page behind the PIN, at an address that ends with a "/"."""
    return Invitation(
        address=address,
        pin=keys.pin,
        phone=for_phone(address, keys.pin),
        family=f"{address}family/{keys.family}",
    )


def for_phone(address: str, pin: str) -> str:
    return f"{address}enter#{pin}"


def code_of(address: str) -> str:
    """A QR code of it, drawn with blocks for a terminal."""
    code = io.StringIO()
    segno.make(address, error="m").terminal(out=code, compact=True, border=2)
    return code.getvalue()


def picture_of(address: str) -> Markup:
    """The same as SVG, for a page: black on white, whatever its colours."""
    code = segno.make(address, error="m")
    return Markup(
        code.svg_inline(border=4, dark="#000", light="#fff", svgclass=None, lineclass=None, omitsize=True)
    )


def as_text(invited: Invitation) -> str:
    if not invited.pin:
        return (
            f"The page is at {invited.address}, for this machine alone.\n"
            "For phones and tablets, set `web.listen` to 0.0.0.0:8080, and start Lull again.\n"
        )
    return (
        f"{code_of(invited.phone)}\n"
        "Staff:   scan this with a phone, once. It stays signed in for a month.\n"
        f"         Or open {invited.address} and type the PIN {invited.pin}\n"
        f"Family:  {invited.family} shows what is playing, and nothing more.\n"
        "New PIN: `lull page --new-pin` signs everybody out, the family too.\n"
    )
