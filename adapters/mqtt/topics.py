"""The topic tree `{base}/v1/{site}/{player}/…`: the version stands in the topic, not in the payload."""

from typing import Literal

from msgspec import Struct

VERSION = "v1"

Branch = Literal["cmd", "signal", "feedback"]


class Address(Struct, frozen=True, kw_only=True):
    """Where an inbound topic points: `cmd/{name}`, `signal/{name}/{source}` or `feedback`."""

    branch: Branch
    name: str = ""
    source: str = ""


class Topics(Struct, frozen=True):
    base: str
    site: str
    player: str

    @classmethod
    def around(cls, topic: str) -> "Topics | None":
        """Those of the player that this topic belongs to; None when it is no topic of Lull's."""
        match topic.split("/"):
            case [base, version, site, player, _, *_] if version == VERSION:
                return cls(base, site, player)
            case _:
                return None

    @property
    def root(self) -> str:
        return f"{self.base}/{VERSION}/{self.site}/{self.player}"

    @property
    def client_id(self) -> str:
        return f"{self.base}-{self.site}-{self.player}"

    @property
    def availability(self) -> str:
        return f"{self.root}/availability"

    @property
    def status(self) -> str:
        return f"{self.root}/status"

    @property
    def telemetry(self) -> str:
        return f"{self.root}/telemetry"

    @property
    def result(self) -> str:
        return f"{self.root}/cmd_result"

    @property
    def feedback(self) -> str:
        return f"{self.root}/feedback"

    @property
    def commands(self) -> str:
        """Filter of all commands."""
        return f"{self.root}/cmd/+"

    @property
    def signals(self) -> str:
        """Filter of all signals."""
        return f"{self.root}/signal/+/+"

    def state(self, kind: str) -> str:
        return f"{self.root}/state/{kind}"

    def event(self, kind: str) -> str:
        return f"{self.root}/event/{kind}"

    def parse(self, topic: str) -> Address | None:
        """None for a topic that is not one of our inputs."""
        if not topic.startswith(f"{self.root}/"):
            return None
        match topic[len(self.root) + 1 :].split("/"):
            case ["cmd", verb]:
                return Address(branch="cmd", name=verb)
            case ["signal", kind, source]:
                return Address(branch="signal", name=kind, source=source)
            case ["feedback"]:
                return Address(branch="feedback")
            case _:
                return None

    def may_answer_on(self, topic: str) -> bool:
        """A response topic is chosen by the sender: it must not turn our answer into somebody's command."""
        return (
            0 < len(topic) <= 256
            and topic.isprintable()
            and not topic.startswith(("$", f"{self.base}/"))
            and not set("+#") & set(topic)
        )
