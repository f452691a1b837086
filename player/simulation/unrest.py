"""True agitation from minute to minute, and what it would have been without the present piece."""

import math

from player.simulation.parameters import World
from player.simulation.person import Person

NOTHING = 0.001  # agitation below which an old need is over


class Unrest:
    """`agitation` 0-1. A cause builds up, agitation rises with it and fades by itself.

    An unmet need builds up in the same way and stays until somebody mends it; music does not reach it.
    """

    def __init__(self, world: World, person: Person) -> None:
        self._effects = effects = world.effects
        unrest = world.unrest
        self._fade, self._rise, self._pass = 1.0 / person.fade, 1.0 / unrest.rise, unrest.dissipation
        self._natural = self._rates(0.0)
        self._strength = effects.strength
        self._load = self._felt = 0.0  # what has not built up yet, and what has
        self._load_alone = self._felt_alone = 0.0  # the same, as if the present piece were not heard
        self._need = self._need_felt = 0.0
        self._need_rises = 1.0 - math.exp(-self._rise)
        self._need_fades = math.exp(-self._fade)
        self.agitation = 0.0
        self.alone = 0.0  # agitation as it would be without the present piece
        self.hear(0.0)

    def hear(self, effect: float) -> None:
        """A piece with this effect begins; 0 for silence."""
        effect *= self._strength
        self._fading, self._rising, self._push = self._rates(effect)
        self._differs = effect != 0.0
        self._load_alone, self._felt_alone = self._load, self._felt

    def cause(self, size: float, *, need: bool) -> None:
        if need:
            self._need = min(self._need + size, 1.0)
        else:
            self._load += size
            self._load_alone += size

    @property
    def needs(self) -> bool:
        return self._need > 0.0

    def mend(self) -> None:
        self._need = 0.0

    def wake(self) -> None:
        """A night's sleep: whatever was is over."""
        self._load = self._felt = self._need = self._need_felt = 0.0
        self._load_alone = self._felt_alone = 0.0

    def step(self, usual: float) -> float:
        """One minute. usual: agitation at rest. Returns agitation."""
        moved = self._load * self._rising
        self._load -= moved + self._load * self._pass
        felt = self._felt * self._fading + moved + self._push
        self._felt = felt if felt < 1.0 else 1.0
        rest = usual
        if self._need or self._need_felt:
            if self._need > self._need_felt:
                self._need_felt += (self._need - self._need_felt) * self._need_rises
            else:
                self._need_felt = self._need + (self._need_felt - self._need) * self._need_fades
                if self._need_felt < NOTHING:
                    self._need_felt = 0.0
            rest += self._need_felt
        value = rest + self._felt
        self.agitation = 0.0 if value < 0.0 else 1.0 if value > 1.0 else value
        if self._differs:
            fading, rising, _ = self._natural
            moved = self._load_alone * rising
            self._load_alone -= moved + self._load_alone * self._pass
            felt = self._felt_alone * fading + moved
            self._felt_alone = felt if felt < 1.0 else 1.0
            value = rest + self._felt_alone
            self.alone = 0.0 if value < 0.0 else 1.0 if value > 1.0 else value
        else:
            self.alone = self.agitation
        return self.agitation

    def _rates(self, effect: float) -> tuple[float, float, float]:
        """Of a minute: share of agitation that is left, share of a cause that builds up, agitation added."""
        of = self._effects
        return (
            math.exp(-self._fade * math.exp(of.fading * effect)),
            1.0 - math.exp(-self._rise * math.exp(-of.rising * effect)),
            of.push * max(-effect - of.bearable, 0.0),
        )
