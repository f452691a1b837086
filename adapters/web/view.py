"""What the page says of this moment, in words: from states, decisions and vitals to a few plain facts."""

from typing import Final

from msgspec import Struct

from adapters.web.house import House
from adapters.web.hub import Hub
from adapters.web.translation import Language, clock_time
from adapters.web.why import BRINGS, ENDS, standing, why
from player.model import Trend, Validity, Verb
from player.session.messages import SOUNDING, Decision, PlaybackState
from player.session.need import asked, stands
from player.units import Seconds

ASK_FROM: Final = Seconds(20.0)  # after a swap; own judgement: before, nobody can tell
ASK_UNTIL: Final = Seconds(600.0)
UNDO_UNTIL: Final = Seconds(120.0)  # later it is taken back in the library; own judgement
CALM, LIVELY = 0.6, 0.4  # ends of "neither", calmness 0-1
RESTLESS, UNEASY = 0.6, 0.4  # as the settings' `agitation_on`, `agitation_off`


class Banner(Struct, frozen=True, kw_only=True):
    """Something to be mended. grave: nothing may be heard."""

    text: str
    english: str = ""  # the part of it that stays so in every language
    grave: bool = False


class Sentence(Struct, frozen=True, kw_only=True):
    """lang: of the text, when it could not be said in the reader's language; else ""."""

    text: str
    lang: str = ""


class Now(Struct, frozen=True, kw_only=True):
    state: str  # of `PlaybackState`; "starting" before the first
    word: str  # the same, for people
    unheard: bool = False  # it is meant to play, and no sound reaches the speaker
    title: str = ""
    artist: str = ""
    track_id: str = ""
    duration: Seconds = Seconds(0.0)
    position: int | None = None  # s
    calmness: float | None = None
    calm_word: str = ""
    why: Sentence | None = None


class Restless(Struct, frozen=True, kw_only=True):
    """level: None when no sensor tells."""

    word: str
    level: float | None = None
    trend: str = ""


class Level(Struct, frozen=True, kw_only=True):
    percent: int
    max: int


class Question(Struct, frozen=True, kw_only=True):
    """Better, same or worse since the music changed?"""

    id: str
    title: str


class Undo(Struct, frozen=True, kw_only=True):
    """A “never” that was pressed a moment ago on a page, and may have been a slip."""

    track_id: str
    title: str
    until: Seconds


