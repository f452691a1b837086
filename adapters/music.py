"""The music there is: folders watched, the demo library rendered, what was found told to the session."""

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import msgspec

from adapters.clock import Clock
from adapters.inbox import Inbox
from adapters.library.comfort import ComfortStore
from adapters.library.subsonic import Servers, SubsonicServer
from adapters.library.watcher import LOOK_AGAIN, LibraryWatcher
from adapters.streams import entries
from player.errors import LibraryError
from player.model import CatalogueEntry, TrackFeatures, TrackId
from player.ports.records import CatalogueStore
from player.session.messages import CatalogueChanged, ComfortKept
from player.settings import LibrarySettings, Settings
from player.units import Seconds

log = logging.getLogger("lull")

Follow = Callable[[tuple[CatalogueEntry, ...], tuple[TrackId, ...]], None]  # found or changed, gone

SERVERS_EVERY = Seconds(900.0)
COMFORT_AGAIN = Seconds(1800.0)
Pieces = tuple[CatalogueEntry, ...]
BATCH = 500  # entries in one event
DEMO_LOOK_AGAIN = Seconds(3.0)  # the demo library grows while it is rendered


class Music:
    """`state` tells people how many pieces there are; `unknown` are those not analysed yet."""

    def __init__(self, settings: Settings, catalogue: CatalogueStore, clock: Clock, inbox: Inbox) -> None:
        self._settings, self._catalogue, self._clock, self._inbox = settings, catalogue, clock, inbox
        self.pieces: set[TrackId] = set()
        self.unknown: set[TrackId] = set()
        self.refused: dict[str, str] = {}  # files and folders, and why; the newest last
        self.problem = ""  # why there is no music at all
        self._followers: list[Follow] = []
        self._rendering = False  # the demo library: what is there is not all there will be
        self._all_looked_at = False
        self.state = "looking for music"
        self._servers = Servers(settings.library.servers)
        folder = Path(settings.data) / "comfort"
        self._comfort = ComfortStore(folder, settings.library.comfort_mb, self.resolved)
        self._to_keep: asyncio.Queue[tuple[CatalogueEntry, ...]] = asyncio.Queue()

    def resolved(self, uri: str) -> str:
        """As the audio process can open it: what stands on a server gets its token here, and nowhere else."""
        try:
            return self._servers.resolved(uri)
        except LibraryError as error:
            log.warning("%s", error)
            return uri

    async def follow_servers(self) -> None:
        """For ever: what the configured servers have, looked at now and then."""
        told: dict[str, frozenset[TrackId]] = {}
        while True:
            for name, server in self._servers:
                try:
                    found = await asyncio.to_thread(_all_of, server)
                except LibraryError as error:
                    log.warning("%s", error)
                    continue
                ids = frozenset(entry.track.id for entry in found)
                gone = tuple(sorted(told.get(name, frozenset()) - ids))
                told[name] = ids
                log.info("library: %d pieces on %s", len(found), name)
                for start in range(0, max(len(found), 1), BATCH):
                    batch = found[start : start + BATCH]
                    self._inbox.put(CatalogueChanged(at=self._clock.now(), found=batch, gone=gone))
            await asyncio.sleep(SERVERS_EVERY)

    def keep(self, pieces: tuple[CatalogueEntry, ...]) -> None:
        """Copy these pieces to this disk; a newer wish replaces one that waits."""
        while not self._to_keep.empty():
            self._to_keep.get_nowait()
        self._to_keep.put_nowait(pieces)

    async def keep_comfort(self) -> None:
        """For ever: what is on this disk, and then what shall be. What could not be had, its server being
        away, is tried again."""
        kept = await self._carry(self._comfort.load, ())
        pieces: Pieces = ()
        try:
            while True:
                patience = COMFORT_AGAIN if len(kept) < len(pieces) else None
                with suppress(TimeoutError):
                    async with asyncio.timeout(patience):
                        pieces = await self._to_keep.get()
                kept = await self._carry(partial(self._comfort.keep, pieces), kept)
        finally:
            self._comfort.close()

    async def _carry(self, work: Callable[[], Pieces], before: Pieces) -> Pieces:
        """What is kept from now on."""
        try:
            kept = await asyncio.to_thread(work)
        except LibraryError as error:
            log.warning("%s", error)
            return before
        if kept != before:
            self._inbox.put(ComfortKept(at=self._clock.now(), kept=kept))
        return kept

    def follow(self, follow: Follow) -> None:
        """It hears of every piece that comes, changes or goes."""
        self._followers.append(follow)

    async def run(self) -> None:
        library = self._settings.library
        if streams := entries(self._settings.streams):
            self._inbox.put(CatalogueChanged(at=self._clock.now(), found=streams))
        if library.folders:
            await self._watch(library, LOOK_AGAIN)
            return
        demo, brought = Path(self._settings.data) / "demo", Path(self._settings.data) / "music"
        try:
            demo.mkdir(parents=True, exist_ok=True)
            brought.mkdir(exist_ok=True)  # over the page
        except OSError as error:
            self._tell_why(
                f"{demo} cannot be made ({error.strerror}): free some space, or name your own music "
                "(`library.folders`), and start again."
            )
            return
        library = msgspec.structs.replace(library, folders=(str(demo), str(brought)))
        self._rendering = True
        async with asyncio.TaskGroup() as group:
            group.create_task(self._render_demo(demo), name="demo")
            group.create_task(self._watch(library, DEMO_LOOK_AGAIN), name="watch")

    def save(self, track_id: TrackId, features: TrackFeatures) -> None:
        """Keep a live analysis. The catalogue may be busy with a scan: on a thread."""
        loop = asyncio.get_running_loop()
        saving = loop.run_in_executor(None, self._catalogue.save_features, track_id, features)
        saving.add_done_callback(_tell)

    async def _watch(self, library: LibrarySettings, look_again: Seconds) -> None:
        await LibraryWatcher(
            library, self._catalogue, self._on_music, self._on_unplayable, look_again=look_again
        ).run()

    async def _render_demo(self, folder: Path) -> None:
        from adapters.library.demo import ensure_demo_library  # FFmpeg and numpy: only where it is needed

        stop = threading.Event()
        try:
            await asyncio.to_thread(ensure_demo_library, folder, stop=stop)
        except LibraryError as error:
            self._tell_why(str(error))
        finally:
            stop.set()  # cancelled: the thread would render on, and hold the end of the program back
        self._rendering = False
        if self._all_looked_at:
            self._inbox.put(CatalogueChanged(at=self._clock.now(), complete=True))

    def _tell_why(self, problem: str) -> None:
        self.state = self.problem = problem
        log.warning("library: %s", problem)

    def _on_music(self, found: tuple[CatalogueEntry, ...], gone: tuple[TrackId, ...], complete: bool) -> None:
        for entry in found:
            self.pieces.add(entry.track.id)
            (self.unknown.discard if entry.features else self.unknown.add)(entry.track.id)
        self.pieces.difference_update(gone)
        self.unknown.difference_update(gone)
        for entry in found:
            self.refused.pop(entry.track.uri, None)  # mended
        for follow in self._followers:
            follow(found, gone)
        self._count()
        self._all_looked_at |= complete
        complete = complete and not self._rendering
        self._inbox.put(CatalogueChanged(at=self._clock.now(), found=found, gone=gone, complete=complete))

    def _count(self) -> None:
        left = f"{len(self.unknown)} still to analyse" if self.unknown else "all analysed"
        refused = f", {len(self.refused)} refused" if self.refused else ""
        self.state = (
            f"{len(self.pieces)} pieces, {left}{refused}" if self.pieces else f"no pieces yet{refused}"
        )
        log.info("library: %s", self.state)

    def _on_unplayable(self, uri: str, why: str) -> None:
        """why: "" when it is mended or gone."""
        known = self.refused.pop(uri, None)
        if why:
            self.refused[uri] = why
            log.warning("library: %s: %s", uri, why)
        elif known is not None:
            self._count()


def _tell(saving: "asyncio.Future[None]") -> None:
    if not saving.cancelled() and (error := saving.exception()) is not None:
        log.error("library: %s", error)


def _all_of(server: SubsonicServer) -> tuple[CatalogueEntry, ...]:
    return tuple(server.tracks())
