"""The error of a mapping that cannot be used."""

from player.errors import LullError

Place = tuple[str | int, ...]  # keys and list positions from the top of the file


class MappingError(LullError):
    """Attributes: place (where in the tree), problem (what is wrong, and what to do)."""

    def __init__(self, place: Place, problem: str) -> None:
        super().__init__(f"{dotted(place)}: {problem}" if place else problem)
        self.place, self.problem = place, problem


def dotted(place: Place) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".")
