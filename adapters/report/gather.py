"""One pass over the journal, from rows to figures."""

from collections import Counter
from datetime import date, timedelta
from operator import attrgetter

from msgspec import structs

from adapters.report.agitation import Agitation
from adapters.report.figures import (
    LEAST_MINUTES,
    LEAST_PER_ARM,
    LEAST_SWAPS,
    HourOfDay,
    Learned,
    Lot,
    Outcomes,
    PlayedDay,
    Report,
    TrackFigures,
    Trouble,
)
from adapters.report.outcomes import Swaps
from adapters.report.played import Played
from adapters.report.rows import JournalRows, Moment, StartedRow, local_day
from adapters.report.sources import People, Sensors
from adapters.report.statistics import Interval, difference, interval
from player.errors import StoreError
from player.model import TrackId
from player.selection.basis import BASIS
from player.selection.policies.learn import Learn
from player.selection.reward import NaturalChange
from player.session.hours import usual_minute
from player.session.messages import AudioLost, AudioReported, Memory, ReadingArrived
from player.settings import PolicySettings
from player.units import Seconds

DAY, MINUTE = 86_400.0, 60.0
ONE_DAY = timedelta(days=1)
LONGEST_GAP = 62  # days
HALF_LIFE = Seconds(PolicySettings().half_life_days * DAY)


