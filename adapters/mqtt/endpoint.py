"""Where the broker is, and how we show who we are. User and password never stand in the settings."""

import os
import ssl
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from player.errors import SettingsError
from player.settings import MqttSettings

CREDENTIAL: Final = "mqtt"  # name of the systemd credential: LoadCredential=mqtt:/etc/lull/mqtt


class Endpoint(Struct, frozen=True, kw_only=True):
    host: str
    port: int
    tls: ssl.SSLContext | None = None
    user: str | None = None
    password: str | None = None

    @classmethod
    def of(cls, settings: MqttSettings) -> "Endpoint":
        """Raises `SettingsError`; reads the credentials file."""
        try:
            url = urlsplit(settings.url or "")
            port = url.port
            (url.hostname or "").encode("idna")  # what the name look-up does later
        except ValueError as error:
            raise SettingsError(f"not a URL: {error}", key="mqtt.url") from error
        if url.scheme not in ("mqtt", "mqtts") or not url.hostname or url.path.strip("/"):
            raise SettingsError("write mqtt://HOST:PORT or mqtts://HOST:PORT", key="mqtt.url")
        if url.username is not None or url.password is not None:
            raise SettingsError("put user and password into mqtt.credentials_file", key="mqtt.url")
        tls = _tls(settings) if url.scheme == "mqtts" else None
        user, password = _credentials(settings.credentials_file)
        return cls(
            host=url.hostname, port=port or (8883 if tls else 1883), tls=tls, user=user, password=password
        )


def _tls(settings: MqttSettings) -> ssl.SSLContext:
    """Raises `SettingsError`."""
    try:
        context = ssl.create_default_context(cafile=_path(settings.ca_file))
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"{settings.ca_file} is no certificate in PEM: {error}", key="mqtt.ca_file"
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.cert_file is not None:
        try:
            context.load_cert_chain(_path(settings.cert_file) or "", _path(settings.key_file))
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(
                f"{settings.cert_file} and its key cannot be used: {error}", key="mqtt.cert_file"
            ) from error
    elif settings.key_file is not None:
        raise SettingsError("a key needs its certificate (mqtt.cert_file)", key="mqtt.key_file")
    return context


def _path(file: str | None) -> str | None:
    return None if file is None else str(Path(file).expanduser())


def _credentials(file: str | None) -> tuple[str | None, str | None]:
    """Of the file in the settings, else of the systemd credential, else none. Raises `SettingsError`."""
    if file is None:
        handed = Path(os.environ.get("CREDENTIALS_DIRECTORY", "/nonexistent")) / CREDENTIAL
        if not handed.exists():
            return None, None
        file = str(handed)
    try:
        lines = Path(file).expanduser().read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot be read: {error}", key="mqtt.credentials_file") from error
    if len(lines) < 2 or not lines[0]:
        raise SettingsError(
            f"{file} needs two lines: the user, then the password", key="mqtt.credentials_file"
        )
    return lines[0], lines[1]
