"""What a running Lull does about its resident when this machine's commands, or the page, ask."""

import asyncio
from typing import assert_never

from adapters.brain import Brain
from adapters.clock import Clock
from adapters.control import Answer, Calibrate, Forget, Request, ShowProfile, StateProfile
from adapters.store.erase import Erased
from adapters.store.journal import SqliteJournal
from player.session.messages import Calibrated, Forgotten, ProfileChanged
from player.settings import Profile


class Registrar:
    """`resident`: the pseudonym of the one who is played for."""

    def __init__(self, brain: Brain, clock: Clock, journal: SqliteJournal, resident: str) -> None:
        self._brain, self._clock, self._journal, self._resident = brain, clock, journal, resident

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
            case _:
                assert_never(request)

    async def state(self, profile: Profile) -> Profile:
        """Returns the one in force once it is on disk."""
        await self._brain.keep(ProfileChanged(at=self._clock.now(), profile=profile))
        return self._brain.profile

    async def forget(self, resident: str) -> Erased:
        """The music goes on; of the one who is played for nothing more is kept until the next start."""
        if resident == self._resident:
            await self._brain.keep(Forgotten(at=self._clock.now()))
        return await asyncio.to_thread(self._journal.forget, resident)
