"""K-weighting of ITU-R BS.1770-4 at any rate, as a block state-space filter.

A recursive filter runs sample by sample, which Python cannot do. Here L samples at once are one matrix
product (their impulse response), and only the four state variables are carried from block to block, in
double precision.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from player.analysis.framing import product

Matrix = NDArray[np.float64]
Planar = NDArray[np.float32]  # shape (channels, samples)

BLOCK: Final = 48  # samples; a tuning constant: the fastest of 16-96 at 44.1 and 48 kHz
GROUP: Final = 20  # blocks whose states are found by one matrix product; a tuning constant
STATES: Final = 4  # two biquads

# Analogue prototypes of the two filters of BS.1770-4 (its table gives 48 kHz only): warped back through the
# bilinear transform from that table, as in De Man, "Evaluation of Implementations of the EBU R128 Loudness
# Measurement", 2018.
SHELF_HZ, SHELF_GAIN_DB, SHELF_Q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
SHELF_BAND_EXPONENT = 0.4996667741545416
HIGHPASS_HZ, HIGHPASS_Q = 38.13547087602444, 0.5003270373238773


def k_weighting_biquads(rate: int) -> tuple[Matrix, Matrix]:
    """Shelf and high-pass as rows [b0 b1 b2 a0 a1 a2] with a0 = 1."""
    k = np.tan(np.pi * SHELF_HZ / rate)
    high = 10.0 ** (SHELF_GAIN_DB / 20.0)
    band = high**SHELF_BAND_EXPONENT
    a0 = 1.0 + k / SHELF_Q + k * k
    shelf = np.array(
        [
            (high + band * k / SHELF_Q + k * k) / a0,
            2.0 * (k * k - high) / a0,
            (high - band * k / SHELF_Q + k * k) / a0,
            1.0,
            2.0 * (k * k - 1.0) / a0,
            (1.0 - k / SHELF_Q + k * k) / a0,
        ]
    )
    k = np.tan(np.pi * HIGHPASS_HZ / rate)
    a0 = 1.0 + k / HIGHPASS_Q + k * k
    highpass = np.array([1.0, -2.0, 1.0, 1.0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / HIGHPASS_Q + k * k) / a0])
    return shelf, highpass


def _cascade(rate: int) -> tuple[Matrix, Matrix, Matrix, float]:
    """A, B, C, D of both biquads in series; each in transposed direct form II."""
    parts = []
    for b0, b1, b2, _, a1, a2 in k_weighting_biquads(rate):
        parts.append(
            (
                np.array([[-a1, 1.0], [-a2, 0.0]]),
                np.array([b1 - a1 * b0, b2 - a2 * b0]),
                np.array([1.0, 0.0]),
                float(b0),
            )
        )
    (a_1, b_1, c_1, d_1), (a_2, b_2, c_2, d_2) = parts
    a = np.block([[a_1, np.zeros((2, 2))], [np.outer(b_2, c_1), a_2]])
    return *_balanced(a, np.concatenate((b_1, b_2 * d_1)), np.concatenate((d_2 * c_1, c_2))), d_1 * d_2


def _balanced(a: Matrix, b: Matrix, c: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """The same filter with equally controllable and observable states (Moore 1981).

    The high-pass has a double pole at 0.995: in direct form the rounding of single precision would grow by
    40 dB.
    """
    reach, seen = np.outer(b, b), np.outer(c, c)
    power = a
    for _ in range(32):  # doubles the number of summed terms: far beyond the memory of the filter
        reach = reach + power @ reach @ power.T
        seen = seen + power.T @ seen @ power
        power = power @ power
    root = np.linalg.cholesky(reach)
    squares, vectors = np.linalg.eigh(root.T @ seen @ root)
    to = root @ vectors / squares**0.25
    back = np.linalg.inv(to)
    return back @ a @ to, back @ b, c @ to


class KWeighting:
    """Filters chunks of exactly `rate` samples, and one last chunk that may be shorter."""

    def __init__(self, rate: int, channels: int) -> None:
        self._rate = rate
        a, b, c, d = _cascade(rate)
        power = [np.eye(STATES)]
        for _ in range(BLOCK):
            power.append(a @ power[-1])
        response = np.array([d, *(c @ power[i] @ b for i in range(BLOCK - 1))])
        drive = np.array([power[BLOCK - 1 - i] @ b for i in range(BLOCK)])
        toeplitz = np.zeros((BLOCK, BLOCK))
        for i in range(BLOCK):
            toeplitz[i, i:] = response[: BLOCK - i]
        # one product gives a block's own output and what it adds to the state
        self._block = np.hstack((toeplitz, drive)).astype(np.float32)
        self._observe = np.array([c @ power[i] for i in range(BLOCK)]).T.astype(np.float32)
        step = [np.eye(STATES)]
        for _ in range(GROUP):
            step.append(power[BLOCK] @ step[-1])
        # row: drive of block i; column: state before block j of the group (j = GROUP: after it)
        scan = np.zeros((GROUP, STATES, GROUP + 1, STATES))
        for i in range(GROUP):
            for j in range(i + 1, GROUP + 1):
                scan[i, :, j, :] = step[j - i - 1].T
        self._scan = scan.reshape(GROUP * STATES, (GROUP + 1) * STATES)
        self._spread = np.stack([step[j].T for j in range(GROUP + 1)], axis=1).reshape(STATES, -1)
        self._over_group = step[GROUP].T
        rest = rate % BLOCK
        self._rest_state = power[rest].T
        self._rest_drive = np.array([power[rest - 1 - i] @ b for i in range(rest)]).reshape(rest, STATES)
        self._state = np.zeros((channels, STATES))

    def push(self, planar: Planar) -> Planar:
        """The filtered samples, same shape."""
        channels, samples = planar.shape
        groups = -(-samples // (BLOCK * GROUP)) or 1
        padded = np.zeros((channels, groups * GROUP * BLOCK), dtype=np.float32)
        padded[:, :samples] = planar
        out = product(padded.reshape(-1, BLOCK), self._block)
        drive = out[:, BLOCK:].astype(np.float64).reshape(-1, GROUP * STATES)
        states = product(drive, self._scan).reshape(channels, groups, -1)
        carried = np.empty((channels, groups, STATES))
        state = self._state
        for group in range(groups):
            carried[:, group] = state
            state = state @ self._over_group + states[:, group, -STATES:]
        states += product(carried.reshape(-1, STATES), self._spread).reshape(states.shape)
        before = states.reshape(channels, groups, GROUP + 1, STATES)[:, :, :GROUP]
        before = before.reshape(channels, -1, STATES)
        filtered = out[:, :BLOCK] + product(before.reshape(-1, STATES).astype(np.float32), self._observe)
        if samples == self._rate:  # nothing follows a shorter one
            whole = samples // BLOCK
            at_block = np.concatenate((before, state[:, None]), axis=1)[:, whole]
            self._state = at_block @ self._rest_state + planar[:, whole * BLOCK :] @ self._rest_drive
        return filtered.reshape(channels, -1)[:, :samples]
