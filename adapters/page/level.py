"""The level at the ear, measured over the page: quiet noise, louder in steps, what the meter shows."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from adapters.brain import Brain
from adapters.calibration.asking import LEAST_ABOVE, LOUDEST_READING, START, STEP, check_result, number
from adapters.calibration.noise import NoisePlayer, full_scale_dba
from adapters.calibration.stored import Calibration, keep, load_calibration
from adapters.control import Calibrate, Hush
from adapters.registrar import Registrar
from adapters.web.setup import Level
from player.errors import OutputError, SettingsError
from player.session.messages import SOUNDING, PlaybackState
from player.settings import Settings
from player.units import Decibels, Percent, Seconds, volume_to_db

PATIENCE: Final = Seconds(180.0)  # of noise that nobody answers: then the music goes on
LOOK_EVERY: Final = 0.1  # s
Play = Callable[[Decibels], NoisePlayer]


class LevelCheck:
    """`adapters.web.setup.LevelCheck`. One measurement at a time, for which the music pauses."""

    def __init__(
        self, settings: Settings, brain: Brain, registrar: Registrar, play: Play | None = None
    ) -> None:
        """play: opens the device at a programme gain; None: the one of the settings."""
        self._settings, self._brain, self._registrar = settings, brain, registrar
        self._play = play or self._on_device
        self._one = asyncio.Lock()
        self._noise: NoisePlayer | None = None
        self._giving_up: asyncio.Task[None] | None = None
        self._volume, self._room = START, 0.0

    def view(self) -> Level:
        measured = load_calibration(Path(self._settings.data))
        limits = self._brain.profile.volume
        return Level(
            full_scale_dba=measured.full_scale_dba if measured else self._settings.audio.full_scale_dba,
            volume=self._volume if self._noise is not None else None,
            top=limits.max,
            day_dba=limits.max_dba,
            night_dba=limits.night_max_dba,
        )

    async def begin(self, room: str) -> str:
        quiet = number(room)
        if quiet is None:
            return "number"
        async with self._one:
            await self._end()
            self._volume, self._room = Percent(min(START, self._brain.profile.volume.max)), quiet
            await self._registrar.handle(Hush(quiet=True))
            try:
                noise = await asyncio.to_thread(self._play, volume_to_db(self._volume))
            except OutputError:
                await self._registrar.handle(Hush(quiet=False))
                return "sound"
            self._noise = noise.__enter__()
            self._giving_up = asyncio.create_task(self._give_up(), name="level-check")
        return ""

    async def step(self, *, louder: bool) -> str:
        return await self._set(self._volume + (STEP if louder else -STEP))

    async def finish(self, reading: str) -> str:
        """Keeps what was measured. Raises `StoreError`."""
        shown = number(reading)
        if shown is None:
            return "number"
        if shown > LOUDEST_READING:
            return await self._set(START) or "too-loud"
        if shown < self._room + LEAST_ABOVE:
            return "near-room"
        if problem := await self._set(self._volume):  # tells of a device that has gone
            return problem
        try:
            full = check_result(full_scale_dba(shown, volume_to_db(self._volume)))
        except SettingsError:
            return "impossible"
        device = self._settings.audio.device
        found = Calibration(full_scale_dba=full, device=device, at=Seconds(time.time()))
        await asyncio.to_thread(keep, Path(self._settings.data), found)
        await self._registrar.handle(Calibrate(full_scale_dba=full))
        await self.stop()
        return ""

    async def stop(self) -> None:
        async with self._one:
            await self._end()

    async def _set(self, volume: float) -> str:
        async with self._one:
            if self._noise is None:
                return "no-noise"
            self._volume = Percent(min(max(volume, STEP), self._brain.profile.volume.max))
            try:
                self._noise.set(volume_to_db(self._volume))
            except OutputError:
                await self._end()
                return "sound"
        return ""

    async def _end(self) -> None:
        noise, self._noise = self._noise, None
        if noise is None:
            return
        if self._giving_up is not None and self._giving_up is not asyncio.current_task():
            self._giving_up.cancel()
        await asyncio.to_thread(noise.__exit__, None, None, None)
        await self._registrar.handle(Hush(quiet=False))

    async def _give_up(self) -> None:
        """Who presses stop or play means the noise as well: once the music is quiet, any change ends it."""
        quiet: PlaybackState | None = None
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while True:
                    await asyncio.sleep(LOOK_EVERY)
                    now = self._brain.views.get(PlaybackState)
                    if not isinstance(now, PlaybackState) or (quiet is None and now.state in SOUNDING):
                        continue
                    quiet = quiet or now
                    if (now.state, now.reason) != (quiet.state, quiet.reason):
                        break
        await self.stop()

    def _on_device(self, level: Decibels) -> NoisePlayer:
        from adapters.audio.output import open_sink

        audio = self._settings.audio
        return NoisePlayer(lambda: open_sink(audio.device, audio.buffer_ms), level)
