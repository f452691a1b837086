"""Decoding with libVLC, for what FFmpeg cannot reach: playlists, SMB, UPnP, discs, DVB.

libVLC only decodes: the samples are taken by callback, its own output and volume are never used.
"""

import ctypes
import queue
from typing import Any, Final, Self

import numpy as np

from adapters.decode.web import shown
from player.errors import DecodeError
from player.ports.audio import Pcm
from player.units import CHANNELS, SAMPLE_RATE, Seconds

QUEUE_BLOCKS: Final = 64  # a full hand-over queue holds libVLC's decoder back; about 1.5 s
FIRST_TIMEOUT: Final = Seconds(12.0)  # opening a share or tuning a receiver; tuning constant
READ_TIMEOUT: Final = Seconds(8.0)
START: Final = Seconds(0.0)
POLL: Final = Seconds(0.1)  # how soon a blocked callback sees that the source was closed
S16_SCALE: Final = np.float32(1 / 32768)
PACKAGES: Final = {"smb": "vlc-plugin-samba"}  # of Debian, by scheme
INSTALL: Final = "install libVLC (apt-get install libvlc5 vlc-plugin-base) to play it."


class VlcSource:
    """`ports.AudioSource` at 48 kHz stereo, at the pace of playing.

    `seek` is as exact as libVLC's demuxer: to a block of 50 ms for PCM, within about 0.5 s for most codecs.
    """

    rate: Final = SAMPLE_RATE
    channels: Final = CHANNELS

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._vlc = load(uri)
        self._instance = self._vlc.Instance("--quiet", "--no-video", "--no-spu", "--no-lua", "--vout=dummy")
        if self._instance is None:
            raise DecodeError(shown(uri), f"libVLC finds none of its plugins: {INSTALL}")
        self._player: Any = None
        self._ahead: Pcm | None = None
        self._reset()
        # libVLC keeps only addresses: these must live as long as the player
        self._callbacks = (self._vlc.CallbackDecorators.AudioPlayCb(self._on_play), *(None,) * 4)
        try:
            self._player = self._start(self._media(uri))
            self._ahead = self._next(FIRST_TIMEOUT)
            if self._ahead is None:
                self._ahead = self._first_of_playlist()
        except BaseException:
            self.close()
            raise
        if self._ahead is None:
            self.close()
            raise DecodeError(
                shown(uri), "holds no sound that FFmpeg or libVLC can decode: check the address."
            )

    @property
    def duration(self) -> Seconds:
        return Seconds(max(0, self._player.get_length()) / 1000 if self._player is not None else 0.0)

    def read(self) -> Pcm | None:
        if self._ahead is not None:
            block, self._ahead = self._ahead, None
            return block
        return self._next(READ_TIMEOUT)

    def seek(self, at: Seconds) -> None:
        if self._player is None or not self._player.is_seekable():
            raise DecodeError(shown(self.uri), "is a live stream and cannot be moved to another place.")
        self._end()  # a new player with a start time: libVLC's own seek returns before it has moved
        self._reset()
        self._player = self._start(self._media(self.uri, at))

    def close(self) -> None:
        self._end()
        if self._instance is not None:
            self._instance.release()
            self._instance = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _end(self) -> None:
        self._closed, self._ahead = (
            True,
            None,
        )  # first: lets a blocked callback return, so that stop() can join it
        if self._player is not None:
            self._player.stop()
            self._player.release()
            self._player = None

    def _media(self, uri: str, at: Seconds = START) -> Any:
        media = self._instance.media_new(uri) if "://" in uri else self._instance.media_new_path(uri)
        if at > 0:
            media.add_option(f":start-time={at:.3f}")
        return media

    def _start(self, media: Any) -> Any:
        """A player of `media`, which it takes over."""
        player = self._instance.media_player_new()
        player.set_media(media)
        media.release()  # the player holds it now
        player.audio_set_format("S16N", SAMPLE_RATE, CHANNELS)  # libVLC 3 gives nothing else
        player.audio_set_callbacks(*self._callbacks, None)
        events = player.event_manager()
        events.event_attach(self._vlc.EventType.MediaPlayerEndReached, self._on_end, False)
        events.event_attach(self._vlc.EventType.MediaPlayerEncounteredError, self._on_end, True)
        player.play()
        return player

    def _reset(self) -> None:
        self._blocks: queue.Queue[Pcm | None] = queue.Queue(QUEUE_BLOCKS)  # None: the end
        self._closed = False
        self._failed = False
        self._ahead = None

    def _first_of_playlist(self) -> Pcm | None:
        """A playlist ends at once and leaves its entries as sub-items."""
        if self._failed:
            return None
        media = self._player.get_media()
        items = media.subitems()
        media.release()
        if items is None:
            return None
        entry = items.item_at_index(0) if items.count() else None
        items.release()
        if entry is None:
            return None
        self._end()
        self._reset()
        self._player = self._start(entry)
        return self._next(FIRST_TIMEOUT)

    def _next(self, timeout: Seconds) -> Pcm | None:
        if self._closed:
            return None
        try:
            block = self._blocks.get(timeout=timeout)
        except queue.Empty as error:
            raise DecodeError(
                shown(self.uri), f"gave no sound for {timeout:.0f} s: check the connection."
            ) from error
        if block is None:
            self._blocks.put(None)  # and ever after
            if self._failed:
                raise DecodeError(
                    shown(self.uri), f"cannot be opened by libVLC: check the address{self._also()}."
                )
        return block

    def _also(self) -> str:
        package = PACKAGES.get(self.uri.partition("://")[0])
        return f", and that {package} is installed (apt-get install {package})" if package else ""

    def _on_play(self, _opaque: int, samples: int, count: int, _pts: int) -> None:
        """On a thread of libVLC."""
        raw = ctypes.string_at(samples, count * CHANNELS * 2)
        self._put(np.frombuffer(raw, dtype=np.int16).reshape(-1, CHANNELS) * S16_SCALE)

    def _on_end(self, _event: Any, failed: bool) -> None:
        """On a thread of libVLC."""
        self._failed = failed
        self._put(None)

    def _put(self, block: Pcm | None) -> None:
        blocks = self._blocks
        while not self._closed:
            try:
                blocks.put(block, timeout=POLL)
            except queue.Full:
                continue
            return


def load(uri: str = "libVLC") -> Any:
    """The module `vlc`. Raises `DecodeError` when libVLC is not there."""
    try:
        import vlc  # loads libVLC: only when a source needs it
    except (ImportError, OSError, AttributeError, NameError) as error:
        raise DecodeError(shown(uri), f"is of a kind that FFmpeg does not know; {INSTALL}") from error
    if vlc.dll is None:
        raise DecodeError(shown(uri), f"is of a kind that FFmpeg does not know; {INSTALL}")
    return vlc
