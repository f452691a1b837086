from collections import deque
from collections.abc import Iterator

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from player.analysis.stream import StreamAnalyzer
from player.errors import AnalysisError
from player.model import TrackFeatures
from player.ports.audio import Pcm
from tests.support.signals import clicks, levels, sine, stereo, tune


def analyse(signal: Pcm, rate: int = 44_100) -> TrackFeatures:
    analyzer = StreamAnalyzer(rate, signal.shape[1])
    analyzer.push(signal)
    return analyzer.finish()


def numbers(value: msgspec.Struct) -> Iterator[float]:
    for item in msgspec.structs.asdict(value).values():
        if isinstance(item, msgspec.Struct):
            yield from numbers(item)
        elif item is not None:
            yield float(item)


# --- any partition gives the same ------------------------------------------------------------------

RATE = 8_000
PIECE = tune(9.3, RATE, bpm=140.0)
WHOLE = analyse(PIECE, RATE)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([0, 1, 2, 7, 63, 441, 1_024, 7_999, 8_000, 8_001, 30_000]), min_size=1))
def test_any_partition_is_bit_identical(sizes: list[int]) -> None:
    analyzer = StreamAnalyzer(RATE)
    start = 0
    while start < len(PIECE):
        for size in [*sizes, 501]:
            analyzer.push(PIECE[start : start + size])
            start += size
    assert analyzer.finish() == WHOLE


def test_one_sample_at_a_time() -> None:
    analyzer = StreamAnalyzer(RATE)
    for frame in range(len(PIECE)):
        analyzer.push(PIECE[frame : frame + 1])
    assert analyzer.finish() == WHOLE


def test_snapshots_change_nothing_and_the_last_one_is_the_result() -> None:
    analyzer = StreamAnalyzer(RATE)
    assert analyzer.snapshot() == TrackFeatures(heard=analyzer.snapshot().heard)
    heard = []
    for start in range(0, len(PIECE), 1_000):
        analyzer.push(PIECE[start : start + 1_000])
        heard.append(analyzer.snapshot().heard)
    assert heard == sorted(heard)
    assert heard[-1] == pytest.approx(9.0)
    assert analyzer.finish() == WHOLE == analyzer.finish() == analyzer.snapshot()
    assert WHOLE.heard == pytest.approx(9.3)
    with pytest.raises(AnalysisError, match="new StreamAnalyzer"):
        analyzer.push(PIECE)


def test_features_become_known_one_after_the_other() -> None:
    analyzer = StreamAnalyzer(RATE)
    known = []
    for start in range(0, len(PIECE), RATE):
        analyzer.push(PIECE[start : start + RATE])
        known.append(sum(1 for _ in numbers(analyzer.snapshot())))
    assert known == sorted(known)
    assert known[-1] == sum(1 for _ in numbers(analyzer.finish()))
    assert all(value is not None for value in msgspec.structs.asdict(WHOLE).values())


# --- rates -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rate", "other"), [(44_100, 48_000), (44_100, 96_000), (44_100, 22_050)])
def test_rates_agree(rate: int, other: int) -> None:
    a, b = (analyse(tune(15.0, r), r) for r in (rate, other))
    assert a.integrated_loudness == pytest.approx(b.integrated_loudness, abs=0.1)
    assert a.loudness_range == pytest.approx(b.loudness_range, abs=0.1)
    assert a.largest_rise == pytest.approx(b.largest_rise, abs=0.2)
    assert a.true_peak == pytest.approx(b.true_peak, abs=0.3)
    assert a.spectral_centroid == pytest.approx(b.spectral_centroid, rel=0.02)
    assert a.spectral_flux == pytest.approx(b.spectral_flux, rel=0.1)
    assert a.roughness == pytest.approx(b.roughness, abs=0.03)
    assert a.tempo == pytest.approx(b.tempo, rel=0.02)
    assert a.onset_rate == pytest.approx(b.onset_rate, rel=0.1)
    assert a.affect is not None
    assert b.affect is not None
    assert a.affect.calmness == pytest.approx(b.affect.calmness, abs=0.05)


# --- what is calm ----------------------------------------------------------------------------------


def test_soft_slow_and_dark_is_calmer_than_loud_fast_and_bright() -> None:
    calm = analyse(tune(12.0, bpm=60.0, dbfs=-26.0, partials=2)).affect
    lively = analyse(tune(12.0, bpm=160.0, dbfs=-6.0, partials=20) + 0.5 * stereo(clicks(320.0, 12.0))).affect
    assert calm is not None
    assert lively is not None
    assert calm.calmness > 0.7
    assert lively.calmness < 0.4


def test_loudness_of_a_whole_analysis() -> None:
    features = analyse(levels([(-33.0, 5.0), (-23.0, 8.0)]), 48_000)
    mean_power = (5.0 * 10**-3.3 + 8.0 * 10**-2.3) / 13.0
    assert features.integrated_loudness == pytest.approx(10.0 * np.log10(mean_power), abs=0.1)
    assert features.short_term_loudness == pytest.approx(-23.0, abs=0.1)
    assert features.momentary_loudness == pytest.approx(-23.0, abs=0.1)
    assert features.largest_rise == pytest.approx(10.0, abs=0.1)
    assert features.true_peak == pytest.approx(-23.0, abs=0.05)
    assert features.spectral_centroid == pytest.approx(1_000.0, rel=0.01)


