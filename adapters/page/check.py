"""The page's settings, tried without serving anything: its address, its certificate, its PIN."""

import errno
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from adapters.system.lock import DataLock
from adapters.web.keys import Keys, key_file
from adapters.web.listening import Listen
from player.errors import AlreadyRunningError, LullError
from player.settings import Settings

EXPIRED, NOT_YET = 10, 9  # X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID (openssl x509_vfy.h)
RENEW_WITHIN: Final = 14.0 * 86_400.0  # s


def try_page(settings: Settings, now: datetime) -> tuple[bool, str]:
    """Whether all is well or somebody should know, and in words. Raises `LullError`: what to mend."""
    listen = Listen.of(settings.web)
    if listen is None:
        return True, "switched off (web.listen)"
    until = valid_until(listen.certificate, listen.key) if listen.certificate and listen.key else None
    served = _served(settings, listen)
    if listen.loopback:
        return True, f"{listen.address()} {served}, for this machine only"
    if not Keys(key_file(settings)).pin:
        raise LullError(f"{key_file(settings)} holds no PIN: write a new one with `lull page --new-pin`.")
    where = f"{listen.address()} {served}, for the network behind the staff PIN"
    if until is None:
        return False, f"{where}, unencrypted: with web.certificate_file and web.key_file it is HTTPS"
    left = (until - now).total_seconds()
    if left < RENEW_WITHIN:
        return False, f"{where}; its certificate ends on {until:%Y-%m-%d}: renew it"
    return True, f"{where}; its certificate holds until {until:%Y-%m-%d}"


def _served(settings: Settings, listen: Listen) -> str:
    try:
        with DataLock(Path(settings.data)):
            pass
    except AlreadyRunningError:
        return "is served by the running Lull"
    try:
        listen.bind().close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise LullError(
                f"web.listen: another program has {listen.host}:{listen.port}: end it, or take another port."
            ) from error
        raise LullError(
            f"web.listen: {listen.host}:{listen.port} cannot be used ({error.strerror}): "
            "write an address of this machine, or 0.0.0.0 for all of them."
        ) from error
    return "is free"


def valid_until(certificate: str, key: str) -> datetime:
    """Shakes hands with itself, in memory. Raises `LullError`."""
    for file in (certificate, key):
        try:
            with Path(file).open("rb"):
                pass
        except OSError as error:
            raise LullError(
                f"{file} cannot be read ({error.strerror}): check its path and its rights."
            ) from error
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False  # phones ask for any of several names
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # whoever signed it
    try:
        server.load_cert_chain(certificate, key)
        client.load_verify_locations(certificate)
    except (ssl.SSLError, OSError) as error:
        raise LullError(
            f"{certificate} and {key} are no certificate and its key, in PEM ({error}): replace them."
        ) from error
    try:
        return _shake_hands(server, client)
    except ssl.SSLCertVerificationError as error:
        wrong = {EXPIRED: "has expired: renew it", NOT_YET: "is not valid yet: check this machine's clock"}
        why = wrong.get(error.verify_code, f"is refused ({error.verify_message}): replace it")
        raise LullError(f"{certificate} {why}.") from error


def _shake_hands(server: ssl.SSLContext, client: ssl.SSLContext) -> datetime:
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    asks = client.wrap_bio(back, there)
    answers = server.wrap_bio(there, back, server_side=True)
    for _ in range(8):  # messages of TLS go to and fro fewer times than that
        done = 0
        for side in (asks, answers):
            try:
                side.do_handshake()
                done += 1
            except ssl.SSLWantReadError:
                pass  # the other side is next
        if done == 2:
            break
    shown = asks.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)
