"""Spoken word against music: fits the coefficients of `player.analysis.speech` and judges them.

Run as `python -m tests.evaluate.speech --data DIR [--fit]`. DIR holds `emotify/`, and `speech/` with a folder
of recordings per speaker and bandwidth: the prompts of Debian's asterisk-core-sounds-{en,es,fr,it,ru}-wav (8
kHz) and -g722 (16 kHz, named -wide), asterisk-prompt-{es-co,fr-armelle,it-menardi-wav}. They are joined to
minutes with pauses of 0.1-0.7 s and a noise floor. espeak-ng reads numbers in 20 languages. Every minute is
taken as it is, at 8 kHz, at 8 kHz with noise 20-40 dB below, and with its dynamics compressed, music and
speech alike, so that neither bandwidth nor noise nor a studio's compressor tells them apart.

Each speaker (espeak: language) and each genre is judged by a model that was fitted without it.
"""

import argparse
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from player.analysis.framing import SILENT_POWER
from player.analysis.spectrum import MEL_BANDS, SpectrumAnalyzer
from player.analysis.speech import SPEECH, STATISTICS, WINDOW, Statistics, statistics
from tests.bench.rates import area_under_curve
from tests.evaluate import logit
from tests.evaluate.data import rows
from tests.evaluate.statistics import interval, mean

Signal = NDArray[np.float32]
TELEPHONE: Final = 8_000
MINUTE: Final = 60
LANGUAGES: Final = "en-us en-gb de fr-fr es it nl pl ru sv fi tr pt el hu cs ar hi cmn sw"
NO_WORDS: Final = ("silence/", "tone", "beep", "letters/", "phonetic/", "digits/")
RIDGE: Final = 3e-3
PRIOR: Final = 0.2  # of speech: rare among music, and to lose music is worse


class Item(NamedTuple):
    spoken: bool
    group: str  # left out together
    name: str
    variant: str
    statistics: Statistics


