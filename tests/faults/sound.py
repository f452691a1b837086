"""The sound device goes, comes, stands still, refuses."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.row import fault
from tests.faults.stage import Act, Stage

AWAY_S = 5.0
NULL_SINK = "module-null-sink"
FORMAT = ("rate=48000", "format=float32le", "channels=2", "norewinds=1")


@fault("sound server killed", note="from its return")
def server_killed(stage: Stage) -> Act:
    began = time.monotonic()
    stage.pulse.crash()
    time.sleep(AWAY_S)
    stage.pulse.plug()
    returned = time.monotonic()
    stage.record_again()
    return Act(began=began, returned=returned)


@fault("sound server restarted at once", note="from its return")
def server_restarted(stage: Stage) -> Act:
    began = time.monotonic()
    stage.pulse.unplug()
    stage.pulse.plug()
    returned = time.monotonic()
    stage.record_again()
    return Act(began=began, returned=returned)


@fault("sound server stopped 1 s", note="from its return")
def server_stopped_briefly(stage: Stage) -> Act:
    return _stand_still(stage, 1.0)


@fault("sound server stopped 10 s", note="from its return")
def server_stopped(stage: Stage) -> Act:
    return _stand_still(stage, 10.0)


@fault("sink removed and added", note="from its return")
def sink_removed(stage: Stage) -> Act:
    began = time.monotonic()
    stage.pulse.pactl("unload-module", NULL_SINK)
    time.sleep(AWAY_S)
    stage.pulse.pactl("load-module", NULL_SINK, "sink_name=bed", *FORMAT)
    returned = time.monotonic()
    stage.record_again()
    return Act(began=began, returned=returned)


@fault("sink replaced by another", note="from the end of the old one")
def sink_replaced(stage: Stage) -> Act:
    stage.pulse.pactl("load-module", NULL_SINK, "sink_name=other", *FORMAT)
    first = next(line for line in stage.pulse.pactl("list", "short", "modules").splitlines() if "bed" in line)
    began = time.monotonic()
    stage.pulse.pactl("unload-module", first.split()[0])
    stage.record_again("other.monitor")
    return Act(began=began, returned=began)


@fault("device busy", note="suspended by another program; from its return")
def device_busy(stage: Stage) -> Act:
    began = time.monotonic()
    stage.pulse.pactl("suspend-sink", "bed", "1")
    time.sleep(AWAY_S)
    stage.pulse.pactl("suspend-sink", "bed", "0")
    returned = time.monotonic()
    stage.record_again()
    return Act(began=began, returned=returned)


@contextmanager
def _only_44100(stage: Stage) -> Iterator[None]:
    """An ALSA device that refuses every rate but 44.1 kHz, as some USB adapters do."""
    config = stage.folder / "asound.conf"
    config.write_text(
        "</usr/share/alsa/alsa.conf>\n"
        "pcm.card { type pulse }\n"
        "pcm.!default { type share hint { show on description Default } "
        'slave { pcm "card" rate 44100 channels 2 } bindings { 0 0 1 1 } }\n'
        "ctl.!default { type pulse }\n"
    )
    stage.env["ALSA_CONFIG_PATH"] = str(config)
    yield


@fault("sample rate refused", around=_only_44100, note="plays at the rate of the device")
def rate_refused(_stage: Stage) -> Act:
    return Act(began=time.monotonic())


def _stand_still(stage: Stage, seconds: float) -> Act:
    began = time.monotonic()
    stage.pulse.signal(signal.SIGSTOP)
    time.sleep(seconds)
    stage.pulse.signal(signal.SIGCONT)
    returned = time.monotonic()
    stage.record_again()
    return Act(began=began, returned=returned)
