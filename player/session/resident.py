"""Who the resident is: the file is a seed, what people stated later goes before it."""

from msgspec import structs

from player.settings import Profile, Taste


def in_force(seed: Profile, stated: Profile | None) -> Profile:
    """The pseudonym is the seed's. A `never` from either side wins (DESIGN 4)."""
    if stated is None:
        return seed
    return structs.replace(stated, id=seed.id, never=_both(seed.never, stated.never))


def _both(a: Taste, b: Taste) -> Taste:
    return Taste(
        artists=_joined(a.artists, b.artists),
        tracks=_joined(a.tracks, b.tracks),
        words=_joined(a.words, b.words),
    )


def _joined(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*a, *b)))
