"""The built-in pad: at the programme's level, calm, without an end."""

import numpy as np
import pytest

from adapters.decode import open_source
from adapters.decode.pad import URI
from player.analysis.stream import StreamAnalyzer
from player.session.ladder import PAD_URI
from player.units import PROGRAMME_LUFS, SAMPLE_RATE


def test_the_pad_is_at_the_level_of_all_music_calm_and_endless() -> None:
    assert URI == PAD_URI
    analyzer = StreamAnalyzer(SAMPLE_RATE, 2)
    with open_source(URI) as source:
        first = source.read()
        assert first is not None and np.abs(first[0]).max() < 1e-3, "it begins without a click"
        for _ in range(300):
            block = source.read()
            assert block is not None
            analyzer.push(block)
    features = analyzer.finish()
    assert features.integrated_loudness == pytest.approx(PROGRAMME_LUFS, abs=0.5)
    assert features.largest_rise is not None and features.largest_rise < 3.0
    assert features.true_peak is not None and features.true_peak < -6.0
    assert features.affect is not None and features.affect.calmness > 0.75
