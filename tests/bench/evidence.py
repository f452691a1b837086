"""`make bench-evidence DATA=FILE.csv.gz`: does the listener's state know arousal when it meets new people?

Real wristbands with labels (columns: participant, t_s, stress and any of `COLUMNS`). Every reading goes
through the shipped `EvidencePool` and `EpisodeDetector`, second by second; every window of 60 s, every
10 s, is scored. Elapsed time is no feature. `--fit` prints the weights of player/listener/weights.py.
"""

import argparse
import csv
import gzip
import json
import math
from pathlib import Path
from random import Random

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from player.listener.arousal import FEATURES
from player.listener.episode import EpisodeDetector
from player.listener.evidence import CAUTION, EvidencePool
from player.listener.weights import BIAS
from player.model import ListenerState, Quantity, Reading, Trend
from player.settings import PolicySettings
from player.units import Seconds
from tests.bench.rates import area_under_curve, logistic, ridge_logistic, sensitivity

COLUMNS = {
    "hr_bpm": Quantity.HEART_RATE,
    "hrv_ms": Quantity.HEART_RATE_VARIABILITY,
    "resp_per_min": Quantity.RESPIRATION,
    "eda_us": Quantity.EDA,
    "temp_c": Quantity.SKIN_TEMPERATURE,
    "motion_g": Quantity.MOVEMENT,
    "sound_db": Quantity.SOUND_LEVEL,
}
WINDOW, STEP = 60, 10  # s
BEGAN = 1.6e9  # s; Unix time at which every recording is set
NEUTRAL = 1.0 / (1.0 + math.exp(CAUTION - BIAS))  # score of a window without evidence
RANDOM_RUNS = 400
Floats = npt.NDArray[np.float64]


class Person(Struct, frozen=True):
    name: str
    times: list[float]  # s
    stress: list[float]  # 0 or 1, NaN: not labelled
    readings: list[list[tuple[Quantity, float]]]  # of each second


class Windows(Struct, frozen=True):
    """Of one person, one row per window."""

    ends: Floats  # s
    labels: Floats  # 0 or 1
    features: Floats  # (n, features), NaN: missing
    states: list[ListenerState]

    @property
    def scores(self) -> Floats:
        return np.array([s.agitation if s.confidence > 0 else NEUTRAL for s in self.states])


class Triggers(Struct, frozen=True):
    """Episodes that the detector began."""

    false_per_h: float  # per calm hour
    caught: float  # share of stress episodes within which one began
    delay_s: float  # median, from the begin of the stress
    random_caught: float  # the same for as many triggers at random times
    count: int


def read(path: Path) -> list[Person]:
    """People in the order of the file; columns that are missing and empty cells are left out."""
    people: dict[str, Person] = {}
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        for row in csv.DictReader(lines):
            name = row.get("participant") or "1"
            person = people.setdefault(name, Person(name, [], [], []))
            time = _number(row.get("t_s"))
            person.times.append(time if math.isfinite(time) else float(len(person.times)))
            person.stress.append(_number(row.get("stress")))
            known = [(kind, _number(row.get(column))) for column, kind in COLUMNS.items()]
            person.readings.append([(kind, value) for kind, value in known if math.isfinite(value)])
    return list(people.values())


def observe(person: Person) -> Windows:
    """Through the real pool, in the order of life."""
    pool = EvidencePool()
    ends, labels, features, states = [], [], [], []
    for n, (time, readings) in enumerate(zip(person.times, person.readings, strict=True)):
        at = Seconds(BEGAN + time)
        for quantity, value in readings:
            pool.observe(Reading(source="wristband", quantity=quantity, value=value, at=at))
        if n + 1 < WINDOW or (n + 1 - WINDOW) % STEP:
            continue
        label = np.array(person.stress[n + 1 - WINDOW : n + 1])
        if np.isnan(label).all():
            continue
        found = pool.features(at)
        ends.append(time)
        labels.append(float(np.nanmean(label) > 0.5))
        features.append([found.get(name, math.nan) for name in FEATURES])
        states.append(pool.estimate(at))
    return Windows(np.array(ends), np.array(labels), np.array(features).reshape(-1, len(FEATURES)), states)


