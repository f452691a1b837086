"""Staff who see the resident now and then, press something or forget to, and come when asked."""

import math

from player.model import Command, Feedback, Verb
from player.session.messages import CommandArrived, FeedbackArrived
from player.simulation.days import Day
from player.simulation.parameters import RESTLESS, World
from player.simulation.unrest import Unrest
from player.units import Seconds

NEVER = math.inf
OFTEN = 10  # minutes: nobody presses `calm` again before; guess
Press = CommandArrived | FeedbackArrived


class Staff:
    """`visit` says what is pressed in this minute. All chance is that of the day."""

    def __init__(self, world: World, unrest: Unrest) -> None:
        self._of, self._prompts = world.staff, world.prompts
        self._unrest = unrest
        self._comes = NEVER  # minute of the day at which staff come because the player asked
        self._judges = NEVER  # minute at which a change of music is judged
        self._before = 0.0  # agitation at that change
        self._calmed = -NEVER

    def new_day(self) -> None:
        self._comes = self._judges = NEVER
        self._calmed = -NEVER

    def asked(self, minute: int, day: Day) -> None:
        """The player asks staff to look for pain, thirst, toilet, noise."""
        if self._prompts and self._comes == NEVER and day.comes[minute] < self._of.comes:
            self._comes = minute + day.comes_after[minute]

    def changed(self, minute: int, day: Day, *, own: bool) -> None:
        """The music was changed to soothe; own: because staff asked for it."""
        chance = self._of.judges_own if own else self._of.judges_other
        self._judges = minute + self._of.judges_after if day.judged[minute] < chance else NEVER
        self._before = self._unrest.agitation

    @property
    def due(self) -> float:
        """Minute at which they come or judge, visits by chance aside."""
        return min(self._comes, self._judges)

    def bedtime(self, day: Day, at: Seconds) -> list[Press]:
        """The resident goes to bed while music plays."""
        return [_press(Verb.STOP, at)] if day.bedtime < self._of.bedtime else []

    def act(self, minute: int, day: Day, at: Seconds, *, upset: bool) -> list[Press]:
        """What they press in this minute. upset: the present piece upsets the resident, for all to see."""
        of, agitation = self._of, self._unrest.agitation
        pressed: list[Press] = []
        if minute >= self._comes:
            self._comes = NEVER
            self._unrest.mend()
        if minute >= self._judges:
            self._judges = NEVER
            change = agitation - self._before + of.judgement_noise * day.judgement[minute]
            rating = 1 if change <= of.better else -1 if change >= of.worse else 0
            feedback = Feedback(id=f"f{at:.0f}", rating=rating, given=at)
            pressed.append(FeedbackArrived(at=at, feedback=feedback))
        visit = day.visits.get(minute)
        if visit is None:
            return pressed
        if visit.mends < of.mends:
            self._unrest.mend()
        noticed = agitation >= RESTLESS and visit.notices < of.notices
        if visit.rates < (of.rates if noticed else of.rates_calm):
            rating = min(max(round(4.0 * agitation + of.rating_noise * visit.error), 0), 4)
            pressed.append(_press(Verb.RATE, at, float(rating)))
        if upset and visit.refuses < of.never + of.dislikes:
            pressed.append(_press(Verb.NEVER if visit.refuses < of.never else Verb.DISLIKE, at))
        elif noticed and visit.calms < of.calms and minute - self._calmed >= OFTEN:
            self._calmed = minute
            pressed.append(_press(Verb.CALM, at))
        elif visit.refuses > 1.0 - of.next:
            pressed.append(_press(Verb.NEXT, at))
        return pressed


def _press(verb: Verb, at: Seconds, value: float | None = None) -> CommandArrived:
    return CommandArrived(at=at, command=Command(verb=verb, value=value))