# --- bad input -------------------------------------------------------------------------------------

SECONDS = 8
NOISE = np.random.default_rng(7).normal(0.0, 0.1, (SECONDS * 8_000, 2)).astype(np.float32)


@pytest.mark.parametrize(
    ("signal", "measurable"),
    [
        pytest.param(np.zeros((SECONDS * 8_000, 2)), False, id="silence"),
        pytest.param(np.full((SECONDS * 8_000, 2), 0.5), None, id="DC"),
        pytest.param(np.sign(NOISE), True, id="clipped"),
        pytest.param(NOISE * 1e4, True, id="80 dB too loud"),
        pytest.param(NOISE[:1], False, id="one sample"),
        pytest.param(NOISE[:0], False, id="nothing"),
        pytest.param(NOISE[:2_000], None, id="a quarter of a second"),
        pytest.param(NOISE * [1.0, 0.0], True, id="one channel silent"),
        pytest.param(NOISE[:, :1] * [1.0, -1.0], True, id="opposite phase"),
        pytest.param(NOISE[:, :1], True, id="mono"),
        pytest.param(np.tile(NOISE, (1, 3)), True, id="5.1"),
        pytest.param(np.tile(NOISE, (1, 4)), True, id="7.1"),
        pytest.param(np.full((SECONDS * 8_000, 2), np.nan), False, id="NaN"),
        pytest.param(np.full((SECONDS * 8_000, 2), -np.inf), False, id="infinite"),
        pytest.param(np.full((SECONDS * 8_000, 2), 1e-30), False, id="denormal"),
    ],
)
@pytest.mark.parametrize("rate", [8_000, 192_000])
def test_bad_input_gives_finite_numbers_or_none(signal: Pcm, measurable: bool | None, rate: int) -> None:
    repeat = rate // 8_000 if len(signal) == SECONDS * 8_000 and signal.shape[1] < 6 else 1
    features = analyse(np.tile(signal, (repeat, 1)).astype(np.float32), rate)
    assert np.isfinite(list(numbers(features))).all()
    if measurable is not None and (repeat > 1 or rate == 8_000):
        assert (features.integrated_loudness is not None) is measurable
        assert (features.spectral_centroid is not None) is measurable
        assert (features.affect is not None) is measurable


def test_opposite_phase_has_the_features_of_its_channels() -> None:
    mono = tune(8.0, RATE)[:, :1]
    same, opposite = (analyse((mono * [1.0, sign]).astype(np.float32), RATE) for sign in (1.0, -1.0))
    assert opposite == same


def test_unusable_samples_count_as_silence_and_are_counted() -> None:
    broken, mended = PIECE.copy(), PIECE.copy()
    broken[100, 0], broken[20_000, 1], broken[-1, 0] = np.nan, np.inf, 1e30
    mended[100, 0] = mended[20_000, 1] = mended[-1, 0] = 0.0
    analyzer = StreamAnalyzer(RATE)
    analyzer.push(broken)
    assert analyzer.finish() == analyse(mended, RATE)
    assert analyzer.unusable_samples == 3


@pytest.mark.parametrize(("rate", "channels"), [(7_999, 2), (192_001, 2), (0, 2), (44_100, 0), (44_100, 9)])
def test_what_cannot_be_analysed_is_refused(rate: int, channels: int) -> None:
    with pytest.raises(AnalysisError, match="cannot be analysed"):
        StreamAnalyzer(rate, channels)


@pytest.mark.parametrize("shape", [(100, 1), (100, 3), (100,), (2, 100, 2)])
def test_wrong_shape_is_refused_and_does_no_harm(shape: tuple[int, ...]) -> None:
    analyzer = StreamAnalyzer(RATE)
    with pytest.raises(AnalysisError, match="shape"):
        analyzer.push(np.zeros(shape, dtype=np.float32))
    analyzer.push(PIECE)
    assert analyzer.finish() == WHOLE


def state_bytes(value: object) -> int:
    if isinstance(value, np.ndarray):
        return int(value.nbytes)
    if isinstance(value, tuple | list | deque):
        return sum(state_bytes(item) + 32 for item in value)
    return sum(state_bytes(item) for item in getattr(value, "__dict__", {}).values())


@pytest.mark.parametrize(("rate", "channels", "limit"), [(8_000, 2, 1_500_000), (192_000, 8, 10_000_000)])
def test_state_is_bounded(rate: int, channels: int, limit: int) -> None:
    analyzer = StreamAnalyzer(rate, channels)
    second = np.tile(sine(440.0, -20.0, 1.0, rate), (1, channels))
    sizes = []
    for _ in range(2):
        for _ in range(8):
            analyzer.push(second)
        sizes.append(state_bytes(analyzer))
    assert sizes[1] <= sizes[0] + 10_000
    assert sizes[1] < limit