def left_out(people: list[Windows], features: list[Floats]) -> list[Floats]:
    """Log-odds for each person by a model that never saw that person."""
    scores = []
    for n, mine in enumerate(features):
        others = [k for k in range(len(people)) if k != n]
        weights, usual = ridge_logistic(
            np.concatenate([features[k] for k in others]),
            np.concatenate([people[k].labels for k in others]),
            positive=(ACTIVITY,),
        )
        centred = np.where(np.isnan(mine), 0.0, mine - usual)
        scores.append(weights[0] + centred @ weights[1:])
    return scores


def triggers(people: list[Windows], scores: list[Floats], policy: PolicySettings) -> Triggers:
    """What the shipped detector makes of these agitations (0-1), window by window."""
    began = [_onsets(w, s, policy) for w, s in zip(people, scores, strict=True)]
    calm_hours = sum(float((w.labels == 0).sum()) for w in people) * STEP / 3600.0
    false = sum(int(w.labels[k] == 0) for w, found in zip(people, began, strict=True) for k in found)
    spans = [(n, a, b) for n, w in enumerate(people) for a, b in _spans(w.labels)]
    delays = [
        people[n].ends[hits[0]] - people[n].ends[a]
        for n, a, b in spans
        if (hits := [k for k in began[n] if a <= k < b])
    ]
    return Triggers(
        false_per_h=false / calm_hours if calm_hours else 0.0,
        caught=len(delays) / len(spans) if spans else 0.0,
        delay_s=float(np.median(delays)) if delays else math.nan,
        random_caught=_by_chance(people, spans, sum(map(len, began))),
        count=sum(map(len, began)),
    )


def _onsets(windows: Windows, scores: Floats, policy: PolicySettings) -> list[int]:
    detector, found = EpisodeDetector(policy), []
    for k, (end, score) in enumerate(zip(windows.ends, scores, strict=True)):
        state = ListenerState(
            agitation=float(score), confidence=1.0, trend=Trend.STEADY, why=(), at=Seconds(BEGAN + end)
        )
        if detector.update(state) is not None:
            detector.began(state.at)
            found.append(k)
    return found


