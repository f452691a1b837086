"""Wiring: builds every part from the settings, joins them by the one inbox, runs them in one task group."""

import asyncio
import logging
import os
import secrets
import signal
import sys
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec
from msgspec import structs

from adapters.audio.launch import Launcher
from adapters.audio.process import AudioProcess
from adapters.brain import Brain, Hands
from adapters.clock import Clock
from adapters.control import ControlDoor
from adapters.conversation import Conversation
from adapters.devices_file import direct_devices, load_devices
from adapters.direct.keeper import run_devices
from adapters.direct.port import Device, Port
from adapters.fallback import Given, with_policy
from adapters.inbox import Inbox
from adapters.mqtt.endpoint import Endpoint
from adapters.music import Music
from adapters.page.library import PageLibrary
from adapters.page.records import PageRecords
from adapters.page.report import make_report
from adapters.page.service import WebPage
from adapters.page.setup import PageSetUp
from adapters.registrar import Registrar
from adapters.store.catalogue import Catalogue
from adapters.store.journal import SqliteJournal
from adapters.store.memory import remembered
from adapters.store.refuge import refuge
from adapters.store.space import Limits
from adapters.system.lock import DataLock
from adapters.system.notify import Notifier
from adapters.web.house import House, Place, Vitals
from player.errors import LullError, NewerStoreError, StoreError
from player.model import (
    AudioReport,
    Command,
    Listened,
    Load,
    MicrophoneState,
    MixCommand,
    Progress,
    SinkOpened,
    Stop,
)
from player.selection.policies import POLICIES
from player.session.dating import newest
from player.session.messages import (
    AudioLost,
    AudioReady,
    AudioReported,
    CommandArrived,
    Fault,
    PlaybackState,
    Started,
    Stopping,
)
from player.session.volume import in_range
from player.settings import Profile, Settings
from player.units import Seconds

log = logging.getLogger("lull")

TOLD_EVERY = Seconds(5.0)  # how often the session hears of progress; the live view reads the newest
VIEW_RATE = 4  # pictures of the live view a second
END_PATIENCE = Seconds(2.0)  # before a part that was cancelled is cancelled again
GOODBYE = Seconds(0.4)  # fade at the end of the service


def run_service(start: Given, launcher: Launcher, *, live: bool) -> None:
    """Play until a signal ends it. Raises `LullError`."""
    start = with_policy(start, POLICIES)
    if not start.patient:
        _check(start.settings)
    settings, profile = start.settings, start.profile
    data = Path(settings.data)
    with ExitStack() as stack:
        try:
            stores = _open(stack, data, settings, profile)
        except NewerStoreError:
            raise
        except StoreError as error:
            if not data.is_dir():
                raise  # a wrong setting, not a disk in trouble
            log.warning("%s The music plays all the same; nothing that people say is kept.", error)
            data = stack.enter_context(refuge(data))
            settings = msgspec.structs.replace(settings, data=str(data))
            start = msgspec.structs.replace(start, settings=settings)
            stores = _open(stack, data, settings, profile)
            stores.journal.acknowledges = False
        asyncio.run(Service(start, stores, launcher).run(live=live))


def _check(settings: Settings) -> None:
    """A broker that cannot be named is an error now, one that is away is not. Raises `LullError`."""
    if settings.mqtt.url is not None:
        Endpoint.of(settings.mqtt)
    if settings.devices:
        load_devices(Path(settings.devices))
        direct_devices(settings)


def _direct(settings: Settings) -> tuple[tuple[Device, ...], tuple[str, ...]]:
    """Devices on this board, and why there are none: it was an error before, but for a service."""
    try:
        return direct_devices(settings), ()
    except LullError as error:
        return (), (str(error),)


def _open(stack: ExitStack, data: Path, settings: Settings, profile: Profile) -> "Stores":
    """Raises `StoreError`, `AlreadyRunningError`."""
    with ExitStack() as opened:
        opened.enter_context(DataLock(data))
        bounds = settings.journal
        limits = Limits(size=bounds.max_mib << 20, age=Seconds(bounds.max_days * 86_400.0))
        journal = SqliteJournal(data / "journal.db", profile.id, _say, limits)
        opened.callback(journal.close)
        catalogue = Catalogue(data / "catalogue.db", on_error=_say)
        opened.callback(catalogue.close)
        stack.push(opened.pop_all())
    return Stores(journal, catalogue)


