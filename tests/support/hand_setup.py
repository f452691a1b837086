"""A set-up by hand for the page: the real questions, and a profile that is only kept."""

from collections.abc import Mapping, Sequence

from adapters.resident.questions import profile_of
from adapters.web.setup import Heard
from player.errors import SettingsError
from player.settings import Profile


class HandSetUp:
    def __init__(self) -> None:
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

    def full_scale_dba(self) -> float | None:
        return None

    def heard(self) -> Sequence[Heard]:
        return self.devices

    def rejected(self) -> Mapping[str, int]:
        return self.refused
