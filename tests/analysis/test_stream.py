from collections import deque
from collections.abc import Iterator
from enum import Enum

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from player.analysis.stream import StreamAnalyzer
from player.errors import AnalysisError
from player.model import ScanMode, TrackFeatures
from player.ports.audio import Pcm
from player.units import Seconds
from tests.support.signals import levels, sine, tune
from tests.support.songs import analyse


def numbers(value: object) -> Iterator[float]:
    if isinstance(value, msgspec.Struct):
        yield from numbers(tuple(msgspec.structs.asdict(value).values()))
    elif isinstance(value, tuple):
        for item in value:
            yield from numbers(item)
    elif isinstance(value, int | float):
        yield float(value)


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
    assert heard[-1] == pytest.approx(8.0)
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
    assert sum(1 for _ in numbers(analyzer.finish())) > known[-1]  # sections, cue-out and fade-out
    assert all(value is not None for value in msgspec.structs.asdict(WHOLE).values())


def test_features_survive_the_catalogue() -> None:
    assert msgspec.json.decode(msgspec.json.encode(WHOLE), type=TrackFeatures) == WHOLE


def test_an_excerpt_is_a_part_of_the_track_and_joins_nothing() -> None:
    """Two excerpts of a steady piece say what the piece says, and the cut between them is no event."""
    piece = tune(40.0, RATE, bpm=120.0)
    whole = analyse(piece, RATE)
    analyzer = StreamAnalyzer(RATE, scan_mode=ScanMode.QUICK)
    analyzer.push(piece[: 12 * RATE])
    analyzer.splice(Seconds(25.3))
    analyzer.push(piece[round(25.3 * RATE) : round(37.3 * RATE)])
    found = analyzer.finish()
    assert found.scan_mode is ScanMode.QUICK
    assert found.heard == pytest.approx(24.0)
    assert found.tempo == pytest.approx(whole.tempo, rel=0.02)
    assert found.integrated_loudness == pytest.approx(whole.integrated_loudness, abs=0.3)
    assert found.largest_rise == pytest.approx(whole.largest_rise, abs=0.5)
    assert found.onset_rate == pytest.approx(whole.onset_rate, rel=0.1)
    assert found.sections[-1].end == pytest.approx(37.3)


@pytest.mark.parametrize("channels", ["stereo", "wide", "opposite", "left alone", "surround"])
def test_excerpts_measure_loudness_by_their_downmix(channels: str) -> None:
    left, right = tune(12.0, RATE, bpm=120.0)[:, 0], tune(12.0, RATE, bpm=96.0)[:, 0]
    planes = {
        "stereo": (left, left),
        "wide": (left, right),
        "opposite": (left, -left),
        "left alone": (left, 0.0 * left),
        "surround": (left, right, right, left, right, left),
    }[channels]
    piece = np.stack(planes, axis=1).astype(np.float32)
    quick, full = (analyse(piece, RATE, scan_mode=scan_mode) for scan_mode in (ScanMode.QUICK, ScanMode.FULL))
    assert quick.integrated_loudness == pytest.approx(full.integrated_loudness, abs=0.2)
    assert quick.affect is not None
    assert full.affect is not None
    assert quick.affect.calmness == pytest.approx(full.affect.calmness, abs=0.02)
    assert quick.true_peak is None, "excerpts do not know the largest value of a track"


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


@pytest.mark.parametrize(
    "signal",
    [
        pytest.param(np.zeros((20 * 8_000, 2)), id="silence"),
        pytest.param(np.full((20 * 8_000, 2), 0.5), id="DC"),
        pytest.param(np.full((20 * 8_000, 2), np.nan), id="NaN"),
        pytest.param(np.tile(sine(1_000.0, -20.0, 20.0, 8_000), (1, 2)), id="a held tone"),
    ],
)
def test_without_an_onset_there_is_no_tempo(signal: Pcm) -> None:
    features = analyse(signal.astype(np.float32), 8_000)
    assert (features.tempo, features.felt_pulse, features.tempo_candidates) == (None, None, ())
    assert features.tempo_confidence == 0.0


