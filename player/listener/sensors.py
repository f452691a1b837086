"""All sensors of one resident: from readings to the log-odds of arousal, piece by piece."""

from msgspec import Struct

from player.listener.arousal import contribution, exertion, features, log_odds, logistic
from player.listener.baseline import Habit
from player.listener.own_sound import EVENT_QUALITY, OwnSound
from player.listener.quantities import NATURES
from player.listener.sense_of_activity import SenseOfActivity
from player.listener.signal import HALF_LIFE, STALE_AFTER, Signal
from player.listener.wearing import Sleep, removed
from player.listener.weights import EVENTS, LEAST_EVENT, TRUST
from player.model import ROOM_MICROPHONE, Evidence, Quantity, Reading
from player.units import Seconds

MAX_HABITS = 64  # baselines that are kept over restarts
MAX_SOURCES = 16  # with sensors, of one resident; the one that was silent longest goes
LEAST_SPREAD = 1e-3  # on the scale of `Nature.encode`
DISAGREEING = 0.5  # of the confidence stays when the quantities wholly contradict each other; own judgement


class Piece(Struct, frozen=True, kw_only=True):
    """What one quantity of one source adds to the log-odds of arousal."""

    source: str
    quantity: Quantity
    log_odds: float
    trust: float  # 0-1, of this piece alone
    signal: Signal | None = None  # None: an event
    began: Seconds = Seconds(0.0)  # of an event

    def evidence(self, weight: float, at: Seconds) -> Evidence:
        """The same for people to read; weight: share in the estimate, 0-1."""
        signal = self.signal
        return Evidence(
            source=self.source,
            quantity=self.quantity,
            agitation=logistic(self.log_odds),
            weight=weight,
            age=signal.age(at) if signal else Seconds(at - self.began),
            value=signal.value if signal else 1.0,
            usual=signal.usual if signal else None,
            departure=signal.departure / max(signal.baseline.spread, LEAST_SPREAD) if signal else None,
        )


class Habits(Struct, frozen=True, kw_only=True):
    """What is usual for this person, by source and quantity, and what moving means."""

    signals: dict[str, Habit] = {}
    activity: tuple[tuple[float, ...], ...] = ()


class Picture(Struct, frozen=True, kw_only=True):
    """Everything that sensors say at one moment."""

    log_odds: float  # of arousal, where arousal and calm are equally likely beforehand
    confidence: float  # 0-1
    pieces: tuple[Piece, ...]
    features: dict[str, float]  # what the fitted model sees


