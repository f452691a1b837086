"""Configured stations and feeds as tracks of the catalogue."""

from hashlib import blake2b

from player.model import CatalogueEntry, Track, TrackId
from player.settings import StreamSettings
from player.units import Seconds


def stream_id(url: str) -> TrackId:
    """Of the address, for a stream has no sound of its own to be known by (DESIGN 4)."""
    return blake2b(url.encode(), digest_size=16).hexdigest()


def entries(streams: tuple[StreamSettings, ...]) -> tuple[CatalogueEntry, ...]:
    """Who configures a stream approves of it."""
    return tuple(
        CatalogueEntry(
            track=Track(
                id=stream_id(stream.url),
                uri=stream.url,
                title=stream.name,
                duration=Seconds(0.0),
                live=stream.live,
            )
        )
        for stream in streams
    )
