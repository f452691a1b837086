"""Whole pieces through the analyser."""

from player.analysis.stream import StreamAnalyzer
from player.model import ScanMode, TrackFeatures
from player.ports.audio import Pcm


def analyse(signal: Pcm, rate: int = 44_100, scan_mode: ScanMode = ScanMode.FULL) -> TrackFeatures:
    analyzer = StreamAnalyzer(rate, signal.shape[1], scan_mode=scan_mode)
    analyzer.push(signal)
    return analyzer.finish()