class Sensors:
    """Signals by source and quantity, whether they are to be believed, and what they add up to."""

    def __init__(self, habits: Habits | None = None) -> None:
        """habits: of earlier runs."""
        self._known = dict(habits.signals) if habits else {}
        self.sleep = Sleep()
        self.own_sound = OwnSound()
        self._sources: dict[str, dict[Quantity, Signal]] = {}
        self._removed_at: dict[str, Seconds] = {}  # sources that lie somewhere
        self._activity = SenseOfActivity()
        if habits:
            self._activity.resume(habits.activity)
        self._events: dict[Quantity, Reading] = {}  # what was heard last, of each kind
        self._ahead = Seconds(0.0)

    def habits(self) -> Habits:
        """What is usual for this person, to be stored; of sensors that are away, as it was known."""
        for source, signals in self._sources.items():
            for quantity, signal in signals.items():
                name = _name(source, quantity)
                self._known.pop(name, None)
                self._known[name] = signal.baseline.habit()
        while len(self._known) > MAX_HABITS:
            del self._known[next(iter(self._known))]
        return Habits(signals=dict(self._known), activity=self._activity.snapshot())

    def clock_is(self, ahead: Seconds) -> None:
        """Of the wall clock over the moments given here."""
        self._ahead = ahead
        for signals in self._sources.values():
            for signal in signals.values():
                signal.ahead = ahead

    def observe(self, reading: Reading, *, learn: bool) -> None:
        """Take a reading. learn: whether this moment may be taken for usual."""
        match reading.quantity:
            case Quantity.BED_OCCUPIED:
                self.sleep.bed(reading.value > 0.0, reading.at)
            case Quantity.SOUND_EVENT | Quantity.SHOUT | Quantity.REPETITIVE_CALL:
                self._observe_event(reading)
            case Quantity.SOUND_LEVEL if reading.source != ROOM_MICROPHONE:
                level = self.own_sound.without(reading.value, reading.at)
                if level is not None:
                    self._follow(_with_value(reading, level), learn)
            case quantity if quantity in NATURES:
                self._follow(reading, learn)
                if quantity is Quantity.MOVEMENT and reading.source not in self._removed_at:
                    self.sleep.movement(reading.value, reading.at)
            case _:
                pass

    def teach(self, agitation: float, at: Seconds) -> None:
        """Staff see this agitation, 0-1: learn what movement means for this person."""
        for signals in self._sources.values():
            movement = signals.get(Quantity.MOVEMENT)
            if movement is not None and movement.trust(at) > 0.0:
                self._activity.teach(movement.level, agitation, Seconds(at + self._ahead))
                return

    def not_worn(self, at: Seconds) -> set[str]:
        """Sources that lie somewhere."""
        return {source for source, since in self._removed_at.items() if 0.0 <= at - since <= STALE_AFTER}

    def picture(self, at: Seconds, not_worn: set[str]) -> Picture:
        """The sum of all pieces. Several sources of one quantity share its say; contradiction costs trust."""
        alike: dict[Quantity, list[tuple[Signal, float]]] = {}
        for source, signals in self._sources.items():
            for quantity, signal in signals.items() if source not in not_worn else ():
                if (reliability := signal.reliability(at)) > 0.0:
                    alike.setdefault(quantity, []).append((signal, reliability))
        factor = exertion(alike[Quantity.MOVEMENT][0][0] if Quantity.MOVEMENT in alike else None)
        sign = self._activity.sign(Seconds(at + self._ahead))
        pieces: list[Piece] = []
        seen: dict[str, float] = {}
        doubt = 1.0
        for quantity, usable in alike.items():
            share = 1.0 / max(sum(reliability for _, reliability in usable), 1.0)
            levels = [signal.level for signal, _ in usable]
            agreement = 1.0 - (max(levels) - min(levels)) / 2.0
            trust = TRUST[quantity] * agreement * max(signal.trust(at) for signal, _ in usable)
            doubt *= 1.0 - trust
            for signal, reliability in usable:
                found = features(signal, factor, sign)
                seen.update(found)
                added = contribution(found) * reliability * share
                pieces.append(
                    Piece(source=signal.source, quantity=quantity, log_odds=added, trust=trust, signal=signal)
                )
        for event in self._event_pieces(at):
            pieces.append(event)
            doubt *= 1.0 - event.trust
        sizes = [abs(piece.log_odds) for piece in pieces]
        total = sum(piece.log_odds for piece in pieces)
        unanimity = abs(total) / sum(sizes) if any(sizes) else 1.0
        return Picture(
            log_odds=log_odds(total),
            confidence=(1.0 - doubt) * (DISAGREEING + (1.0 - DISAGREEING) * unanimity),
            pieces=tuple(pieces),
            features=seen,
        )

    # --- inside -----------------------------------------------------------------------------------------

    def _follow(self, reading: Reading, learn: bool) -> None:
        source, at = reading.source, reading.at
        signals = self._sources.pop(source, {})
        self._sources[source] = signals
        if len(self._sources) > MAX_SOURCES:
            silent = next(iter(self._sources))
            del self._sources[silent]
            self._removed_at.pop(silent, None)
        signal = signals.get(reading.quantity)
        if signal is None:
            signal = signals[reading.quantity] = Signal(source, reading.quantity)
            signal.ahead = self._ahead
            if (known := self._known.get(_name(source, reading.quantity))) is not None:
                signal.baseline.resume(known)
        signal.observe(reading, learn=learn and source not in self._removed_at)
        if removed(signals, at):
            self._removed_at[source] = at
        else:
            self._removed_at.pop(source, None)

    def _observe_event(self, reading: Reading) -> None:
        """The stronger one counts: what is left of the last, or this."""
        if not LEAST_EVENT <= reading.value <= 1.0:
            return
        room = reading.source == ROOM_MICROPHONE
        own = EVENT_QUALITY if not room and self.own_sound.heard(reading.at) else 1.0
        if own == 1.0 and reading.quantity is not Quantity.SOUND_EVENT:
            self.sleep.wake()  # who lies still and calls does not sleep
        event = Reading(
            source=reading.source,
            quantity=reading.quantity,
            value=reading.value,
            at=reading.at,
            quality=reading.quality * own,
        )
        before = self._events.get(reading.quantity)
        if before is None or _left(event, reading.at) >= _left(before, reading.at):
            self._events[reading.quantity] = event

    def _event_pieces(self, at: Seconds) -> list[Piece]:
        return [
            Piece(
                source=event.source,
                quantity=quantity,
                log_odds=EVENTS[quantity] * left,
                trust=TRUST[quantity] * left,
                began=event.at,
            )
            for quantity, event in self._events.items()
            if (left := _left(event, at)) > 0.0
        ]


def _left(event: Reading, at: Seconds) -> float:
    """Evidence of an event, 0-1, as far as it is fresh."""
    if not 0.0 <= at - event.at <= 4.0 * HALF_LIFE:
        return 0.0
    left: float = event.value * event.quality * 2.0 ** (-(at - event.at) / HALF_LIFE)
    return left


def _with_value(reading: Reading, value: float) -> Reading:
    return Reading(
        source=reading.source, quantity=reading.quantity, value=value, at=reading.at, quality=reading.quality
    )


def _name(source: str, quantity: Quantity) -> str:
    return f"{source}/{quantity}"