def test_opposite_phase_has_the_features_of_its_channels() -> None:
    mono = tune(8.0, RATE)[:, :1]
    same, opposite = (analyse((mono * [1.0, sign]).astype(np.float32), RATE) for sign in (1.0, -1.0))
    assert list(numbers(opposite)) == pytest.approx(list(numbers(same)), rel=1e-5)


@pytest.mark.parametrize("scan_mode", list(ScanMode))
@pytest.mark.parametrize(
    "signs", [(1.0, -1.0, 1.0, -1.0), (1.0, -1.0, 0.0, 0.0, 0.0, 0.0)], ids=["4.0", "fronts of 5.1"]
)
def test_channels_that_cancel_out_have_the_spectrum_of_one_of_them(
    signs: tuple[float, ...], scan_mode: ScanMode
) -> None:
    mono = tune(8.0, RATE)[:, :1]
    found = []
    for sound in (mono, mono * signs):
        analyzer = StreamAnalyzer(RATE, sound.shape[1], scan_mode=scan_mode)
        analyzer.push(sound.astype(np.float32))
        found.append(analyzer.finish())
    one, cancelling = found
    assert cancelling.key == one.key is not None
    assert cancelling.spectral_centroid == pytest.approx(one.spectral_centroid, rel=1e-5)
    assert cancelling.integrated_loudness is not None


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
    if isinstance(value, Enum):
        return 0
    if isinstance(value, tuple | list | deque):
        return sum(state_bytes(item) + 32 for item in value)
    return sum(state_bytes(item) for item in getattr(value, "__dict__", {}).values())


@pytest.mark.parametrize(("rate", "channels", "limit"), [(48_000, 2, 8_000_000), (192_000, 8, 27_000_000)])
def test_state_is_small(rate: int, channels: int, limit: int) -> None:
    analyzer = StreamAnalyzer(rate, channels)
    second = np.tile(sine(440.0, -20.0, 1.0, rate), (1, channels))
    for _ in range(8):
        analyzer.push(second)
    assert state_bytes(analyzer) < limit


def test_state_does_not_grow() -> None:
    analyzer = StreamAnalyzer(RATE)
    sizes = []
    for _ in range(3):
        for _ in range(20):
            analyzer.push(PIECE)
        sizes.append(state_bytes(analyzer))
    assert sizes[2] <= sizes[1] + 50_000


def test_length_of_a_chunk_changes_no_feature_beyond_rounding() -> None:
    sound = np.random.default_rng(5).normal(0.0, 0.1, (12 * 22_050, 2)).astype(np.float32)
    sound *= np.exp(-4.0 * (np.arange(len(sound)) / 11_025 % 1.0))[:, None].astype(np.float32)
    short, long = StreamAnalyzer(22_050), StreamAnalyzer(22_050, chunk=5)
    for analyser in (short, long):
        analyser.push(sound)
        analyser.finish()
    assert long.describe() == pytest.approx(short.describe(), rel=1e-4, abs=1e-4, nan_ok=True)
    assert long.snapshot().tempo == pytest.approx(short.snapshot().tempo, rel=1e-4)


def test_planar_blocks_of_whole_chunks_are_bit_identical_to_interleaved_ones() -> None:
    sound = np.random.default_rng(6).normal(0.0, 0.1, (7 * 22_050, 2)).astype(np.float32)
    planar = np.asfortranarray(sound)
    found = []
    for blocks in ([sound], [planar], [planar[:44_100], planar[44_100:]], [sound[:1_000], planar[1_000:]]):
        analyser = StreamAnalyzer(22_050)
        for block in blocks:
            analyser.push(block)
        found.append(analyser.finish())
    assert found[1:] == found[:1] * 3
