"""The programme at the rate of a device that refuses 48 kHz."""

import numpy as np

from player.ports.audio import Pcm
from player.units import CHANNELS, SAMPLE_RATE


class RateConverter:
    """FFmpeg's resampler. `push` gives what can be played now; a few frames wait for the next block."""

    def __init__(self, rate: int) -> None:
        import av  # only for the rare device that needs it

        self._frame = av.AudioFrame
        self._resampler = av.AudioResampler(format="flt", layout="stereo", rate=rate)

    def push(self, block: Pcm) -> Pcm:
        """Shape (frames, 2) at 48 kHz in, at the device's rate out; may be empty."""
        interleaved = np.ascontiguousarray(block, dtype=np.float32).reshape(1, -1)
        frame = self._frame.from_ndarray(interleaved, format="flt", layout="stereo")
        frame.sample_rate = SAMPLE_RATE
        parts = [out.to_ndarray().reshape(-1, CHANNELS) for out in self._resampler.resample(frame)]
        return np.concatenate(parts) if parts else np.zeros((0, CHANNELS), np.float32)
