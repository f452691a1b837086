"""Wiring: builds every part from the settings, joins them by the one inbox, runs them in one task group."""

import asyncio
import logging
import os
import secrets
import signal
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, ExitStack
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from msgspec import json
from rich.console import Console
from rich.live import Live

from adapters.audio.process import AudioProcess
from adapters.brain import Brain, Hands
from adapters.clock import Clock
from adapters.inbox import Inbox
from adapters.library.demo import ensure_demo_library
from adapters.library.watcher import LOOK_AGAIN, LibraryWatcher
from adapters.mqtt.broker import PrivateBroker
from adapters.mqtt.client import Callbacks, Identity, MqttLink
from adapters.mqtt.topics import Topics
from adapters.store.catalogue import Catalogue
from adapters.store.journal import SqliteJournal
from adapters.system.child import bound, saving
from adapters.system.lock import DataLock
from adapters.terminal import Snapshot, render
from adapters.virtual_resident import VirtualWristband
from player.errors import LibraryError, LullError, MqttError, StoreError
from player.model import (
    AudioReport,
    CatalogueEntry,
    Command,
    Listened,
    Progress,
    Reading,
    SinkOpened,
    Stop,
    TrackFeatures,
    TrackId,
)
from player.session.messages import (
    AudioLost,
    AudioReady,
    AudioReported,
    CatalogueChanged,
    CommandArrived,
    Event,
    Memory,
    ReadingArrived,
    Resume,
    Started,
    Stopping,
)
from player.settings import Profile, Settings
from player.units import Seconds

log = logging.getLogger("lull")

TOLD_EVERY = Seconds(5.0)  # how often the session hears of progress; the live view reads the newest
DEMO_LOOK_AGAIN = Seconds(3.0)  # the demo library grows while it is rendered
VIEW_RATE = 4  # pictures of the live view a second
LOOK_BACK = 100  # journal entries in which the place of the last run is looked for
GOODBYE = Seconds(0.4)  # fade at the end of the service


def run_service(settings: Settings, profile: Profile, *, live: bool) -> None:
    """Play until a signal ends it. Raises `LullError`."""
    data = Path(settings.data)
    with ExitStack() as stack:
        stack.enter_context(DataLock(data))
        journal = SqliteJournal(data / "journal.db", resident=profile.id, on_error=_say)
        stack.callback(journal.close)
        catalogue = Catalogue(data / "catalogue.db", on_error=_say)
        stack.callback(catalogue.close)
        asyncio.run(Service(settings, profile, journal, catalogue).run(live=live))


def _say(error: LullError) -> None:
    log.error("%s", error)


