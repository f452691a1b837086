"""Decoding of files and streams: FFmpeg first, libVLC for what only VLC can reach."""

from adapters.decode.av import AvSource, UnsupportedSourceError
from adapters.decode.pad import URI as PAD
from adapters.decode.pad import PadSource
from player.ports.audio import AudioSource
from player.units import CHANNELS, SAMPLE_RATE


def open_source(uri: str, rate: int | None = SAMPLE_RATE, channels: int | None = CHANNELS) -> AudioSource:
    """Open `uri` (path or URL) and decode its first block.

    `rate`, `channels` None: those of the source (for scanning); libVLC always gives 48 kHz stereo.
    Raises `DecodeError` with a sentence for people.
    """
    if uri == PAD:
        return PadSource()
    try:
        return AvSource(uri, rate, channels)
    except UnsupportedSourceError:
        from adapters.decode.vlc import VlcSource  # libVLC is loaded only when needed

        return VlcSource(uri)
