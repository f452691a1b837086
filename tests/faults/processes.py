"""Processes that are killed or stand still."""

import os
import signal
import time

from tests.faults.row import fault
from tests.faults.stage import Act, Stage

STOPPED_S = 5.0


@fault("audio process killed")
def audio_killed(stage: Stage) -> Act:
    return _send(stage.lull.children()["audio"], signal.SIGKILL)


@fault("audio process stopped", after_s=10.0)
def audio_stopped(stage: Stage) -> Act:
    return _send(stage.lull.children()["audio"], signal.SIGSTOP)


@fault("broker killed")
def broker_killed(stage: Stage) -> Act:
    return _send(stage.lull.children()["mosquitto"], signal.SIGKILL)


@fault("broker stopped 5 s")
def broker_stopped(stage: Stage) -> Act:
    return _stand_still(stage.lull.children()["mosquitto"], STOPPED_S)


@fault("brain killed", note="started again as the service does, after 0.1 s")
def brain_killed(stage: Stage) -> Act:
    return _send(stage.lull.process.pid, signal.SIGKILL)


@fault("brain stopped 5 s")
def brain_stopped(stage: Stage) -> Act:
    return _stand_still(stage.lull.process.pid, STOPPED_S)


@fault("brain stopped for good", after_s=8.0, note="killed by the watchdog, heard until then")
def brain_stopped_for_good(stage: Stage) -> Act:
    act = _send(stage.lull.process.pid, signal.SIGSTOP)
    stage.lull.wait_watchdog()
    return act


@fault("everything killed at once", note="a power cut, as far as processes go")
def everything_killed(stage: Stage) -> Act:
    children = stage.lull.children()
    act = _send(stage.lull.process.pid, signal.SIGKILL)
    for pid in children.values():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue  # it went with the brain
    return act


def _send(pid: int, number: int) -> Act:
    began = time.monotonic()
    os.kill(pid, number)
    return Act(began=began)


def _stand_still(pid: int, seconds: float) -> Act:
    act = _send(pid, signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(pid, signal.SIGCONT)
    return act
