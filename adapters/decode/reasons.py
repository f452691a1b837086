"""Why an address gives no sound, and what to do: for people who have a settings file before them."""

import errno
import socket
from typing import Final

# X509_V_ERR_…, from OpenSSL's x509_vfy.h
NOT_YET_VALID: Final = 9
EXPIRED: Final = 10
OTHER_NAME: Final = (62, 64)  # of a host, of an IP address
NO_NETWORK: Final = (errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTUNREACH, errno.EHOSTDOWN)


def unreachable(error: OSError) -> str:
    """Of a connection that was not made or broke."""
    if isinstance(error, socket.gaierror):
        return "has a server whose name is not found: check the address, and this machine's network."
    if isinstance(error, ConnectionRefusedError):
        return "has a server that takes no connection: check the address and its port."
    if isinstance(error, TimeoutError):
        return "has a server that does not answer: check the address, and this machine's network."
    if error.errno in NO_NETWORK:
        return "cannot be reached: check this machine's cable or Wi-Fi."
    if type(error).__name__ == "SSLCertVerificationError":  # by name: `ssl` is loaded only for HTTPS
        return _certificate(error)
    if type(error).__name__.startswith("SSL"):
        reason = str(getattr(error, "reason", "") or "no reason given").lower().replace("_", " ")
        return f"does not speak HTTPS as it should ({reason}): check the address, or try it with http://."
    why = str(error.strerror or error or type(error).__name__).lower()
    return f"cannot be opened ({why}): check the address."


def _certificate(error: OSError) -> str:
    code = getattr(error, "verify_code", 0)
    if code in (NOT_YET_VALID, EXPIRED):
        when = "is not valid yet" if code == NOT_YET_VALID else "has expired"
        return f"has a certificate that {when}: check this machine's date and time."
    if code in OTHER_NAME:
        return "has a certificate for another name: check the address."
    why = getattr(error, "verify_message", "") or "no reason given"
    return (
        f"has a certificate that nobody known here signed ({why}): check the address, or use http:// if it "
        "holds no password."
    )


def answered(status: int, *, signed_in: bool, exact: bool = True) -> str:
    """Of a server's answer other than 200. signed_in: the address holds a name and a password; exact: False
    when no more than the status's hundreds are known.
    """
    number = str(status) if exact else f"{status // 100}xx"
    match status:
        case 401 | 407 if signed_in:
            return f"does not take the name and password in its address ({status}): check them."
        case 401 | 407:
            return f"asks for a password ({status}): write it into the address, http://NAME:PASSWORD@SERVER/…"
        case 403:
            return (
                "is not open to us (403): check the address, and whether the station plays in this country."
            )
        case 404 | 410:
            return f"does not exist ({status}): check the address."
        case 429:
            return "has a server that is asked too often (429): it is tried again later."
        case _ if status >= 500:
            return f"has a server with a fault ({number}): it is tried again later."
        case _:
            return f"is answered with {number}: check the address."
