"""Decoding of files and streams: FFmpeg first, libVLC for what only VLC can reach."""

from adapters.decode.av import AvSource, UnsupportedSourceError
from adapters.decode.http import Cancelled, OnTitle, never, unheard
from adapters.decode.pad import URI as PAD
from adapters.decode.pad import PadSource
from adapters.decode.web import Web
from player.ports.audio import AudioSource
from player.units import CHANNELS, SAMPLE_RATE


def open_source(
    uri: str,
    rate: int | None = SAMPLE_RATE,
    channels: int | None = CHANNELS,
    on_title: OnTitle = unheard,
    cancelled: Cancelled = never,
) -> AudioSource:
    """Open `uri` (path or URL) and decode its first block.

    `rate`, `channels` None: those of the source (for scanning); libVLC always gives 48 kHz stereo.
    on_title: gets what a station plays; cancelled: ends every wait for the network. Both are called on the
    reading thread. Raises `DecodeError` with a sentence for people.
    """

    def opened(uri: str) -> AudioSource:
        try:
            return AvSource(uri, rate, channels)
        except UnsupportedSourceError:
            from adapters.decode.vlc import VlcSource  # libVLC is loaded only when needed

            return VlcSource(uri)

    if uri == PAD:
        return PadSource()
    return Web(rate, channels, on_title, cancelled).open(uri, opened)
