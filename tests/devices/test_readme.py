"""What `config/README.md` shows works as it stands, and stays short."""

import re
from pathlib import Path

import pytest

from adapters.devices_file import load_devices, load_direct
from adapters.settings_file import config_dir, load_settings
from player.model import Verb
from tests.support.devices import PROFILES

TEXT = (config_dir() / "README.md").read_text()
YAML = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
BLOCKS = [block for block in YAML if "mappings:" in block]
SETTINGS = [block for block in YAML if block not in BLOCKS]
LONGEST = 10  # lines


@pytest.mark.parametrize("block", BLOCKS)
def test_every_example_loads(block: str, tmp_path: Path) -> None:
    file = tmp_path / "devices.yaml"
    file.write_text(block)
    assert load_devices(file) or load_direct(file)
    assert len(block.splitlines()) < LONGEST


@pytest.mark.parametrize("block", SETTINGS)
def test_every_piece_of_settings_loads(block: str, tmp_path: Path) -> None:
    file = tmp_path / "lull.yaml"
    file.write_text(block)
    assert load_settings(file).mqtt.url


def test_every_family_has_an_example_and_every_verb_is_named() -> None:
    examples = "".join(BLOCKS)
    for family in PROFILES.iterdir():
        assert f"profile: {family.name}/" in examples
    for verb in Verb:
        assert re.search(rf"\b{verb}\b", TEXT)