class Service:
    """All parts of one running Lull."""

    def __init__(
        self, settings: Settings, profile: Profile, journal: SqliteJournal, catalogue: Catalogue
    ) -> None:
        self._settings, self._profile = settings, profile
        self._journal, self._catalogue = journal, catalogue
        self._clock, self._inbox = Clock(), Inbox()
        self._audio = AudioProcess(settings.audio, self._on_report, self._on_lost, self._on_ready, bound)
        started = Started(
            at=self._clock.now(),
            minute=self._clock.minute(),
            boot=secrets.token_hex(8),
            seed=secrets.randbits(32),
            settings=settings,
            profile=profile,
            memory=_remembered(journal),
        )
        hands = Hands(self._audio.send, self._save)
        self._brain = Brain(started, self._clock, self._inbox, journal, hands)
        self._boot = started.boot
        self._topics = Topics(base=settings.mqtt.base, site=settings.site, player=settings.player)
        self._told: Seconds | None = None  # when the session last heard of progress
        self._link: MqttLink | None = None
        self._broker = "starting"
        self._pieces: set[TrackId] = set()
        self._unknown: set[TrackId] = set()  # not analysed yet
        self._library = "looking for music"

    async def run(self, *, live: bool) -> None:
        """Until SIGTERM or SIGINT: then the music fades out and its place is remembered."""
        ending = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, ending.set)
        async with asyncio.TaskGroup() as group:
            brain = group.create_task(self._brain.run(), name="brain")
            parts = [group.create_task(part, name=name) for name, part in self._parts(live=live)]
            await ending.wait()
            self._inbox.put(Stopping(at=self._clock.now()))
            await brain
            self._audio.send(Stop(fade=GOODBYE))
            await asyncio.sleep(GOODBYE + self._settings.audio.buffer_ms / 1000.0)
            for part in parts:
                part.cancel()

    def _parts(self, *, live: bool) -> Iterator[tuple[str, Coroutine[None, None, None]]]:
        yield "audio", self._audio.run()
        yield "library", self._look_after_music()
        yield "mqtt", self._talk()
        if live:
            yield "view", self._show()

    # --- the broker ---------------------------------------------------------------------------------------

    async def _talk(self) -> None:
        """Music never waits for a broker: without one Lull plays and says what is missing."""
        async with AsyncExitStack() as stack:
            mqtt = self._settings.mqtt
            if mqtt.url is None:
                try:
                    broker = await stack.enter_async_context(
                        PrivateBroker(Path(self._settings.data) / "broker", saving)
                    )
                except MqttError as error:
                    self._broker = f"none: {error}"
                    log.warning("broker: %s", error)
                    return
                mqtt = msgspec.structs.replace(mqtt, url=broker.url)
                log.info("broker: private, %s:%d", broker.host, broker.port)
            self._broker = str(mqtt.url)
            self._link = MqttLink(
                mqtt,
                self._topics,
                Identity(boot=self._boot, version=version("lull")),
                Callbacks(self._on_message, self._brain.keep_feedback, self._on_broker, self._vitals),
                self._clock.now,
            )
            self._brain.announce_to(self._link)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._link.run(), name="link")
                if self._settings.demo:
                    where = urlsplit(mqtt.url or "")
                    wristband = VirtualWristband(
                        self._topics.root, str(where.hostname), where.port or 1883, self._clock.now
                    )
                    group.create_task(wristband.run(), name="wristband")

    def _on_message(self, message: Command | Reading) -> None:
        at = self._clock.now()
        match message:
            case Command():
                self._inbox.put(CommandArrived(at=at, command=message))
            case Reading():
                self._inbox.put(ReadingArrived(at=at, reading=message))

    def _on_broker(self, connected: bool, why: str) -> None:
        where = self._broker.partition(" ")[0]
        self._broker = where if connected else f"{where} (away: {why})"
        log.log(logging.INFO if connected else logging.WARNING, "broker: %s", self._broker)

    def _vitals(self) -> dict[str, object]:
        progress = self._audio.last_progress
        return {
            "load": round(os.getloadavg()[0], 2),
            "memory_mib": _memory_mib(os.getpid()) + _memory_mib(self._audio.pid),
            "inbox": len(self._inbox),
            "inbox_dropped": self._inbox.dropped,
            "underruns": progress.underruns if progress else 0,
            "audio_starts": self._audio.starts,
            "pieces": len(self._pieces),
            "mappings": {},
        }

    # --- the audio process --------------------------------------------------------------------------------

    def _on_report(self, report: AudioReport) -> None:
        at = self._clock.now()
        if isinstance(report, Progress):
            if self._told is not None and at - self._told < TOLD_EVERY:
                return
            self._told = at
        elif isinstance(report, SinkOpened):
            log.info("sound: %s", report.fallback_reason or report.device)
        elif isinstance(report, Listened) and not report.complete and report.track_id not in self._unknown:
            return  # the catalogue knows more
        self._inbox.put(AudioReported(at=at, report=report))

    def _on_ready(self) -> None:
        self._inbox.put(AudioReady(at=self._clock.now()))

    def _on_lost(self, reason: str) -> None:
        last = self._audio.last_progress
        self._inbox.put(
            AudioLost(
                at=self._clock.now(),
                reason=reason,
                track_id=last.track_id if last else "",
                position=last.position if last else Seconds(0.0),
            )
        )

    # --- the music ----------------------------------------------------------------------------------------

    async def _look_after_music(self) -> None:
        library, look_again = self._settings.library, LOOK_AGAIN
        async with asyncio.TaskGroup() as group:
            if not library.folders:
                demo = Path(self._settings.data) / "demo"
                demo.mkdir(parents=True, exist_ok=True)
                library = msgspec.structs.replace(library, folders=(str(demo),))
                look_again = DEMO_LOOK_AGAIN
                group.create_task(self._render_demo(demo), name="demo")
            watcher = LibraryWatcher(
                library, self._catalogue, self._on_music, self._on_unplayable, look_again=look_again
            )
            group.create_task(watcher.run(), name="watcher")

    @staticmethod
    async def _render_demo(folder: Path) -> None:
        try:
            await asyncio.to_thread(ensure_demo_library, folder)
        except LibraryError as error:
            log.warning("library: %s", error)

    def _on_music(self, found: tuple[CatalogueEntry, ...], gone: tuple[TrackId, ...], complete: bool) -> None:
        for entry in found:
            self._pieces.add(entry.track.id)
            (self._unknown.discard if entry.features else self._unknown.add)(entry.track.id)
        self._pieces.difference_update(gone)
        self._unknown.difference_update(gone)
        left = f"{len(self._unknown)} still to analyse" if self._unknown else "all analysed"
        self._library = f"{len(self._pieces)} pieces, {left}"
        log.info("library: %s", self._library)
        self._inbox.put(CatalogueChanged(at=self._clock.now(), found=found, gone=gone, complete=complete))

    def _save(self, track_id: TrackId, features: TrackFeatures) -> None:
        """A live analysis for the catalogue, which may be busy with a scan: on a thread."""
        saving = asyncio.get_running_loop().run_in_executor(
            None, self._catalogue.save_features, track_id, features
        )
        saving.add_done_callback(_tell)

    def _on_unplayable(self, uri: str, why: str) -> None:
        log.warning("library: %s: %s", uri, why)

    # --- the view -----------------------------------------------------------------------------------------

    async def _show(self) -> None:
        with Live(console=Console(), screen=True, auto_refresh=False) as view:
            while True:
                view.update(render(self._snapshot()), refresh=True)
                await asyncio.sleep(1.0 / VIEW_RATE)

    def _snapshot(self) -> Snapshot:
        port = urlsplit(self._broker).port if self._link else None
        return Snapshot(
            views=self._brain.views,
            decisions=tuple(self._brain.decisions),
            progress=self._audio.last_progress,
            broker=self._broker,
            resident=self._profile.id,
            library=self._library,
            message=f"mosquitto_pub -p {port or 1883} -t {self._topics.root}/cmd/calm -m '{{}}'",
        )


def _remembered(journal: SqliteJournal) -> Memory:
    """What the last run left behind; its place as late as the journal tells it."""
    stored = journal.load_memory()
    if stored is None:
        return Memory()
    try:
        memory = json.decode(stored, type=Memory)
    except msgspec.ValidationError as error:
        raise StoreError(f"The memory in the journal cannot be read ({error}).") from error
    if memory.resume is None:
        return memory
    for entry in reversed(journal.newest(LOOK_BACK)):
        match json.decode(entry.event, type=Event):
            case AudioReported(report=Progress(track_id=memory.resume.track_id, position=position)):
                place = Resume(track_id=memory.resume.track_id, position=position)
                return msgspec.structs.replace(memory, resume=place)
            case _:
                continue
    return memory


def _tell(saving: "asyncio.Future[None]") -> None:
    if (error := saving.exception()) is not None:
        log.error("library: %s", error)


def _memory_mib(pid: int | None) -> int:
    """Resident memory; 0 for a process that is not there."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE") >> 20