class Scene:
    """Looks at the hub and the house; holds but the last question answered and the last “never” pressed."""

    def __init__(self, house: House, hub: Hub) -> None:
        self._house, self._hub = house, hub
        self._answered = ""  # id of the question that was answered last
        self._undo: Undo | None = None

    def answer(self, question: str) -> None:
        """A question is asked until one person has answered it, on any page."""
        self._answered = question
        self._hub.changed()

    def judged(self, verb: Verb, track_id: str) -> None:
        """A press on a page was carried out."""
        if verb is Verb.NEVER:
            title = self._title(track_id)
            until = Seconds(self._house.vitals().at + UNDO_UNTIL)
            self._undo = Undo(track_id=track_id, title=title, until=until)
        elif verb is Verb.ALLOW:
            self._undo = None
        self._hub.changed()

    def _title(self, track_id: str) -> str:
        """Of a piece heard lately; a page that was asleep may judge one that has ended meanwhile."""
        views = [one.to_track for one in reversed(self._hub.decisions)]
        if self._hub.playback is not None:
            views.insert(0, self._hub.playback.track)
        return next((one.title for one in views if one is not None and one.id == track_id), "")

    def undo(self) -> Undo | None:
        undo = self._undo
        return undo if undo is not None and self._house.vitals().at < undo.until else None

    @property
    def version(self) -> int:
        """Grows with everything that may be seen here."""
        return self._hub.version

    @property
    def night(self) -> bool:
        return self._house.vitals().night

    def now(self, _: Language) -> Now:
        view = self._hub.playback
        if view is None:
            return Now(state="starting", word=_("Starting"))
        track = view.track
        return Now(
            state=view.state,
            word=_("Not to be heard") if self._unheard(view) else _state_word(view, _),
            unheard=self._unheard(view),
            title=track.title if track else "",
            artist=track.artist if track else "",
            track_id=track.id if track else "",
            duration=track.duration if track else Seconds(0.0),
            position=self._hub.position if track else None,
            calmness=view.calmness,
            calm_word=_calm_word(view.calmness, _),
            why=self._why(view, _),
        )

    def _unheard(self, view: PlaybackState) -> bool:
        """Music is meant to play, and nobody hears it: a page must not say “playing” in a silent room."""
        return view.state in SOUNDING and (bool(view.fault) or not self._hub.moving)

    def restless(self, _: Language) -> Restless:
        view = self._hub.agitation
        if view is None or view.listener.confidence <= 0.0:
            return Restless(word=_("No sensor has reported lately"))
        listener = view.listener
        match listener.validity:
            case Validity.ASLEEP:
                return Restless(word=_("Asleep"), level=listener.agitation)
            case Validity.NOT_WORN:
                return Restless(word=_("The wristband is not worn"))
            case Validity.VALID:
                pass
        if listener.agitation >= RESTLESS:
            word = _("Restless")
        elif listener.agitation >= UNEASY:
            word = _("A little restless")
        else:
            word = _("Calm")
        return Restless(word=word, level=listener.agitation, trend=_trend_word(listener.trend, _))

    def level(self) -> Level | None:
        view = self._hub.volume
        return None if view is None else Level(percent=round(view.percent), max=round(view.max))

    def question(self) -> Question | None:
        at = self._house.vitals().at
        for decision in reversed(self._hub.decisions):
            if decision.event_type in ("hold", "rest"):
                return None
            if decision.event_type == "swap" and decision.to_track is not None:
                name = f"{self._house.place.boot}-{decision.at:.3f}"
                due = ASK_FROM <= at - decision.at <= ASK_UNTIL
                return (
                    Question(id=name, title=decision.to_track.title)
                    if due and name != self._answered
                    else None
                )
        return None

    def banners(self, _: Language) -> list[Banner]:
        vitals, found = self._house.vitals(), []
        view = self._hub.playback
        if self._asks(vitals.at):
            words = _("Please look after the resident.")
            found.append(
                Banner(text=f"{words} {_('Music alone does not help. Pain, thirst, toilet, noise?')}")
            )
        if view is not None and view.fault:
            text = _("Sound: %(problem)s", problem=view.fault)
            found.append(Banner(text=text, english=view.fault, grave=True))
        elif view is not None and self._unheard(view):
            found.append(Banner(text=_("No sound reaches the speaker just now."), grave=True))
        for name, last in vitals.sensors:
            time = clock_time(last, _)
            found.append(Banner(text=_("No word from “%(name)s” since %(time)s.", name=name, time=time)))
        if vitals.microphone:
            text = _("The microphone does not hear the room: %(problem)s", problem=vitals.microphone)
            found.append(Banner(text=text, english=vitals.microphone))
        if vitals.broker:
            text = _("Sensors and buttons cannot be reached: %(problem)s", problem=vitals.broker)
            found.append(Banner(text=text, english=vitals.broker))
        if vitals.store:
            text = _("Nothing can be saved: %(problem)s", problem=vitals.store)
            found.append(Banner(text=text, english=vitals.store))
        if vitals.settings:
            found.append(Banner(text=_("Settings: %(problem)s", problem=vitals.settings)))
        if not vitals.pieces and vitals.library:
            text = _("Music: %(problem)s", problem=vitals.library)
            found.append(Banner(text=text, english=vitals.library))
        return found

    def _asks(self, now: Seconds) -> bool:
        since: Seconds | None = None
        for one in self._hub.decisions:
            since = asked(since, one.event_type, one.trigger, one.agitation, one.at)
        return stands(since, now)

    def _why(self, view: PlaybackState, _: Language) -> Sentence | None:
        newest = self._newest(view)
        said = standing(view.reason, _) or (why(newest, _) if newest is not None else None)
        if said is not None:
            return Sentence(text=said)
        return Sentence(text=view.reason, lang="en") if view.reason else None

    def _newest(self, view: PlaybackState) -> Decision | None:
        """The decision that brought what is heard; None when that cannot be said."""
        for decision in reversed(self._hub.decisions):
            if view.track is None:
                return decision if decision.event_type in ENDS else None
            brought = decision.to_track.id if decision.to_track is not None else ""
            if decision.event_type in BRINGS and brought == view.track.id:
                return decision
        return None


def _state_word(view: PlaybackState, _: Language) -> str:
    match view.state:
        case "playing":
            return _("Playing")
        case "soothing":
            return _("Calming")
        case "starting":
            return _("Starting")
        case "paused":
            return _("Paused")
        case "held":
            return _("Stopped")
        case _:
            return _("Silent")


def _calm_word(calmness: float | None, _: Language) -> str:
    if calmness is None:
        return _("not measured yet")
    if calmness >= 0.8:
        return _("very calm")
    if calmness >= CALM:
        return _("calm")
    if calmness > LIVELY:
        return _("neither calm nor lively")
    return _("lively")


def _trend_word(trend: Trend, _: Language) -> str:
    match trend:
        case Trend.RISING:
            return _("rising")
        case Trend.FALLING:
            return _("easing")
        case Trend.STEADY:
            return _("steady")
