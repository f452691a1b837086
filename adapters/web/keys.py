"""The PIN of the staff, and signed sessions that end when the PIN changes."""

import hmac
import json
import os
import secrets
from enum import IntEnum
from pathlib import Path
from typing import Final

import msgspec
from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer

from player.errors import LullError
from player.settings import Settings

PIN_DIGITS: Final = 6
SESSION_S: Final = 30 * 86_400  # s; a phone that comes back within a month is still known


class Secret(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    key: str
    pin: str


class Role(IntEnum):
    """What a reader may do; each may do what those before it may."""

    NOBODY = 0  # make it quieter, stop it
    FAMILY = 1  # look
    BEDSIDE = 2  # the resident's own button
    STAFF = 3  # everything


def key_file(settings: Settings) -> Path:
    return Path(settings.data) / "page.json"


class Keys:
    """Kept in one file that only its owner may read. Raises `LullError` when it cannot be kept."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._secret = self._read() or self._make()
        self._made = self._changed()

    @property
    def pin(self) -> str:
        return self._secret.pin

    def change_pin(self) -> None:
        """Every session and link made so far is worth nothing."""
        self._secret = self._make()

    def look_again(self) -> bool:
        """Take a PIN that was changed by another process; True when it was. Raises `LullError`."""
        made, before = self._changed(), self._secret
        if made not in (0, self._made):
            self._made = made
            self._secret = self._read() or self._secret
        return self._secret != before

    def fits(self, pin: str) -> bool:
        """In constant time."""
        return hmac.compare_digest(pin.encode(), self.pin.encode())

    def open_session(self, role: Role) -> str:
        """A cookie's value."""
        return self._timed("session").dumps([secrets.token_urlsafe(12), int(role)])

    def session(self, cookie: str) -> tuple[str, Role] | None:
        """Its name and role; None when it is not ours, too old, or of an earlier PIN."""
        try:
            name, role = self._timed("session").loads(cookie, max_age=SESSION_S)
            return str(name), Role(role)
        except (BadSignature, TypeError, ValueError):
            return None

    def token(self, session: str) -> str:
        """What a form of this session must bring."""
        return hmac.digest(self._key(), f"form {session}".encode(), "sha256").hex()[:32]

    @property
    def family(self) -> str:
        """The last part of the read-only link."""
        return URLSafeSerializer(self._key(), salt="family").dumps("look")

    def is_family(self, link: str) -> bool:
        return hmac.compare_digest(link.encode(), self.family.encode())

    def _key(self) -> bytes:
        return f"{self._secret.key} {self._secret.pin}".encode()

    def _timed(self, salt: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._key(), salt=salt)

    def _changed(self) -> int:
        try:
            return self.file.stat().st_mtime_ns
        except OSError:
            return 0

    def _read(self) -> Secret | None:
        try:
            return msgspec.json.decode(self.file.read_bytes(), type=Secret)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            raise LullError(
                f"{self.file} cannot be used ({error}): remove it, and a new PIN is made."
            ) from error

    def _make(self) -> Secret:
        pin = f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}d}"
        secret = Secret(key=secrets.token_urlsafe(32), pin=pin)
        fresh = self.file.with_suffix(".new")
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            fresh.unlink(missing_ok=True)
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as lines:
                json.dump(msgspec.to_builtins(secret), lines)
                lines.flush()
                os.fsync(lines.fileno())
            fresh.replace(self.file)
        except OSError as error:
            raise LullError(
                f"{self.file} cannot be written ({error.strerror}): free some space, or check its folder."
            ) from error
        return secret
