"""Whole pieces through the analyser."""

from player.analysis.stream import StreamAnalyzer
from player.model import TrackFeatures
from player.ports.audio import Pcm


def analyse(signal: Pcm, rate: int = 44_100) -> TrackFeatures:
    analyzer = StreamAnalyzer(rate, signal.shape[1])
    analyzer.push(signal)
    return analyzer.finish()
