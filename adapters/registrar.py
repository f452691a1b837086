"""What a running Lull does about its resident when this machine's commands, or the page, ask."""

import asyncio
from typing import assert_never

from adapters.brain import Brain
from adapters.clock import Clock
from adapters.control import Answer, Calibrate, Forget, Hush, Request, ShowProfile, StateProfile
from adapters.inbox import Inbox
from adapters.store.erase import Erased
from adapters.store.journal import SqliteJournal
from player.model import Command, Verb
from player.session.messages import Calibrated, CommandArrived, Forgotten, PlaybackState, ProfileChanged
from player.settings import Profile

MEASURER = "a measurement"  # people read: paused by …
PAUSED = f"Paused by {MEASURER}."


class Registrar:
    """`resident`: the pseudonym of the one who is played for."""

    def __init__(
        self, brain: Brain, clock: Clock, inbox: Inbox, journal: SqliteJournal, resident: str
    ) -> None:
        self._brain, self._clock, self._inbox = brain, clock, inbox
        self._journal, self._resident = journal, resident

    async def handle(self, request: Request) -> Answer:
        match request:
            case ShowProfile():
                return Answer(profile=self._brain.profile)
            case StateProfile(profile=profile):
                return Answer(profile=await self.state(profile))
            case Forget(resident=resident):
                return Answer(erased=await self.forget(resident))
            case Calibrate(full_scale_dba=full_scale_dba):
                await self._brain.keep(Calibrated(at=self._clock.now(), full_scale_dba=full_scale_dba))
                return Answer()
            case Hush(quiet=quiet):
                self._hush(quiet)
                return Answer()
            case _:
                assert_never(request)

    def _hush(self, quiet: bool) -> None:
        """Only music that was paused for this goes on: a hold by staff stays one."""
        state = self._brain.views.get(PlaybackState)
        paused = isinstance(state, PlaybackState) and state.reason == PAUSED
        if quiet or paused:
            verb = Verb.PAUSE if quiet else Verb.PLAY
            self._inbox.put(CommandArrived(at=self._clock.now(), command=Command(verb=verb, by=MEASURER)))

    async def state(self, profile: Profile) -> Profile:
        """Returns the one in force once it is on disk."""
        await self._brain.keep(ProfileChanged(at=self._clock.now(), profile=profile))
        return self._brain.profile

    async def forget(self, resident: str) -> Erased:
        """The music goes on; of the one who is played for nothing more is kept until the next start."""
        if resident == self._resident:
            await self._brain.keep(Forgotten(at=self._clock.now()))
        return await asyncio.to_thread(self._journal.forget, resident)
