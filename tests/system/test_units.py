"""The unit files: known to systemd, hardened."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "systemd"
EXPOSURE = 2.0  # of systemd-analyze security, 0-10
# Keys of systemd 254, and paths that exist on an installed machine only.
EXPECTED = (
    "Unknown key 'RestartSteps'",
    "Unknown key 'RestartMaxDelaySec'",
    "is not executable: No such file",
)

needs_systemd = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd-analyze is not here: apt-get install systemd"
)


def analyse(*words: str) -> str:
    answer = subprocess.run(
        ["systemd-analyze", *words], capture_output=True, text=True, timeout=60, check=False
    )
    return answer.stdout + answer.stderr


@needs_systemd
@pytest.mark.parametrize("unit", ["lull.service", "lull-scan.service"])
def test_the_sandbox_is_tight(unit: str) -> None:
    said = analyse("security", "--offline=yes", "--no-pager", str(UNITS / unit))
    overall = re.search(r"exposure level for .*: ([\d.]+)", said)
    assert overall is not None, said
    assert float(overall[1]) <= EXPOSURE


@needs_systemd
@pytest.mark.parametrize("unit", ["lull.service", "lull-scan.service", "lull-scan.timer"])
def test_every_line_is_understood(unit: str) -> None:
    said = analyse("verify", "--man=no", str(UNITS / unit))
    ours = [line for line in said.splitlines() if "lull" in line and not any(e in line for e in EXPECTED)]
    assert ours == []


@pytest.mark.parametrize(
    ("device", "group"),
    [
        ("char-alsa rw", "audio"),
        ("char-input r", "input"),
        ("char-gpiochip rw", "gpio"),
        ("block-sr r", "cdrom"),
        ("char-DVB rw", "video"),
    ],
)
def test_the_sandbox_lets_through_every_device_that_settings_can_name(device: str, group: str) -> None:
    assert f"\nDeviceAllow={device}\n" in (UNITS / "lull.service").read_text()
    assert f"\nm lull {group}\n" in (UNITS / "lull.sysusers").read_text()


def test_the_watchdog_is_fed_by_the_service_itself() -> None:
    unit = (UNITS / "lull.service").read_text()
    for line in ("Type=notify", "NotifyAccess=main", "WatchdogSec=20", "Restart=always", "User=lull"):
        assert f"\n{line}\n" in unit
