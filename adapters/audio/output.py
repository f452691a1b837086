"""Opening a sink by its name in the settings."""

from adapters.audio.paced import NullSink, WavSink
from adapters.audio.portaudio import PortAudioSink
from player.ports.audio import AudioSink


def open_sink(device: str, buffer_ms: int) -> AudioSink:
    """`device`: "default", the name of a device, "null", or "wav:FILE". Raises `OutputError`."""
    if device == "null":
        return NullSink(buffer_ms)
    if device.startswith("wav:"):
        return WavSink(device.removeprefix("wav:"), NullSink(buffer_ms))
    return PortAudioSink(device, buffer_ms)