def _spans(labels: Floats) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0.0], labels, [0.0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _by_chance(people: list[Windows], spans: list[tuple[int, int, int]], count: int) -> float:
    """Share of stress episodes that as many triggers at uniformly random windows would meet."""
    random = Random(1)
    everywhere = [(n, k) for n, w in enumerate(people) for k in range(len(w.ends))]
    met = 0
    for _ in range(RANDOM_RUNS if spans and everywhere else 0):
        drawn = random.sample(everywhere, min(count, len(everywhere)))
        met += sum(any(n == m and a <= k < b for m, k in drawn) for n, a, b in spans)
    return met / (RANDOM_RUNS * len(spans)) if spans else 0.0


def measure(path: Path) -> dict[str, object]:
    """Everything that is known about the shipped model on a file, ready for JSON.

    Raises `ValueError` when no window of the file has a label.
    """
    people = [windows for person in read(path) if len((windows := observe(person)).ends)]
    if not people:
        raise ValueError(f"{path}: no window of {WINDOW} s with a label in the column “stress”")
    labels = np.concatenate([w.labels for w in people])
    scores = [w.scores for w in people]
    policy = PolicySettings()
    shipped = triggers(people, scores, policy)
    pooled = np.concatenate(scores)
    states = [state for w in people for state in w.states]
    known = np.array([state.confidence for state in states])
    odds = np.log(pooled / (1.0 - pooled)) + CAUTION
    found: dict[str, object] = {
        "auc": area_under_curve(pooled, labels),
        "sensitivity_at_5pct_fpr": sensitivity(pooled, labels, 0.05),
        "false_triggers_per_h": shipped.false_per_h,
        "episodes_triggered": shipped.caught,
        "episodes_triggered_by_chance": shipped.random_caught,
        "median_delay_s": shipped.delay_s,
        "triggers": shipped.count,
        "windows": len(labels),
        "people": len(people),
        "stressed_share": float(labels.mean()),
        "mean_confidence": float(known.mean()),
        "youden_at_even_odds": float((odds[labels > 0] > 0).mean() - (odds[labels == 0] > 0).mean()),
    }
    if len(people) > 1 and 0.0 < labels.mean() < 1.0:
        found |= _left_out_figures(people, labels, policy)
    return {
        name: None if isinstance(v, float) and math.isnan(v) else round(v, 3) if isinstance(v, float) else v
        for name, v in found.items()
    }


def _left_out_figures(people: list[Windows], labels: Floats, policy: PolicySettings) -> dict[str, object]:
    odds = left_out(people, [w.features for w in people])
    pooled = np.concatenate(odds)
    met = triggers(people, [logistic(each - CAUTION) for each in odds], policy)
    elapsed = [np.stack([w.ends / 3600.0, (w.ends / 3600.0) ** 2], axis=1) for w in people]
    return {
        "loo_auc": area_under_curve(pooled, labels),
        "loo_sensitivity_at_5pct_fpr": sensitivity(pooled, labels, 0.05),
        "loo_false_triggers_per_h": met.false_per_h,
        "loo_episodes_triggered": met.caught,
        "loo_episodes_triggered_by_chance": met.random_caught,
        "loo_median_delay_s": met.delay_s,
        "loo_brier": float(np.mean((logistic(pooled) - labels) ** 2)),
        "loo_auc_at_equal_elapsed_time": _at_equal_times(people, odds),
        "elapsed_time_alone_auc": area_under_curve(np.concatenate([w.ends for w in people]), labels),
        "elapsed_time_fitted_loo_auc": area_under_curve(np.concatenate(left_out(people, elapsed)), labels),
    }


def _at_equal_times(people: list[Windows], odds: list[Floats]) -> float:
    """Share of right orders among pairs of people at the same minute of their recordings.

    The tasks came in a fixed order, so time alone tells much; here it can tell nothing.
    """
    ends = np.concatenate([w.ends for w in people]) // 60.0
    labels, scores = np.concatenate([w.labels for w in people]), np.concatenate(odds)
    right, pairs = 0.0, 0.0
    for minute in np.unique(ends):
        here = ends == minute
        stressed = labels[here].sum()
        count = float(stressed * (here.sum() - stressed))
        if count:
            right += count * area_under_curve(scores[here], labels[here])
            pairs += count
    return right / pairs if pairs else math.nan


ACTIVITY = list(FEATURES).index("activity")


def fit(path: Path) -> str:
    """Lines for player/listener/weights.py from all people, and Youden's index of each quantity."""
    people = [observe(person) for person in read(path)]
    stacked, labels = np.concatenate([w.features for w in people]), np.concatenate([w.labels for w in people])
    weights, usual = ridge_logistic(stacked, labels, positive=(ACTIVITY,))
    lines = [f"BIAS = {weights[0]:.3f}"]
    for k, name in enumerate(FEATURES):
        if np.isfinite(usual[k]):
            lines.append(f'    "{name}": Term(weight={weights[k + 1]:.3f}, usual={usual[k]:.3f}),')
    for quantity in dict.fromkeys(FEATURES.values()):
        mine = [k for k, name in enumerate(FEATURES) if FEATURES[name] is quantity and np.isfinite(usual[k])]
        if mine:
            odds = np.concatenate(left_out(people, [w.features[:, mine] for w in people]))
            index = (odds[labels > 0] > 0).mean() - (odds[labels == 0] > 0).mean()
            lines.append(f"    Quantity.{quantity.name}: {index:.2f},")
    return "\n".join(lines)


def _number(cell: str | None) -> float:
    try:
        return float(cell) if cell else math.nan
    except ValueError:
        return math.nan


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-evidence", description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--fit", action="store_true", help="print the weights instead of the figures")
    chosen = parser.parse_args()
    try:
        print(fit(chosen.data) if chosen.fit else json.dumps(measure(chosen.data)))
    except (OSError, ValueError) as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
