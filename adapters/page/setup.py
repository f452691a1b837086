"""Setting up over the page: the five questions, the level, and what each device said last."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec.structs import replace

from adapters.brain import Brain
from adapters.clock import Clock
from adapters.conversation import Conversation
from adapters.page.level import LevelCheck
from adapters.registrar import Registrar
from adapters.resident.questions import profile_of
from adapters.web.setup import Heard
from player.errors import SettingsError
from player.model import Command, Reading
from player.settings import Profile, Settings
from player.units import Seconds

MOST: Final = 64  # devices; the one that was silent longest is forgotten
GROWN: Final = 18  # years: who was born later is no resident, but a slip of the finger


class PageSetUp:
    """`adapters.web.setup.SetUp`."""

    def __init__(
        self, settings: Settings, brain: Brain, registrar: Registrar, conversation: Conversation, clock: Clock
    ) -> None:
        self._brain, self._registrar = brain, registrar
        self.level = LevelCheck(settings, brain, registrar)
        self._conversation, self._clock = conversation, clock
        self._heard: OrderedDict[tuple[str, str], tuple[Seconds, Command | Reading]] = OrderedDict()
        conversation.follow(self._hear)

    def profile(self) -> Profile:
        return self._brain.profile

    async def state(self, answers: Mapping[str, str]) -> str:
        known = self._brain.profile
        try:
            stated = profile_of(known.id, answers, known)
        except SettingsError as error:
            return error.key.partition("[")[0].partition(".")[0] or "answer"
        this_year = datetime.fromtimestamp(self._clock.now(), UTC).year
        if stated.birth_year is not None and stated.birth_year > this_year - GROWN:
            return "birth_year"
        loved = replace(stated.loved, words=known.loved.words)  # nobody asked for these
        never = replace(stated.never, words=known.never.words)
        await self._registrar.state(replace(stated, loved=loved, never=never))
        return ""

    def heard(self) -> Sequence[Heard]:
        now = self._clock.now()
        return [_heard(now - at, message) for at, message in reversed(self._heard.values())]

    def rejected(self) -> Mapping[str, int]:
        return self._conversation.rejects

    def _hear(self, message: Command | Reading, at: Seconds) -> None:
        source = message.source if isinstance(message, Reading) else message.by
        what = message.quantity.value if isinstance(message, Reading) else message.verb.value
        self._heard[source, what] = (at, message)
        self._heard.move_to_end((source, what))
        while len(self._heard) > MOST:
            self._heard.popitem(last=False)


def _heard(ago: float, message: Command | Reading) -> Heard:
    match message:
        case Reading(source=source, quantity=quantity, value=value):
            return Heard(source=source, what=quantity.value, value=value, ago=ago, button=False)
        case Command(verb=verb, by=by, value=value):
            return Heard(source=by, what=verb.value, value=value, ago=ago, button=True)
