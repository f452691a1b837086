"""The page of a Lull that plays: event → pixel, first paint, requests, open streams, late frames."""

import http.client
import socket
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import numpy as np
from playwright.sync_api import Browser, Page

from tests.support.browser import PHONE, chromium, free_port
from tests.support.lull import PRESENT, Person, lull, person
from tests.support.music_of_debian import RECORDINGS
from tests.support.pulse import pulse_server

ROOT: Final = "lull/v1/home1/bench"
CHANGES: Final = 40
PAUSE_S: Final = 0.6  # between two changes: more would meet the limit on commands
LOADS: Final = 15
REQUEST_S: Final = 8.0
READERS: Final = 4
STREAMS: Final = 200
STREAM_S: Final = 30.0

WATCH: Final = """() => {
  window.changes = {};
  new MutationObserver(() => {
    const text = document.querySelector("#level strong").textContent.replace(/[^0-9]/g, "");
    requestAnimationFrame(() => setTimeout(() => { window.changes[text] = Date.now() / 1000; }));
  }).observe(document.getElementById("level"), { childList: true, subtree: true });
}"""
ONCE: Final = """(look) => new Promise((done) => {
  const again = () => { const found = LOOK; found === undefined ? setTimeout(again, 10) : done(found); };
  again();
  setTimeout(() => done(null), 10000);
})"""
PAINT: Final = ONCE.replace(
    "LOOK", "performance.getEntriesByName('first-contentful-paint').map((entry) => entry.startTime)[0]"
)
SERVED: Final = """() => performance.getEntriesByType("navigation")
  .map((entry) => entry.responseEnd - entry.requestStart)[0]"""
CHANGE: Final = ONCE.replace("LOOK", "window.changes[look]")
WEIGHT: Final = """() => ["resource", "navigation"].flatMap((kind) => performance.getEntriesByType(kind))
  .reduce((sum, entry) => sum + entry.transferSize, 0)"""


def measure(folder: Path) -> None:
    folder.mkdir(parents=True)
    resident = folder / "resident.yaml"
    resident.write_text("{id: bench, quiet_hours: null}")
    port = free_port()
    settings = {
        "site": "home1",
        "player": "bench",
        "resident": str(resident),
        "library": {"folders": [str(RECORDINGS)]},
        "data": str(folder / "data"),
        "web": {"listen": f"127.0.0.1:{port}"},
    }
    with (
        pulse_server() as pulse,
        lull(settings, folder, pulse.env) as running,
        person(running.port, ROOT) as staff,
        chromium() as browser,
    ):
        running.wait_line(r"page: http")
        staff.wait("state/playback", lambda s: s["state"] == "playing")
        running.wait_line(r"library: \d+ pieces, all analysed", timeout=600)
        first_paint(browser, port)
        event_to_pixel(browser, port, staff)
        requests(port)
        open_streams(port, running.process.pid, staff)


def opened(browser: Browser, port: int) -> Page:
    page = browser.new_context(viewport=PHONE).new_page()  # type: ignore[arg-type]
    page.goto(f"http://127.0.0.1:{port}/")
    return page


def first_paint(browser: Browser, port: int) -> None:
    page = opened(browser, port)
    page.context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})
    paints, served, weight = [], [], 0
    for _ in range(LOADS):
        page.goto(f"http://127.0.0.1:{port}/")
        paints.append(page.evaluate(PAINT))
        served.append(page.evaluate(SERVED))
        weight = page.evaluate(WEIGHT)
    page.context.close()
    print(
        f"page, {LOADS} loads without a cache: first paint median {np.median(paints):.0f} ms, worst "
        f"{max(paints):.0f} ms (budget 100 ms), of which the server took {np.median(served):.0f} ms; "
        f"weight {weight / 1000:.0f} kB (budget 150 kB)",
        flush=True,
    )


def event_to_pixel(browser: Browser, port: int, staff: Person) -> None:
    page = opened(browser, port)
    page.wait_for_selector("#level strong")
    page.evaluate(WATCH)
    delays = []
    for number in range(CHANGES):
        percent = 20 + number
        sent = time.time()
        staff.publish("cmd/volume", {"id": f"pixel-{number}", "args": {"value": percent}})
        painted = page.evaluate(CHANGE, percent)
        assert painted is not None, f"change {number} was not painted within 10 s"
        delays.append(1000.0 * (painted - sent))
        time.sleep(PAUSE_S)
    page.context.close()
    print(
        f"page, MQTT publish → painted pixel, {CHANGES} changes: median {np.median(delays):.0f} ms, "
        f"p95 {np.percentile(delays, 95):.0f} ms, worst {max(delays):.0f} ms",
        flush=True,
    )


def requests(port: int) -> None:
    until = time.monotonic() + REQUEST_S
    counts: list[int] = []

    def ask() -> None:
        link, count = http.client.HTTPConnection("127.0.0.1", port, timeout=20), 0
        while time.monotonic() < until:
            link.request("GET", "/")
            answer = link.getresponse()
            answer.read()
            assert answer.status == 200
            count += 1
        link.close()
        counts.append(count)

    threads = [threading.Thread(target=ask) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"page, {READERS} readers at once: {sum(counts) / REQUEST_S:.0f} whole pages/s", flush=True)


def open_streams(port: int, brain: int, staff: Person) -> None:
    alone = underruns(staff, since=time.monotonic())
    time.sleep(STREAM_S)  # the same time without them, to compare with
    begun = underruns(staff, since=time.monotonic())
    before = memory_kib(brain)
    with ExitStack() as stack:
        for _ in range(STREAMS):
            stream = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            stream.sendall(b"GET /events/staff HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200 OK" in stream.recv(65_536)
        cpu = cpu_s(brain)
        deadline = time.monotonic() + STREAM_S
        number = 0
        while time.monotonic() < deadline:  # a change each second, for all of them
            staff.publish("cmd/volume", {"id": f"stream-{number}", "args": {"value": 20 + number % 40}})
            number += 1
            time.sleep(1.0)
        after, used = memory_kib(brain), cpu_s(brain) - cpu
        late = underruns(staff, since=time.monotonic()) - begun
    print(
        f"page, {STREAMS} open streams for {STREAM_S:.0f} s, {number} changes: "
        f"{(after - before) / STREAMS:.0f} KiB each ({before >> 10} → {after >> 10} MiB), "
        f"{100.0 * used / STREAM_S:.0f} % of a core, {late} late blocks "
        f"({begun - alone} in as long without them)",
        flush=True,
    )


def underruns(staff: Person, since: float = 0.0) -> int:
    status: Any = staff.wait("status", since=since, timeout=90.0)
    return int(status["underruns"])


def memory_kib(pid: int) -> int:
    for line in (PRESENT / str(pid) / "status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError(f"process {pid} has no VmRSS")


def cpu_s(pid: int) -> float:
    fields = (PRESENT / str(pid) / "stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100.0
