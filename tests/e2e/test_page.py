"""The page as staff use it: a real browser, a real Lull, and what is heard from its sound device."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from player.ports.audio import Pcm
from player.units import SAMPLE_RATE
from tests.e2e.conftest import start_with
from tests.support.browser import PATIENCE_MS, chromium, free_port, new_phone
from tests.support.lull import Lull, lull
from tests.support.pulse import PulseServer, Recording
from tests.support.wav import write_wav

PIECES = {"blue": 220.0, "green": 294.0, "red": 392.0, "white": 523.0, "grey": 659.0}
LIVELY, BEATS_HZ = 1047.0, 4.0
LOOK = int(0.5 * SAMPLE_RATE)  # frames of one look at the recording
MOST_LOOKS = 100
SILENT_DB = -80.0
NOISE_AT_20_DB = -69.6  # -23 LUFS less 40 dB, two channels that differ, mixed to one


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    with new_phone(browser) as page:
        yield page


@pytest.fixture
def tones(settings: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """Pieces that are known by their pitch, of which one beats: a lively one, which comes first."""
    folder = tmp_path / "music"
    folder.mkdir()
    time = np.arange(120 * SAMPLE_RATE) / SAMPLE_RATE
    for name, hertz in PIECES.items():
        write_wav(folder / f"{name}.wav", _stereo(0.1 * np.sin(2 * np.pi * hertz * time)))
    beats = np.exp(-12.0 * ((time * BEATS_HZ) % 1.0))
    lively = sum(np.sin(2 * np.pi * LIVELY * n * time) / n for n in (1, 2, 3))
    write_wav(folder / "lively.wav", _stereo(0.3 * beats * lively))
    start_with(settings, "lively")
    port = free_port()
    fade = {"swap_fade_s": 3}
    return {**settings, "web": {"listen": f"127.0.0.1:{port}", "room": "Room 7"}, "policy": fade}


def _stereo(mono: Any) -> Pcm:
    return np.repeat(mono.astype(np.float32)[:, None], 2, axis=1)


def address(settings: dict[str, Any]) -> str:
    return f"http://{settings['web']['listen']}/"


def wait_heard(recording: Recording, wanted: Callable[[str, float], bool]) -> tuple[str, float]:
    """Name and level (dBFS) of what is heard, once they are wanted. Time is what was recorded."""
    seen: list[tuple[str, float]] = []
    for _ in range(MOST_LOOKS):
        recording.wait_frames(recording.frames + LOOK // 2)
        seen.append(heard(recording.pcm()[-LOOK:]))
        if wanted(*seen[-1]):
            return seen[-1]
    raise TimeoutError(f"heard instead: {seen[-12:]}")


def heard(pcm: Pcm) -> tuple[str, float]:
    mono = pcm.mean(axis=1).astype(np.float64)
    level = 10.0 * np.log10(max(float(np.mean(mono**2)), 1e-12))
    if level < SILENT_DB:
        return "", level
    spectrum = np.abs(np.fft.rfft(mono * np.hanning(len(mono)), 1 << 17))
    pitch = float(np.argmax(spectrum)) * SAMPLE_RATE / (1 << 17)
    known = {**PIECES, "lively": LIVELY}
    return min(known, key=lambda name: abs(known[name] - pitch)), level


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def steadily(name: str, level: float) -> Callable[[str, float], bool]:
    """The same piece, within half a decibel of a level."""
    return lambda now, db: now == name and abs(db - level) < 0.5


def test_every_button_is_heard(
    pulse: PulseServer, tones: dict[str, Any], phone: Page, tmp_path: Path
) -> None:
    with lull(tones, tmp_path, pulse.env) as running, pulse.record() as recording:
        running.wait_line(r"page: http")
        running.wait_line(r"library: 6 pieces, all analysed", timeout=120)
        phone.goto(address(tones))
        wait_heard(recording, lambda name, _: name == "lively")
        expect(phone.locator("#now .title")).to_have_text("lively")

        press(phone, "Calm now")
        expect(phone.locator("#said")).to_have_text("Calmer music is coming.")
        calm, _ = wait_heard(recording, lambda name, _: name in PIECES)
        expect(phone.locator("#now .title")).to_have_text(calm)
        expect(phone.locator("#now .why")).to_contain_text("asked for by staff")

        press(phone, "Good")
        expect(phone.locator("#said")).to_have_text("Noted: this one is good.")
        assert wait_heard(recording, lambda *_: True)[0] == calm

        press(phone, "Not this one")
        second, _ = wait_heard(recording, lambda name, _: name not in ("", calm))
        expect(phone.locator("#now .title")).to_have_text(second)

        press(phone, "Never")
        third, _ = wait_heard(recording, lambda name, _: name not in ("", calm, second))
        expect(phone.locator("#now .title")).to_have_text(third)
        level = settled(recording, third)

        press(phone, "Quieter")
        wait_heard(recording, steadily(third, level - 2.5))
        press(phone, "Louder")
        wait_heard(recording, steadily(third, level))

        press(phone, "Stop")
        wait_heard(recording, lambda name, _: name == "")
        expect(phone.locator("#now .state")).to_have_text("Stopped")

        press(phone, "Play")
        wait_heard(recording, lambda name, _: name not in ("", second))
        expect(phone.locator("#now .state")).to_have_text("Playing")


def settled(recording: Recording, name: str) -> float:
    """The level once a swap is over: two looks alike."""
    before = [0.0]

    def steady(now: str, level: float) -> bool:
        same = now == name and abs(level - before[0]) < 0.05
        before[0] = level
        return same

    return wait_heard(recording, steady)[1]


@pytest.mark.usefixtures("tones")
def test_it_is_heard_without_a_script_too(
    browser: Browser, pulse: PulseServer, tones: dict[str, Any], tmp_path: Path
) -> None:
    with lull(tones, tmp_path, pulse.env) as running, pulse.record() as recording:
        running.wait_line(r"page: http")
        context = browser.new_context(java_script_enabled=False, locale="de-DE")
        page = context.new_page()
        wait_heard(recording, lambda name, _: name == "lively")
        page.goto(address(tones))
        press(page, "Stopp")
        wait_heard(recording, lambda name, _: name == "")
        expect(page.locator("#said")).to_have_text("Angehalten.")
        expect(page.locator("#now .state")).to_have_text("Angehalten")
        context.close()


def test_two_phones_agree_and_a_restart_heals_by_itself(
    browser: Browser, phone: Page, pulse: PulseServer, tones: dict[str, Any], tmp_path: Path
) -> None:
    with lull(tones, tmp_path, pulse.env) as running, new_phone(browser, "fr-FR") as other:
        running.wait_line(r"page: http")
        running.wait_line(r"library: 6 pieces, all analysed", timeout=120)
        for page in (phone, other):
            page.goto(address(tones))
            expect(page.locator("#now .title")).to_have_text("lively", timeout=PATIENCE_MS)
            page.evaluate("window.sameDocument = true")
        press(phone, "Stop")
        expect(phone.locator("#now .state")).to_have_text("Stopped")
        expect(other.locator("#now .state")).to_have_text("Arrêtée")

        _end_and_start(running, phone)
        for page, text in ((phone, "Stopped"), (other, "Arrêtée")):
            expect(page.locator("#link")).to_be_hidden(timeout=PATIENCE_MS)
            expect(page.locator("#now .state")).to_have_text(text)  # a stop by staff stays
            assert page.evaluate("window.sameDocument === true")
        press(other, "Lecture")  # the form of a page from before the restart
        for page in (phone, other):
            expect(page.locator("#now .title")).to_have_text("lively", timeout=PATIENCE_MS)


def _end_and_start(running: Lull, page: Page) -> None:
    assert running.end() == 0
    expect(page.locator("#link")).to_be_visible()
    running.restart()
    running.wait_line(r"page: http")


def test_the_level_is_measured_over_the_page(
    pulse: PulseServer, tones: dict[str, Any], phone: Page, tmp_path: Path
) -> None:
    """The music pauses, noise is heard and grows by the step that was pressed, and the music comes back."""
    with lull(tones, tmp_path, pulse.env) as running, pulse.record() as recording:
        running.wait_line(r"page: http")
        phone.goto(f"{address(tones)}setup")
        wait_heard(recording, lambda name, _: name == "lively")
        phone.get_by_label("The meter in the quiet room, dB(A)").fill("30")
        press(phone, "Begin with quiet noise")
        expect(phone.locator(".measure strong")).to_have_text("Noise at 20 %, at most 100 %.")
        _, quiet = wait_heard(recording, lambda _, level: abs(level - NOISE_AT_20_DB) < 1.0)
        press(phone, "Louder")
        expect(phone.locator(".measure strong")).to_have_text("Noise at 25 %, at most 100 %.")
        wait_heard(recording, lambda _, level: abs(level - quiet - 2.5) < 0.5)
        phone.get_by_label("The meter now, dB(A)").fill("33")
        press(phone, "Save the measurement")
        expect(phone.locator("#level-wrong")).to_contain_text("Too near to the room itself")
        phone.get_by_label("The meter now, dB(A)").fill("50,5")
        press(phone, "Save the measurement")
        expect(phone.locator("main")).to_contain_text("Measured: the music stays below")
        wait_heard(recording, lambda name, level: name == "lively" and level > SILENT_DB)
        phone.goto(f"{address(tones)}setup")
        expect(phone.locator("main")).to_contain_text("Measured: the music stays below")


def test_stop_ends_the_noise_of_the_measurement_too(
    pulse: PulseServer, tones: dict[str, Any], phone: Page, tmp_path: Path
) -> None:
    with lull(tones, tmp_path, pulse.env) as running, pulse.record() as recording:
        running.wait_line(r"page: http")
        phone.goto(f"{address(tones)}setup")
        wait_heard(recording, lambda name, _: name == "lively")
        phone.get_by_label("The meter in the quiet room, dB(A)").fill("30")
        press(phone, "Begin with quiet noise")
        wait_heard(recording, lambda _, level: abs(level - NOISE_AT_20_DB) < 1.0)
        phone.goto(address(tones))
        press(phone, "Stop")
        wait_heard(recording, lambda name, _: name == "")
        phone.goto(f"{address(tones)}setup")
        expect(phone.get_by_role("button", name="Begin with quiet noise")).to_be_visible()