class Scan:
    """Takes every row once."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.natural = NaturalChange(HALF_LIFE, memory.natural) if memory.natural else None
        self.played, self.agitation, self.swaps = Played(), Agitation(), Swaps(self.natural)
        self.sensors, self.people = Sensors(), People()
        self.faults: Counter[str] = Counter()
        self.runs = self.audio_restarts = 0
        self.first: date | None = None
        self.last: date | None = None
        self.at, self.offset = 0.0, 0.0

    def run(self, rows: JournalRows, since: Seconds | None) -> None:
        runs = rows.runs()
        boot = ""
        passed: Moment | None = None  # newest row of the run, if only sensors and sound have seen it
        for moment in rows.moments(since):
            if moment.boot != boot:
                self._take(_end_of(passed))
                boot, passed, self.runs = moment.boot, None, self.runs + 1
                self._follow(runs[boot])
            self.at, self.offset = moment.at, moment.offset
            self.first = self.first or moment.day
            if moment.effects or not self._alone(moment):
                self._take(moment)
                passed = None
            else:
                passed = moment
        self._take(_end_of(passed))
        if self.first is not None:
            self.last = local_day(self.at, self.offset)
        self.swaps.finish()

    def _alone(self, moment: Moment) -> bool:
        """Most rows by far: readings and reports that caused nothing; what was believed holds on."""
        kind = type(moment.event)
        if kind is ReadingArrived:
            self.sensors.take(moment)
        elif kind is AudioReported:
            self.played.take(moment)
            self.people.take(moment)
        return kind is ReadingArrived or kind is AudioReported

    def _take(self, moment: Moment | None) -> None:
        if moment is not None:
            self.agitation.take(moment)
            self.swaps.take(moment, self.agitation.level)
            self.agitation.show(moment)
            self.played.take(moment)
            self.sensors.take(moment)
            self.people.take(moment)
            self.audio_restarts += isinstance(moment.event, AudioLost)
            self.faults.update(fault.part for fault in moment.faults)

    def _follow(self, started: StartedRow) -> None:
        self.agitation.threshold = started.settings.policy.agitation_on
        self.swaps.window = started.settings.policy.response_window_s


def _end_of(passed: Moment | None) -> Moment | None:
    """The same moment for what holds over time; what happened in it was counted."""
    return structs.replace(passed, event=None) if passed is not None else None


def gather(rows: JournalRows, resident: str, since: Seconds | None = None) -> Report:
    """Raises `StoreError` when nothing was kept of this resident since then."""
    runs = rows.runs()
    scan = Scan(rows.memory() or Memory())
    scan.run(rows, since)
    if scan.first is None or scan.last is None:
        raise StoreError(
            f"Nothing is in the journal of resident {resident!r} for this time: play music first."
        )
    newest = list(runs.values())[-1]
    return Report(
        resident=resident,
        player=newest.settings.player,
        policy=newest.settings.policy.name,
        since=scan.first.isoformat(),
        until=scan.last.isoformat(),
        runs=scan.runs,
        rows=rows.read,
        broken=rows.broken,
        threshold=scan.agitation.threshold,
        window_s=scan.swaps.window,
        days=_days(scan),
        hours=_hours(scan.agitation),
        outcomes=_outcomes(scan.swaps),
        tracks=_tracks(scan),
        sensors=scan.sensors.figures(),
        presses=scan.people.presses(),
        feedback=scan.people.feedback(),
        learned=_learned(scan),
        lot=_lot(scan.swaps, consented=newest.profile.consent.randomise),
        trouble=Trouble(
            audio_restarts=scan.audio_restarts,
            underruns=scan.played.underruns,
            faults=dict(sorted(scan.faults.items())),
            prompts=scan.swaps.prompts,
        ),
    )


def _days(scan: Scan) -> tuple[PlayedDay, ...]:
    of, played = scan.agitation, scan.played
    days = _with_gaps(sorted({*of.running_of_day, *played.by_day, *played.to_no_device}))
    return tuple(
        PlayedDay(
            day=day.isoformat(),
            played_min=played.by_day.get(day, 0.0) / MINUTE,
            to_no_device_min=played.to_no_device.get(day, 0.0) / MINUTE,
            running_min=of.running_of_day.get(day, 0.0) / MINUTE,
            restless_min=of.restless_of_day.get(day, 0.0) / MINUTE,
            known_min=of.known_of_day.get(day, 0.0) / MINUTE,
        )
        for day in days
    )


def _with_gaps(days: list[date]) -> list[date]:
    """With the days on which Lull was off; not the decades that a clock without a battery may skip."""
    filled: list[date] = []
    for day in days:
        if filled and (day - filled[-1]).days <= LONGEST_GAP:
            while filled[-1] + ONE_DAY < day:
                filled.append(filled[-1] + ONE_DAY)
        filled.append(day)
    return filled


def _hours(of: Agitation) -> tuple[HourOfDay, ...]:
    return tuple(
        HourOfDay(
            hour=hour,
            known_min=of.known[hour] / MINUTE,
            restless_min=of.restless[hour] / MINUTE,
            mean=of.integral[hour] / of.known[hour] if of.known[hour] >= LEAST_MINUTES * MINUTE else None,
        )
        for hour in range(24)
    )


def _outcomes(swaps: Swaps) -> Outcomes:
    names = ("swaps", "calmer", "same", "worse", "upset", "refused", "cut_short", "unknown")
    return Outcomes(
        **{name: swaps.counts[name] for name in names},
        change=interval(swaps.change),
        beyond_natural=interval(swaps.beyond),
        enough=swaps.change.n >= LEAST_SWAPS,
    )


def _tracks(scan: Scan) -> tuple[TrackFigures, ...]:
    """Most played first."""
    swaps, played, people = scan.swaps, scan.played, scan.people
    believed = _beliefs(scan)
    ids = {*swaps.tracks, *(t for t in played.plays if t in swaps.titles), *believed}
    found = []
    for track_id in sorted(ids):
        of = swaps.tracks.get(track_id)
        title, artist = swaps.titles.get(track_id, (track_id, ""))
        learned, upsets = believed.get(track_id, (None, None))
        found.append(
            TrackFigures(
                id=track_id,
                title=title,
                artist=artist,
                plays=played.plays.get(track_id, 0),
                played_min=played.by_track.get(track_id, 0.0) / MINUTE,
                swaps=of.swaps if of else 0,
                measured=of.change.n if of else 0,
                change=interval(of.change) if of else None,
                upset=of.upset if of else 0,
                refused=of.refused if of else 0,
                better=people.better[track_id],
                worse=people.worse[track_id],
                learned=learned,
                upsets=upsets,
            )
        )
    return tuple(sorted(found, key=attrgetter("plays"), reverse=True))


def _beliefs(scan: Scan) -> dict[TrackId, tuple[Interval | None, float | None]]:
    """The learner's 95 % intervals, for pieces with evidence of their own, each in its newest situation."""
    learned = scan.memory.learned
    if learned is None or not learned.tracks:
        return {}
    posterior = Learn(PolicySettings(), learned).learner.posterior(Seconds(max(scan.at, learned.at)))
    found: dict[TrackId, tuple[Interval | None, float | None]] = {}
    for track_id in learned.tracks:
        basis = scan.swaps.basis.get(track_id)
        expected = None
        if basis is not None:
            x = [basis.get(name, 0.0) for name in BASIS]
            mean, half = posterior.mean(track_id, x), 1.96 * posterior.deviation(track_id, x)
            expected = Interval(mean=mean, low=mean - half, high=mean + half)
        found[track_id] = (expected, posterior.upsets(track_id))
    return found


def _learned(scan: Scan) -> Learned:
    memory, titles = scan.memory, scan.swaps.titles

    def name(track_id: TrackId) -> str:
        title, artist = titles.get(track_id, (track_id, ""))
        return f"{title} ({artist})" if artist else title

    return Learned(
        liked=tuple(name(t) for t, likes in memory.likes.items() if likes > 0),
        disliked=tuple(name(t) for t, likes in memory.likes.items() if likes < 0),
        never=tuple(name(t) for t in memory.never),
        left_out=tuple(
            name(t) for t, block in memory.blocks.items() if block.until is None or block.until > scan.at
        ),
        usual_minute=usual_minute(memory.hours, None, Seconds(scan.at)),
        pieces_with_evidence=len(memory.learned.tracks) if memory.learned else 0,
        natural_change=scan.natural.predict_one(0.7, 720)[0] if scan.natural else None,
    )


def _lot(swaps: Swaps, *, consented: bool) -> Lot:
    return Lot(
        consented=consented,
        first=swaps.first.n,
        second=swaps.second.n,
        effect=difference(swaps.second, swaps.first),
        enough=min(swaps.first.n, swaps.second.n) >= LEAST_PER_ARM,
    )
