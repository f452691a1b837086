"""Encoded music files for tests."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from player.ports.audio import Pcm
from player.units import SAMPLE_RATE

CHUNK = 4800  # frames; a frame for the encoder's queue


def encode(path: Path, pcm: Pcm, codec: str, layout: str = "stereo", picture: bool = False) -> Path:
    """Write `pcm`, shape (frames, channels of `layout`) at 48 kHz; `picture`: with a cover."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=SAMPLE_RATE)
        assert isinstance(stream, AudioStream)
        stream.layout = layout
        stream.bit_rate = 192_000
        stream.codec_context.options = {"strict": "experimental"}  # FFmpeg's own Vorbis encoder
        if picture:
            cover = container.add_stream("mjpeg", rate=1)
            assert isinstance(cover, VideoStream)
            cover.width = cover.height = 16
            cover.pix_fmt = "yuvj420p"
            frame = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")
            container.mux(cover.encode(frame.reformat(format="yuvj420p")) + cover.encode(None))
        for start in range(0, len(pcm), CHUNK):
            block = np.ascontiguousarray(pcm[start : start + CHUNK]).reshape(1, -1)
            sound = av.AudioFrame.from_ndarray(block, format="flt", layout=layout)
            sound.sample_rate, sound.pts, sound.time_base = SAMPLE_RATE, start, Fraction(1, SAMPLE_RATE)
            container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    return path
