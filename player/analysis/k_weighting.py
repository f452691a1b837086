"""K-weighting of ITU-R BS.1770-4 at any rate, as a block state-space filter.

A recursive filter runs sample by sample, which Python cannot do. Here L samples at once are one matrix
product (their impulse response), and only the four state variables are carried from block to block, in
double precision.
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from player.analysis.framing import product

Matrix = NDArray[np.float64]
Planar = NDArray[np.float32]  # shape (channels, samples)

BLOCK: Final = 48  # samples; a tuning constant: the fastest of 16-96 at 44.1 and 48 kHz
GROUP: Final = 20  # blocks whose states are found by one matrix product; a tuning constant
GROUPS: Final = 52  # groups likewise: one second at 44.1 and 48 kHz; a tuning constant
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


class _Matrices:
    """What the filter multiplies with at one rate."""

    def __init__(self, rate: int) -> None:
        a, b, c, d = _cascade(rate)
        power = [np.eye(STATES)]
        for _ in range(BLOCK):
            power.append(a @ power[-1])
        response = np.array([d, *(c @ power[i] @ b for i in range(BLOCK - 1))])
        toeplitz = np.zeros((BLOCK, BLOCK))
        for i in range(BLOCK):
            toeplitz[i, i:] = response[: BLOCK - i]
        observe = np.array([c @ power[i] for i in range(BLOCK)]).T
        # from the samples of a block and the state before it to what comes out
        self.block = np.concatenate((toeplitz, observe)).astype(np.float32)
        self.drive = np.array([power[BLOCK - 1 - i] @ b for i in range(BLOCK)]).astype(np.float32)
        step = _powers(power[BLOCK], GROUP)
        within = _running_sums(step)
        # from what each block adds to the state to the states before each block, and after the last
        self.within = np.roll(within, -STATES, axis=0)[:, : GROUP * STATES].astype(np.float32)
        self.whole_group = np.ascontiguousarray(within[STATES:, GROUP * STATES :])
        self.over_groups = _running_sums(_powers(step[GROUP], GROUPS))
        rest = rate % BLOCK
        self.rest_state = power[rest].T
        self.rest_drive = np.array([power[rest - 1 - i] @ b for i in range(rest)]).reshape(rest, STATES)


_matrices = lru_cache(maxsize=4)(_Matrices)  # making them takes as long as filtering 8 s of sound


class KWeighting:
    """Filters chunks of exactly `rate` samples, and one last chunk that may be shorter."""

    def __init__(self, rate: int, channels: int) -> None:
        self._rate = rate
        self._matrices = _matrices(rate)
        self._state = np.zeros((channels, STATES))
        groups = rate // BLOCK // GROUP + 1
        groups += groups % 2  # for the batches below
        # kept, because fetching fresh memory for them would cost a fifth of the time
        self._padded = np.zeros((channels, groups * GROUP, BLOCK + STATES), dtype=np.float32)
        self._inputs = np.zeros((channels, groups, (GROUP + 1) * STATES), dtype=np.float32)
        self._filtered = np.empty((channels, groups * GROUP, BLOCK), dtype=np.float32)

    def push(self, planar: Planar) -> Planar:
        """The filtered samples, same shape: valid until the next call.

        Of a mono recording in several channels only one, which stands for all.
        """
        if _all_equal(self._state) and _all_equal(planar[:, :BLOCK]) and _all_equal(planar):
            return self._filter(planar[:1])
        return self._filter(planar)

    def reset(self) -> None:
        """As before the first sample."""
        self._state[:] = 0.0

    def _filter(self, planar: Planar) -> Planar:
        matrices = self._matrices
        channels, samples = planar.shape
        whole = samples // BLOCK
        padded, inputs = self._padded[:channels], self._inputs[:channels]
        padded[:, :whole, :BLOCK] = planar[:, : whole * BLOCK].reshape(channels, whole, BLOCK)
        padded[:, whole:, :BLOCK] = 0.0
        padded[:, whole, : samples - whole * BLOCK] = planar[:, whole * BLOCK :]
        driven = product(padded.reshape(-1, BLOCK + STATES)[:, :BLOCK], matrices.drive)
        inputs[:, :, : GROUP * STATES] = driven.reshape(channels, -1, GROUP * STATES)
        after = driven.reshape(channels, -1, GROUP * STATES).astype(np.float64) @ matrices.whole_group
        state = self._state[:channels]
        for first in range(0, after.shape[1], GROUPS):
            some = after[:, first : first + GROUPS].reshape(channels, -1)
            size = some.shape[1] + STATES
            carried = np.concatenate((state, some), axis=1) @ matrices.over_groups[:size, :size]
            carried = carried.reshape(channels, -1, STATES)
            inputs[:, first : first + GROUPS, GROUP * STATES :] = carried[:, :-1]
            state = carried[:, -1]
        states = product(inputs.reshape(-1, (GROUP + 1) * STATES), matrices.within).reshape(
            channels, -1, STATES
        )
        padded[:, :, BLOCK:] = states
        filtered = self._filtered[:channels]
        # batches are too small for a BLAS library to start its threads, and need no loop in Python
        batches = (-1, 2 * GROUP)
        np.matmul(
            padded.reshape(*batches, BLOCK + STATES), matrices.block, out=filtered.reshape(*batches, BLOCK)
        )
        if samples == self._rate:  # nothing follows a shorter one
            at_rest = states[:, whole].astype(np.float64) @ matrices.rest_state
            self._state[:] = at_rest + planar[:, whole * BLOCK :] @ matrices.rest_drive
        return filtered.reshape(channels, -1)[:, :samples]


def _all_equal(rows: NDArray[np.generic]) -> bool:
    return len(rows) > 1 and bool((rows[1:] == rows[0]).all())


def _powers(matrix: Matrix, count: int) -> list[Matrix]:
    """Powers 0 to `count`."""
    powers = [np.eye(len(matrix))]
    for _ in range(count):
        powers.append(matrix @ powers[-1])
    return powers


def _running_sums(step: list[Matrix]) -> Matrix:
    """From a state and n drives, as one row, to the state before each of the n and after the last."""
    count = len(step)
    sums = np.zeros((count, STATES, count, STATES))
    for i in range(count):
        for j in range(i, count):
            sums[i, :, j] = step[j - i].T
    return sums.reshape(count * STATES, count * STATES)
