"""The live view in a terminal: what is heard, how the resident is, what was decided and why."""

from contextlib import suppress
from dataclasses import dataclass
from queue import Queue
from threading import Thread

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from adapters.logs import legible
from player.model import Progress
from player.session.messages import AgitationState, Decision, PlaybackState, StateView, VolumeState
from player.units import SILENCE_DB

LOUDEST, QUIETEST = 0.0, -60.0  # dBFS, ends of the level meter
CLOSE_PATIENCE = 0.5  # s; a dead terminal must not hold up the end of the service
WORDS = {
    "playing": "playing",
    "soothing": "soothing",
    "starting": "starting …",
    "idle": "idle",
    "paused": "paused",
    "held": "stopped",
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known at this moment."""

    views: dict[type[StateView], StateView]
    decisions: tuple[Decision, ...]
    progress: Progress | None
    broker: str
    resident: str
    library: str
    message: str  # how to send the first message
    page: str = ""  # its address, or why there is none


class Screen:
    """Draws on a thread that may wait: a terminal that nobody reads (Ctrl-S, a dead connection) holds up
    the pictures, never the brain.

    Takes `terminal`, a file descriptor, for itself: a thread that hangs in `sys.stdout` would hold its lock
    at the end of the process.
    """

    def __init__(self, terminal: int) -> None:
        self._terminal = terminal
        self._pictures: Queue[Snapshot | None] = Queue()
        self._thread = Thread(target=self._draw, name="screen", daemon=True)
        self._thread.start()

    def show(self, picture: Snapshot) -> None:
        """Skipped while the last one is still being drawn."""
        if not self._pictures.unfinished_tasks:
            self._pictures.put(picture)

    def close(self) -> None:
        """Leave the alternate screen; not waited for when the terminal does not take it."""
        self._pictures.put(None)
        self._thread.join(CLOSE_PATIENCE)

    def _draw(self) -> None:
        with suppress(OSError), open(self._terminal, "w", encoding="utf-8", errors="replace") as terminal:
            console = Console(file=terminal)
            # log lines must not wait for this thread: nothing is redirected
            with Live(
                console=console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
            ) as view:
                while (picture := self._pictures.get()) is not None:
                    view.update(render(picture), refresh=True)
                    self._pictures.task_done()


def render(now: Snapshot) -> RenderableType:
    return Panel(
        Group(_music(now), "", _resident(now), "", _decisions(now), "", _parts(now)),
        title="[bold]Lull",
        subtitle=f"resident [bold]{now.resident}",
        padding=(1, 2),
    )


def _music(now: Snapshot) -> RenderableType:
    view = now.views.get(PlaybackState)
    table = _grid()
    if not isinstance(view, PlaybackState):
        table.add_row("now", "starting …")
        return table
    if view.track is None:
        table.add_row("now", Text(legible(f"{WORDS[view.state]}: {view.reason}")))
    else:
        piece = Text(legible(view.track.title), style="bold")
        if view.track.artist:
            piece.append(legible(f"  {view.track.artist}"), style="not bold")
        table.add_row("now", piece)
        table.add_row("", Text(f"{WORDS[view.state]}{_calm(view.calmness)}{_clock(now, view)}"))
    table.add_row("level", _level(now.progress))
    volume = now.views.get(VolumeState)
    if isinstance(volume, VolumeState):
        table.add_row("volume", f"{volume.percent:.0f} % of at most {volume.max:.0f} %")
    return table


def _calm(calmness: float | None) -> str:
    return "" if calmness is None else f" · calmness {calmness:.2f}"


def _clock(now: Snapshot, view: PlaybackState) -> str:
    position = now.progress.position if now.progress else view.position
    total = view.track.duration if view.track else 0.0
    return f" · {_minutes(position)} of {_minutes(total)}" if total else f" · {_minutes(position)}"


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _level(progress: Progress | None) -> RenderableType:
    peak = progress.peak if progress else SILENCE_DB
    filled = min(max((peak - QUIETEST) / (LOUDEST - QUIETEST), 0.0), 1.0)
    bar = ProgressBar(total=1.0, completed=filled, width=36)
    row = Table.grid(padding=(0, 1))
    row.add_row(bar, f"{peak:6.1f} dBFS" if peak > SILENCE_DB else "silent")
    return row


def _resident(now: Snapshot) -> RenderableType:
    table = _grid()
    view = now.views.get(AgitationState)
    listener = view.listener if isinstance(view, AgitationState) else None
    if listener is None or listener.confidence <= 0.0:
        table.add_row("agitation", "no sensor has reported lately")
        return table
    row = Table.grid(padding=(0, 1))
    style = "red" if listener.agitation >= 0.6 else "yellow" if listener.agitation >= 0.4 else "green"
    bar = ProgressBar(total=1.0, completed=listener.agitation, width=36, complete_style=style)
    row.add_row(bar, f"{listener.agitation:.2f}, {listener.trend} (confidence {listener.confidence:.2f})")
    table.add_row("agitation", row)
    for evidence in listener.why:
        says = f"{evidence.source} says {evidence.agitation:.2f}, {evidence.age:.0f} s ago"
        table.add_row("", Text(says, style="dim"))
    return table


def _decisions(now: Snapshot) -> RenderableType:
    table = _grid()
    for n, decision in enumerate(reversed(now.decisions[-3:])):
        table.add_row(
            "decided" if n == 0 else "", Text(legible(decision.reason), style="bold" if n == 0 else "dim")
        )
    return table


def _parts(now: Snapshot) -> RenderableType:
    table = _grid()
    view = now.views.get(PlaybackState)
    if isinstance(view, PlaybackState):
        table.add_row("device", Text(view.fault or view.device, style="red" if view.fault else ""))
    table.add_row("library", Text(now.library))
    table.add_row("broker", Text(now.broker))
    if now.progress:
        ahead = f"{now.progress.ring:.0f} s decoded ahead, {now.progress.underruns} underruns"
        table.add_row("sound", ahead)
    if now.page:
        table.add_row("page", Text(now.page))
    table.add_row("try", Text(now.message, style="dim"))
    return table


def _grid() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="cyan", min_width=9)
    table.add_column(overflow="fold")
    return table
