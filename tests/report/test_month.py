"""A simulated month: every number of the report against a plain count over the journal's rows."""

import itertools
import json
import sqlite3
from collections import Counter, defaultdict
from datetime import UTC, datetime
from statistics import fmean, stdev
from typing import Any, NamedTuple

import pytest

from adapters.report.figures import Report
from adapters.report.gather import gather
from adapters.report.rows import JournalRows
from tests.support.month import write_month

DAYS = 31
NEVER: tuple[float, dict[str, Any]] = (1e18, {})
Row = tuple[float, dict[str, Any], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Row], Report]:
    path = tmp_path_factory.mktemp("month") / "journal.db"
    who = write_month(path, days=DAYS, policy="calmest-familiar", randomise=True)
    with sqlite3.connect(path) as connection:
        stored = connection.execute("SELECT at, event, effects FROM entries ORDER BY id").fetchall()
    rows = [(at, json.loads(event), json.loads(effects)) for at, event, effects in stored]
    return rows, gather(JournalRows(path, who), who)


def effects(rows: list[Row], kind: str) -> list[tuple[float, dict[str, Any]]]:
    return [(at, effect) for at, _, caused in rows for effect in caused if effect["type"] == kind]


def day_of(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()  # the simulated home lies at Greenwich


def estimates(rows: list[Row]) -> list[tuple[float, float | None]]:
    """When which agitation was shown; None: nothing was known."""
    shown: list[tuple[float, float | None]] = []
    for at, effect in effects(rows, "Show"):
        state = effect["state"]
        if state["type"] == "AgitationState":
            listener = state["listener"]
            shown.append((at, listener["agitation"] if listener["confidence"] > 0 else None))
    return shown


def test_minutes_played_each_day(month: tuple[list[Row], Report]) -> None:
    rows, report = month
    played: dict[str, float] = defaultdict(float)
    before: dict[str, Any] | None = None
    for at, event, _ in rows:
        if event["type"] != "AudioReported" or event["report"]["type"] != "Progress":
            continue
        now = event["report"] | {"at": at}
        if before is not None and now["deck"] >= 0 and before["deck"] >= 0:
            if now["track_id"] == before["track_id"]:
                moved = max(now["position"] - before["position"], 0.0)
                played[day_of(at)] += min(moved, now["at"] - before["at"])
            else:
                played[day_of(at)] += now["at"] - before["at"]
        elif before is not None and now["deck"] >= 0:
            heard = [t for t, e, _ in rows_between(rows, before["at"], at) if is_heard(e)]
            played[day_of(at)] += at - heard[-1] if heard else 0.0
        before = now
    found = {day.day: day.played_min for day in report.days if day.played_min}
    assert found == pytest.approx({day: seconds / 60.0 for day, seconds in played.items()}, abs=0.01)
    assert len(report.days) == DAYS
    assert sum(found.values()) > 60.0 * DAYS  # music was played at all


def rows_between(rows: list[Row], begin: float, end: float) -> list[Row]:
    return [row for row in rows if begin <= row[0] <= end]


def is_heard(event: dict[str, Any]) -> bool:
    return bool(event["type"] == "AudioReported" and event["report"]["type"] == "Heard")


def test_agitation_by_hour(month: tuple[list[Row], Report]) -> None:
    """In steps of one second, which is finer than any change in the simulated month."""
    rows, report = month
    shown = [*estimates(rows), (rows[-1][0], None)]
    known, restless, total = [0.0] * 24, [0.0] * 24, [0.0] * 24
    for (begin, level), (end, _) in itertools.pairwise(shown):
        if level is None:
            continue
        for second in range(int(begin), int(end)):
            hour = second % 86_400 // 3600
            known[hour] += 1.0
            total[hour] += level
            restless[hour] += level >= report.threshold
    for of in report.hours:
        assert of.known_min == pytest.approx(known[of.hour] / 60.0, abs=1.0)
        assert of.restless_min == pytest.approx(restless[of.hour] / 60.0, abs=1.0)
        if of.mean is None:
            assert known[of.hour] < 1800.0
        else:
            assert of.mean == pytest.approx(total[of.hour] / known[of.hour], abs=0.002)
    assert sum(day.known_min for day in report.days) == pytest.approx(sum(known) / 60.0, abs=2.0)
    assert sum(day.restless_min for day in report.days) == pytest.approx(sum(restless) / 60.0, abs=2.0)


class Found(NamedTuple):
    """A swap, what became of it, the change if it was heard long enough, and the change when it ended."""

    swap: dict[str, Any]
    outcome: str
    change: float | None
    seen: float | None


def outcomes_of(rows: list[Row]) -> list[Found]:
    shown = estimates(rows)
    decisions = [(at, effect["decision"]) for at, effect in effects(rows, "Decide")]
    presses = [(at, e["command"]) for at, e, _ in rows if e["type"] == "CommandArrived"]
    leaving = {"swap", "start", "next", "rest", "hold", "resume", "release"}
    found: list[Found] = []
    for number, (at, swap) in enumerate(decisions):
        if swap["event_type"] != "swap":
            continue
        due = at + 180.0
        after = next(((t, d) for t, d in decisions[number + 1 :] if d["event_type"] in leaving), NEVER)
        refused = [
            t for t, c in presses if at < t <= min(after[0], due) and c["verb"] in ("dislike", "never")
        ]
        next_row = next((row[0] for row in rows if row[0] >= due), None)
        if refused and refused[0] < due:
            found.append(Found(swap, "refused", None, change_at(swap, shown, refused[0])))
        elif after[0] >= due and next_row is not None:
            found.append(judged(swap, shown, next_row))
        elif after[1].get("trigger") == "upset":
            found.append(Found(swap, "upset", None, change_at(swap, shown, after[0])))
        elif after[1].get("trigger") == "ended" and after[0] >= at + 90.0:
            found.append(judged(swap, shown, after[0]))
        else:
            found.append(Found(swap, "cut_short", None, change_at(swap, shown, after[0])))
    return found


def judged(swap: dict[str, Any], shown: list[tuple[float, float | None]], at: float) -> Found:
    change = change_at(swap, shown, at)
    if change is None:
        return Found(swap, "unknown", None, None)
    return Found(swap, "calmer" if change <= -0.1 else "worse" if change >= 0.1 else "same", change, change)


def change_at(swap: dict[str, Any], shown: list[tuple[float, float | None]], at: float) -> float | None:
    level = [value for t, value in shown if t < at][-1]
    return None if level is None or swap["agitation"] is None else level - swap["agitation"]


def test_swaps_and_what_followed(month: tuple[list[Row], Report]) -> None:
    rows, report = month
    found = outcomes_of(rows)
    counted = Counter(each.outcome for each in found)
    of = report.outcomes
    assert of.swaps == len(found) > 100
    names = ("calmer", "same", "worse", "upset", "refused", "cut_short", "unknown")
    assert {name: getattr(of, name) for name in names} == {name: counted[name] for name in names}
    changes = [each.change for each in found if each.change is not None]
    assert of.change is not None
    assert of.change.mean == pytest.approx(fmean(changes))
    half = 1.98 * stdev(changes) / len(changes) ** 0.5
    assert of.change.high - of.change.mean == pytest.approx(half, rel=0.03)


def test_pieces(month: tuple[list[Row], Report]) -> None:
    rows, report = month
    heard = Counter(e["report"]["track_id"] for _, e, _ in rows if is_heard(e))
    swaps: Counter[str] = Counter()
    changes: dict[str, list[float]] = defaultdict(list)
    for swap, _, change, _ in outcomes_of(rows):
        swaps[swap["to_track"]["id"]] += 1
        if change is not None:
            changes[swap["to_track"]["id"]].append(change)
    for track in report.tracks:
        assert track.plays == heard[track.id]
        assert track.swaps == swaps[track.id]
        assert track.measured == len(changes[track.id])
        if track.measured > 1:
            assert track.change is not None
            assert track.change.mean == pytest.approx(fmean(changes[track.id]))
    assert sum(track.swaps for track in report.tracks) == sum(swaps.values())
    played = sum(track.played_min for track in report.tracks)
    assert played == pytest.approx(sum(day.played_min for day in report.days))


def test_the_lot(month: tuple[list[Row], Report]) -> None:
    rows, report = month
    sides: dict[float, list[float]] = {0.0: [], 1.0: []}
    for swap, _, _, seen in outcomes_of(rows):
        if "lot_first" in swap["context"] and seen is not None:
            assert swap["propensity"] == 0.5
            sides[swap["context"]["lot_first"]].append(seen)
    lot = report.lot
    assert lot.consented
    assert (lot.second, lot.first) == (len(sides[0.0]), len(sides[1.0]))
    if lot.effect is not None:
        assert lot.effect.mean == pytest.approx(fmean(sides[0.0]) - fmean(sides[1.0]))


def test_sensors_presses_and_words(month: tuple[list[Row], Report]) -> None:
    rows, report = month
    readings = Counter(
        (e["reading"]["source"], e["reading"]["quantity"])
        for _, e, _ in rows
        if e["type"] == "ReadingArrived"
    )
    assert {(s.source, s.quantity): s.readings for s in report.sensors} == readings
    wristband = next(s for s in report.sensors if s.source == "wristband")
    begin = rows[0][0]
    minutes = {
        int((at - begin) // 60) for at, e, _ in rows if e.get("reading", {}).get("source") == "wristband"
    }
    running = (rows[-1][0] - begin) / 60.0
    assert wristband.coverage == pytest.approx(len(minutes) / running, abs=0.001)
    presses = Counter(
        (e["command"].get("by", "staff"), e["command"]["verb"])
        for _, e, _ in rows
        if e["type"] == "CommandArrived"
    )
    assert {(p.who, p.verb): p.count for p in report.presses} == presses
    said = Counter(e["feedback"]["rating"] for _, e, _ in rows if e["type"] == "FeedbackArrived")
    assert report.feedback == {"better": said[1], "same": said[0], "worse": said[-1]}
    prompts = [d for _, e in effects(rows, "Decide") if (d := e["decision"])["event_type"] == "prompt"]
    assert report.trouble.prompts == len(prompts)
    assert report.rows == len(rows)
    assert report.broken.count == 0
