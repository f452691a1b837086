"""Writes the contract's documents: `make contract`. A test sees that they are current."""

import msgspec

from adapters.mqtt.contract import asyncapi, table
from adapters.settings_file import config_dir

BEGIN, END = "<!-- topics: written by tests/mqtt/write_contract.py -->\n", "<!-- end of topics -->"
DOCUMENT, README = config_dir() / "asyncapi.json", config_dir() / "README.md"


def document() -> bytes:
    return msgspec.json.format(msgspec.json.encode(asyncapi()), indent=2) + b"\n"


def readme() -> str:
    before, rest = README.read_text().split(BEGIN)
    return f"{before}{BEGIN}{table()}{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    DOCUMENT.write_bytes(document())
    README.write_text(readme())
