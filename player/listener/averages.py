"""Averages with a finite memory over readings that come at any pace: O(1) state, no arrays."""

import math

LONGEST_STEP = 60.0  # s that one reading may stand for; readings once a minute are the slowest that count


class Average:
    """Weighted mean with weights e^(−age/τ); exact from the first reading on.

    tau: time constant s. prior: value before any reading. prior_s: for how many seconds of readings
    the prior counts.
    """

    __slots__ = ("_gain", "_keep", "_step", "mean", "tau", "weight")

    def __init__(self, tau: float, prior: float = 0.0, prior_s: float = 0.0) -> None:
        self.tau, self.mean, self.weight = tau, prior, prior_s
        self._step, self._keep, self._gain = 0.0, 1.0, 0.0

    def add(self, value: float, step: float) -> None:
        """Take a value that stands for the last `step` seconds."""
        if step != self._step:  # readings mostly come at one pace: saves two exponentials
            self._step, self._keep = step, math.exp(-step / self.tau)
            self._gain = self.tau * (1.0 - math.exp(-min(step, LONGEST_STEP) / self.tau))
        gain = self._gain
        self.weight = self.weight * self._keep + gain
        if self.weight > 0.0:
            self.mean += gain / self.weight * (value - self.mean)

    def restart(self, mean: float, weight: float = 0.0) -> None:
        self.mean, self.weight = mean, weight