def _say(error: LullError) -> None:
    log.error("%s", error)


@dataclass(frozen=True, slots=True)
class Stores:
    journal: SqliteJournal
    catalogue: Catalogue


class Service:
    """All parts of one running Lull."""

    def __init__(self, start: Given, stores: Stores, launcher: Launcher) -> None:
        settings, profile, journal = start.settings, start.profile, stores.journal
        self._notifier = Notifier.of_environment()  # before the first child that would inherit it
        self._buffer = Seconds(settings.audio.buffer_ms / 1000.0)
        self._resident = profile.id
        memory, problem = remembered(journal)
        self._clock, self._inbox = Clock(max(newest(memory), journal.last_moment())), Inbox()
        self._told: Seconds | None = None  # when the session last heard of progress
        self._deaf = ""  # why the room is not heard
        self._audio = AudioProcess(launcher, self._on_report, self._on_lost, self._on_ready)
        self._music = Music(settings, stores.catalogue, self._clock, self._inbox)
        if problem:
            log.error("%s", problem)
        started = Started(
            at=self._clock.now(),
            minute=self._clock.minute(),
            boot=secrets.token_hex(8),
            seed=secrets.randbits(32),
            settings=settings,
            profile=profile,
            memory=memory,
        )
        hands = Hands(self._send, self._music.save, self._music.keep)
        self._brain = Brain(started, self._clock, self._inbox, journal, hands)
        self._conversation = Conversation(settings, self._clock, self._inbox, self._brain, self._vitals)
        registrar = Registrar(self._brain, self._clock, self._inbox, journal, profile.id)
        self._door = ControlDoor(Path(settings.data), registrar.handle)
        self._journal, self._quiet_hours = journal, profile.quiet_hours
        house = House(
            Place(room=settings.web.room or settings.player, resident=profile.id, boot=self._brain.boot),
            self._command,
            self._brain.keep_feedback,
            self._for_the_page,
            PageRecords(journal, stores.catalogue, partial(make_report, Path(settings.data), profile.id)),
        )
        self._direct, unusable = _direct(settings)
        self._wrong = (*start.problems, *unusable)
        for wrong in self._wrong:
            self._brain.tell(Fault(part="settings", problem=wrong))
        self._port = Port(self._conversation.deliver, self._tell, self._clock.now)
        setup = PageSetUp(settings, self._brain, registrar, self._conversation, self._clock)
        library = PageLibrary(settings, self._music, self._brain, registrar)
        self._page = WebPage(settings, house, library, setup)
        self._brain.announce_to(self._page.hub)

    async def run(self, *, live: bool) -> None:
        """Until SIGTERM or SIGINT: then the music fades out and its place is remembered."""
        ending = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, ending.set)
        async with asyncio.TaskGroup() as group:
            brain = group.create_task(self._brain.run(), name="brain")
            parts = [group.create_task(part, name=name) for name, part in self._parts(live=live)]
            await ending.wait()
            self._notifier.say("STOPPING=1")
            self._inbox.put(Stopping(at=self._clock.now()))
            await brain
            self._audio.send(Stop(fade=GOODBYE))
            await asyncio.sleep(GOODBYE + self._buffer)
            await _end(parts)
        self._notifier.close()

    def _parts(self, *, live: bool) -> Iterator[tuple[str, Coroutine[None, None, None]]]:
        yield "audio", self._audio.run()
        yield "music", self._music.run()
        yield "comfort", self._music.keep_comfort()
        yield "servers", self._music.follow_servers()
        yield "conversation", self._conversation.run()
        yield "direct", run_devices(self._direct, self._port)
        yield "page", self._page.run()
        yield "control", self._door.run()
        yield "watchdog", self._notifier.watch(self._beat, self._status)
        if live:
            yield "view", self._show()

    def _send(self, command: MixCommand) -> None:
        if isinstance(command, Load):
            command = structs.replace(command, uri=self._music.resolved(command.uri))
        self._audio.send(command)

    # --- the audio process --------------------------------------------------------------------------------

    def _on_report(self, report: AudioReport) -> None:
        at = self._clock.now()
        if isinstance(report, MicrophoneState):
            self._hears(report.problem)
            return
        if isinstance(report, Progress):
            dry = report.deck >= 0 and report.ring <= 0.0  # a stall: every report counts
            if not dry and self._told is not None and at - self._told < TOLD_EVERY:
                return
            self._told = at
        elif isinstance(report, SinkOpened):
            log.info("sound: %s", report.fallback_reason or report.device)
        elif isinstance(report, Listened):
            known = report.track_id not in self._music.unknown
            if known and not report.complete:
                return  # the catalogue knows more
        self._inbox.put(AudioReported(at=at, report=report))

    def _hears(self, problem: str) -> None:
        self._deaf = problem
        if problem:
            self._brain.tell(Fault(part="microphone", problem=problem))

    def _on_ready(self) -> None:
        self._inbox.put(AudioReady(at=self._clock.now()))

    def _on_lost(self, reason: str) -> None:
        last = self._audio.last_progress
        self._deaf = ""  # the next process tells what it finds
        self._inbox.put(
            AudioLost(
                at=self._clock.now(),
                reason=reason,
                track_id=last.track_id if last else "",
                position=last.position if last else Seconds(0.0),
            )
        )

    def _tell(self, problem: str) -> None:
        self._brain.tell(Fault(part="devices", problem=problem))

    # --- what the service manager sees --------------------------------------------------------------------

    def _beat(self) -> tuple[int, int]:
        progress = self._audio.last_progress
        return progress.frames_written if progress else 0, self._brain.handled

    def _status(self) -> str:
        """Without titles: the log of the machine is read by others than staff."""
        view = self._brain.views.get(PlaybackState)
        playback = f"{view.state}, sound: {view.device}" if isinstance(view, PlaybackState) else "starting"
        return f"{playback}, broker: {self._conversation.state}"

    # --- what people see ----------------------------------------------------------------------------------

    def _vitals(self) -> dict[str, object]:
        progress = self._audio.last_progress
        return {
            "load": round(os.getloadavg()[0], 2),
            "memory_mib": _memory_mib(os.getpid()) + _memory_mib(self._audio.pid),
            "inbox": len(self._inbox),
            "inbox_dropped": self._inbox.dropped,
            "underruns": progress.underruns if progress else 0,
            "audio_starts": self._audio.starts,
            "pieces": len(self._music.pieces),
        }

    def _command(self, command: Command) -> bool:
        return self._inbox.put(CommandArrived(at=self._clock.now(), command=command))

    def _for_the_page(self) -> Vitals:
        return Vitals(
            at=(now := self._clock.now()),
            progress=self._audio.last_progress,
            broker=self._conversation.trouble,
            library=self._music.state,
            store=self._journal.failing,
            settings=" ".join(self._wrong),
            microphone=self._deaf,
            pieces=len(self._music.pieces),
            sensors=self._conversation.attendance.missing(now),
            night=in_range(self._clock.minute(), self._quiet_hours),
        )

    async def _show(self) -> None:
        from adapters.terminal import Screen, Snapshot  # a service without a terminal does without

        screen = Screen(os.dup(sys.stdout.fileno()))
        try:
            while True:
                screen.show(
                    Snapshot(
                        views=self._brain.views,
                        decisions=tuple(self._brain.decisions),
                        progress=self._audio.last_progress,
                        broker=self._conversation.state,
                        resident=self._resident,
                        library=self._music.state,
                        message=self._conversation.example,
                        page=self._page.state,
                    )
                )
                await asyncio.sleep(1.0 / VIEW_RATE)
        finally:
            screen.close()


async def _end(parts: list[asyncio.Task[None]]) -> None:
    """Cancel until all have ended: on Python 3.11 `asyncio.wait_for`, in a library too, can swallow one
    cancellation (bpo-37658), and a task group hands a second one on to nobody."""
    waiting: set[asyncio.Task[None]] = set(parts)
    for part in parts:
        part.cancel()
    while waiting:
        _, waiting = await asyncio.wait(waiting, timeout=END_PATIENCE)
        if waiting:
            log.warning("still ending: %s", ", ".join(sorted(part.get_name() for part in waiting)))
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()


def _memory_mib(pid: int | None) -> int:
    """Resident memory; 0 for a process that is not there."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE") >> 20