def decoded(path: Path, rate: int | None = None) -> tuple[Signal, int]:
    """The first minute, mono."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        rate = rate or stream.rate
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=rate)
        blocks: list[Signal] = []
        for frame in container.decode(stream):
            blocks += [out.to_ndarray()[0] for out in resampler.resample(frame)]
            if sum(map(len, blocks)) > MINUTE * rate:
                break
    return np.concatenate([np.empty(0, np.float32), *blocks])[: MINUTE * rate].astype(np.float32), rate


def resampled(signal: Signal, rate: int, to: int) -> Signal:
    frame = av.AudioFrame.from_ndarray(signal[None], format="fltp", layout="mono")
    frame.sample_rate = rate
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=to)
    blocks = [*resampler.resample(frame), *resampler.resample(None)]
    return np.concatenate([block.to_ndarray()[0] for block in blocks]).astype(np.float32)


def noisy(signal: Signal, decibels: float, rng: np.random.Generator) -> Signal:
    """With pinkish noise that far below it."""
    spectrum = np.fft.rfft(rng.standard_normal(len(signal)))
    noise = np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 50.0), len(signal))
    gain = np.sqrt(np.square(signal).mean() / np.square(noise).mean()) * 10.0 ** (-decibels / 20.0)
    return np.asarray(signal + gain * noise, dtype=np.float32)


def compressed(signal: Signal, rate: int) -> Signal:
    """Levels of 50 ms brought together to 0.4 of their differences, as on the radio."""
    size = rate // 20
    power = np.convolve(np.square(signal), np.ones(size) / size, mode="same")
    return np.asarray(signal * (power + 1e-3 * power.mean()) ** -0.3, dtype=np.float32)


def windows(signal: Signal, rate: int) -> Statistics:
    analyzer = SpectrumAnalyzer(rate)
    bands = np.concatenate([analyzer.push(signal[i : i + rate]) for i in range(0, len(signal), rate)])
    cut = bands[: len(bands) // WINDOW * WINDOW].reshape(-1, WINDOW, MEL_BANDS)
    return statistics(cut[cut[:, :, SPEECH].sum(axis=2).mean(axis=1) > SILENT_POWER])


def variants(spoken: bool, group: str, name: str, signal: Signal, rate: int) -> Iterator[Item]:
    rng = np.random.default_rng(len(name))
    signal = np.asarray(signal * (0.07 / np.sqrt(np.square(signal).mean() + 1e-12)), dtype=np.float32)
    narrow = signal if rate == TELEPHONE else resampled(signal, rate, TELEPHONE)
    for variant, changed, at in (
        ("own", signal, rate),
        ("8k", narrow, TELEPHONE),
        ("8k-noise", noisy(narrow, float(rng.uniform(20.0, 40.0)), rng), TELEPHONE),
        ("compressed", compressed(signal, rate), rate),
    ):
        measured = windows(changed, at)
        if len(measured) >= 6 and not (variant == "8k" and rate == TELEPHONE):
            yield Item(spoken, group, name, variant, measured)


def prompts(folder: Path) -> Iterator[Item]:
    """Minutes of one speaker."""
    rng = np.random.default_rng(1)
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".wav", ".g722", ".gsm") and not any(part in str(path) for part in NO_WORDS)
    ]
    speaker = folder.name.removesuffix("-wide").replace("es-mexico", "en-allison")  # the same voice
    parts: list[Signal] = []
    number = 0
    for index in rng.permutation(len(files)):
        try:
            signal, rate = decoded(files[index])
        except av.FFmpegError:  # some of the prompts are broken
            continue
        loud = np.flatnonzero(np.abs(signal) > 0.03 * np.abs(signal).max(initial=1e-6))
        if len(signal) < rate or not len(loud):
            continue
        parts += [signal[loud[0] : loud[-1] + 1], np.zeros(int(rng.uniform(0.1, 0.7) * rate), np.float32)]
        if sum(map(len, parts)) >= MINUTE * rate:
            minute = noisy(np.concatenate(parts)[: MINUTE * rate], float(rng.uniform(35.0, 55.0)), rng)
            yield from variants(True, speaker, f"{folder.name}/{number}", minute, rate)
            parts, number = [], number + 1


def synthetic(language: str) -> Iterator[Item]:
    for number, (voice, speed) in enumerate((("", 150), ("+f3", 170), ("+m3", 130))):
        rng = np.random.default_rng(number)
        numbers = " ".join(f"{a}, {b}." for a, b in rng.integers(1, 99_999, (25, 2)).tolist())
        with tempfile.NamedTemporaryFile(suffix=".wav") as file:
            command = ["espeak-ng", "-v", language + voice, "-s", str(speed), "-w", file.name, numbers]
            subprocess.run(command, check=True, capture_output=True)
            signal, rate = decoded(Path(file.name))
        minute = noisy(signal, float(rng.uniform(35.0, 55.0)), rng)
        yield from variants(True, f"espeak {language}", f"{language}{voice}", minute, rate)


def everything(data: Path) -> Iterator[Item]:
    for folder in sorted((data / "speech").iterdir()):
        yield from prompts(folder)
    for language in LANGUAGES.split():
        yield from synthetic(language)
    for row in rows("emotify_dev.csv"):
        signal, rate = decoded(data / "emotify" / row["file"])
        yield from variants(False, row["genre"], row["track_id"], signal, rate)


class Model(NamedTuple):
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: float

    def probability(self, means: Statistics) -> NDArray[np.float64]:
        z = np.clip((means - self.centre) / self.scale, -3.0, 3.0)
        return np.asarray(1.0 / (1.0 + np.exp(-(z @ self.weights + self.bias))))


def excerpts(items: list[Item], count: int) -> tuple[Statistics, NDArray[np.bool_], NDArray[np.intp]]:
    """Means over `count` windows that follow each other, whether spoken, and of which item."""
    means, spoken, of = [], [], []
    for index, item in enumerate(items):
        for start in range(0, max(1, len(item.statistics) - count + 1), count):
            means.append(item.statistics[start : start + count].mean(axis=0))
            spoken.append(item.spoken)
            of.append(index)
    return np.array(means), np.array(spoken), np.array(of)


def fit(items: list[Item]) -> Model:
    """Logistic regression with ridge, on excerpts of 10 s; speech weighs PRIOR of all."""
    means, spoken, _ = excerpts(items, 7)
    centre, scale = means.mean(axis=0), means.std(axis=0)
    z = np.column_stack((np.clip((means - centre) / scale, -3.0, 3.0), np.ones(len(means))))
    weight = np.where(spoken, PRIOR / spoken.sum(), (1.0 - PRIOR) / (~spoken).sum())
    penalty = np.array([RIDGE] * STATISTICS + [0.0])
    beta = logit.fit(np.stack((np.zeros_like(z), z), axis=1), spoken.astype(np.int64), weight, penalty)
    return Model(centre, scale, beta[:-1], float(beta[-1]))


def judge(items: list[Item]) -> None:
    groups = sorted({item.group for item in items})
    spoken_groups = {item.group for item in items if item.spoken}
    models = {group: fit([item for item in items if item.group != group]) for group in groups}
    for seconds, count in ((10, 7), (30, 20)):
        means, spoken, of = excerpts(items, count)
        p = np.empty(len(means))
        group_of = np.array([items[i].group for i in of])
        variant_of = np.array([items[i].variant for i in of])
        names = np.array([items[i].group + items[i].name for i in of])
        for group, model in models.items():
            p[group_of == group] = model.probability(means[group_of == group])
        wrong = (p > 0.5) != spoken
        print(f"{seconds} s: AUC {area_under_curve(p, spoken.astype(np.float64)):.4f}")
        real = spoken & ~np.char.startswith(group_of, "espeak")
        for label, which in (
            ("real speech missed", real),
            ("synthetic speech missed", spoken & ~real),
            ("music called speech", ~spoken),
            *((f"  {group}", group_of == group) for group in groups if not group.startswith("espeak")),
            *((f"  music, {name}", ~spoken & (variant_of == name)) for name in np.unique(variant_of)),
            *((f"  real speech, {name}", real & (variant_of == name)) for name in np.unique(variant_of)),
        ):
            print(f"  {label}: {interval(mean, wrong[which], groups=names[which])} of {which.sum()}")
        worst = np.argsort(-np.where(spoken, -1.0, p))[:12].tolist()
        print("  most speech-like music:", ", ".join(f"{names[i]} {p[i]:.2f}" for i in worst))
    voices = len(spoken_groups)
    print(f"left out one by one: {voices} voices, {len(groups) - voices} genres")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--fit", action="store_true", help="print the coefficients of player.analysis.speech")
    arguments = parser.parse_args()
    items = list(everything(arguments.data))
    judge(items)
    if arguments.fit:
        model = fit(items)
        for name, values in zip(("CENTRE", "SCALE", "WEIGHTS"), model[:3], strict=True):
            print(f"{name}: Final = np.array({np.round(values, 4).tolist()})")
        print(f"BIAS: Final = {model.bias:.4f}")


if __name__ == "__main__":
    main()
