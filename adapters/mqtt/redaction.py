"""What was recorded at somebody's home, without addresses and names: fit to be shown to others."""

import re
from collections.abc import Iterable
from typing import Final

import msgspec

HIDDEN: Final = frozenset(
    {
        "altitude", "bssid", "friendly_name", "friendlyname", "gps_accuracy", "hostname", "ip", "latitude",
        "location", "longitude", "name", "note", "password", "ssid", "text", "token", "transcription", "user",
        "username",
    }
)  # fmt: skip
ADDRESS: Final = re.compile(
    r"0x[0-9a-fA-F]{16}"  # Zigbee
    r"|(?:[0-9a-fA-F]{2}[:-]){5,7}[0-9a-fA-F]{2}"  # MAC and EUI-64
    r"|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"  # UUID
    r"|(?<![0-9a-fA-F.])(?=[0-9a-fA-F]*[a-fA-F])(?:[0-9a-fA-F]{12}|[0-9a-fA-F]{16})(?![0-9a-fA-F])"
    r"|(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9.])"  # IPv4
)

PAIR: Final = re.compile(
    rf"((?<![a-z0-9])(?:{'|'.join(sorted(HIDDEN, key=len, reverse=True))})\s*=\s*)[^\r\n;&,<]+", re.IGNORECASE
)  # of `kv`
BOM: Final = b"\xef\xbb\xbf"


class Redaction:
    """The same address or word becomes the same stand-in, in one recording. `words`: names to hide."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._known: dict[str, str] = {}
        self._words = [re.compile(re.escape(word), re.IGNORECASE) for word in words if word.strip()]

    def text(self, text: str) -> str:
        text = ADDRESS.sub(lambda found: self._stand_in(found[0]), text)
        for word in self._words:
            text = word.sub(lambda found: self._stand_in(found[0].lower()), text)
        return text

    def payload(self, payload: bytes) -> str:
        """JSON key by key, anything else as text; bytes that are no text are left out."""
        payload = payload.removeprefix(BOM)
        try:
            return msgspec.json.encode(self._tree(msgspec.json.decode(payload))).decode()
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError):
            if payload.lstrip()[:1] in (b"{", b"["):  # cut off or broken: its keys cannot be told apart
                return f"redacted: {len(payload)} bytes that are no JSON"
        return self.text(PAIR.sub(r"\1redacted", payload.decode(errors="ignore")))

    def _tree(self, tree: object) -> object:
        if isinstance(tree, dict):
            return {
                self.text(key): "redacted" if key.lower() in HIDDEN and value else self._tree(value)
                for key, value in tree.items()
            }
        if isinstance(tree, list):
            return [self._tree(item) for item in tree]
        return self.text(tree) if isinstance(tree, str) else tree

    def _stand_in(self, address: str) -> str:
        return self._known.setdefault(address.lower(), f"id{len(self._known) + 1}")
