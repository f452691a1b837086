"""A set-up by hand for the page: the real questions, and a profile that is only kept."""

from collections.abc import Mapping, Sequence

from adapters.resident.questions import profile_of
from adapters.web.setup import Heard, Level
from player.errors import SettingsError
from player.settings import Profile


class HandLevelCheck:
    """Keeps what was asked; `why` is what the next step answers."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.volume: float | None = None
        self.measured: float | None = None
        self.why = ""

    def view(self) -> Level:
        return Level(full_scale_dba=self.measured, volume=self.volume, top=60.0, day_dba=65.0, night_dba=50.0)

    async def begin(self, room: str) -> str:
        self.steps.append(f"begin {room}")
        self.volume = None if self.why else 20.0
        return self.why

    async def step(self, *, louder: bool) -> str:
        self.steps.append("louder" if louder else "quieter")
        return self.why

    async def finish(self, reading: str) -> str:
        self.steps.append(f"finish {reading}")
        if not self.why:
            self.volume, self.measured = None, float(reading)
        return self.why

    async def stop(self) -> None:
        self.steps.append("stop")
        self.volume = None


class HandSetUp:
    def __init__(self) -> None:
        self.level = HandLevelCheck()
        self.known = Profile(id="heron", birth_year=1938, languages=("en",))
        self.devices = [
            Heard(source="wrist", what="heart_rate", value=72.0, ago=1.2, button=False),
            Heard(source="bed-button", what="calm", value=None, ago=8.0, button=True),
        ]
        self.refused = {"unknown-topic": 3}

    def profile(self) -> Profile:
        return self.known

    async def state(self, answers: Mapping[str, str]) -> str:
        try:
            self.known = profile_of("heron", answers, self.known)
        except SettingsError as error:
            return error.key.partition("[")[0].partition(".")[0]
        return ""

    def heard(self) -> Sequence[Heard]:
        return self.devices

    def rejected(self) -> Mapping[str, int]:
        return self.refused
