"""Settings files as people write them, right and wrong."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect

from adapters.settings_file import (
    PATTERNS,
    config_dir,
    default_config,
    load_all,
    load_profile,
    load_settings,
    settings_schema,
)
from player.errors import SettingsError
from player.settings import Profile, Settings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "lull.yaml"


def refusal(file: Path, text: str | bytes, *, profile: bool = False) -> SettingsError:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SettingsError) as caught:
        (load_profile if profile else load_settings)(file)
    assert caught.value.file == str(file)
    return caught.value


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n", "library:\n  # folders: [x]\n", "site:\n"])
def test_what_is_left_out_or_empty_has_its_default(
    file: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    file.write_text(text)
    settings = load_settings(file)
    assert settings.data == str(Path.home() / ".local/share/lull")
    assert msgspec.structs.replace(settings, resident="", data="") == Settings(resident="", data="")


@pytest.mark.parametrize(
    ("text", "line", "key", "problem"),
    [
        ("site: a\naudio:\n  bufer_ms: 120\n", 3, "audio.bufer_ms", "did you mean 'buffer_ms'?"),
        ("\nsit: a\n", 2, "sit", "did you mean 'site'?"),
        ("persist_s: 5\n", 1, "persist_s", "did you mean 'policy.persist_s'?"),
        ("audio: {color: red}\n", 1, "audio.color", "known here are device, buffer_ms, full_scale_dba"),
        ("streams:\n- name: a\n  url: b\n  ulr: c\n", 4, "streams[0].ulr", "did you mean 'url'?"),
        ("streams:\n- name: a\n", 2, "streams[0].url", "is missing: add it"),
        ("site: a\nplayer: b\nsite: c\n", 3, "site", "is given twice, first in line 1"),
        ("audio:\n  buffer_ms: fast\n", 2, "audio.buffer_ms", "must be a whole number, not text"),
        ("audio:\n  buffer_ms: 5\n", 2, "audio.buffer_ms", "must be at least 100, not 5"),
        ("policy: {swap_fade_s: 9}\n", 1, "policy.swap_fade_s", "must be at most 8, not 9"),
        ("policy: {persist_s: yes}\n", 1, "policy.persist_s", "must be a number, not text"),
        ("policy: {persist_s: 1e999}\n", 1, "policy.persist_s", "too large"),
        ("policy: {persist_s: .inf}\n", 1, "policy.persist_s", "must be a number, not text"),
        ("policy: {persist_s: .nan}\n", 1, "policy.persist_s", "must be a number, not text"),
        (f"audio: {{buffer_ms: {'9' * 5000}}}\n", 1, "audio.buffer_ms", "too long"),
        ("player: 007\n", 1, "player", "must be text, not a whole number: put it in quotes"),
        ("demo: yes\n", 1, "demo", "must be true or false, not text"),
        ("site: Home One\n", 1, "site", "small letters, digits or hyphens, not 'Home One'"),
        ("autostart: maybe\n", 1, "autostart", "must be resume or idle"),
        ("library: [~/Music]\n", 1, "library", "must be a group of keys, not a list"),
        ("library:\n  formats:\n  - mp3\n  - 3\n", 4, "library.formats[1]", "must be text"),
        ("audio: {full_scale_dba: loud}\n", 1, "audio.full_scale_dba", "must be a number or empty, not text"),
        ("policy:\n  agitation_off: 0.7\n", 2, "policy.agitation_off", "must be smaller than agitation_on"),
        ("policy:\n  agitation_on: 0.3\n", 2, "policy.agitation_on", "must be smaller than agitation_on"),
        ("audio:\n\tbuffer_ms: 120\n", 2, "", "begins with a tab: indent with spaces"),
        ("site: a: b\n", 1, "", "is not valid YAML"),
        ("site: [a\n", 2, "", "is not valid YAML"),
        ("- site\n", 1, "", "must hold lines of `key: value`"),
        ("hello\n", 1, "", "must hold lines of `key: value`"),
        ("{? [a, b] : c}\n", 1, "", "a key must be a single word"),
        ("site: &s a\nplayer: *s\n", 2, "", "aliases"),
        ("library: &l {folders: *l}\n", 1, "", "aliases"),
        ("site: !!python/object/apply:os.system [x]\n", 1, "site", "must be text, not a list"),
        ("site: !secret x\n", 1, "site", "remove the type mark !secret"),
        ("a: 1\n---\nb: 2\n", 2, "", "is not valid YAML"),
    ],
)
def test_every_mistake_is_named_with_its_line_and_key(
    file: Path, text: str, line: int, key: str, problem: str
) -> None:
    error = refusal(file, text)
    assert (error.line, error.key) == (line, key)
    assert problem in error.problem
    assert str(error).startswith(f"{file}:{line}: {key}")


def test_bytes_that_are_no_text_are_named(file: Path) -> None:
    error = refusal(file, b"site: a\nplayer: caf\xe9\n")
    assert error.line == 2
    assert "save it as UTF-8" in error.problem
    assert "no text" in refusal(file, b"site: a\nplayer: \x00\n").problem


def test_a_byte_order_mark_and_windows_lines_are_no_mistake(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbfsite: a\r\nplayer: b\r\n")
    settings = load_settings(file)
    assert (settings.site, settings.player) == ("a", "b")


def test_missing_files_and_folders_are_named(file: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        load_settings(file)
    with pytest.raises(SettingsError, match="Is a directory"):
        load_settings(file.parent)


def test_nesting_without_end_is_refused(file: Path) -> None:
    assert "nested too deeply" in refusal(file, "site: " + "[" * 20_000).problem
    assert "too long" in refusal(file, "#" * 2_000_000).problem


def test_paths_are_relative_to_the_file_and_the_home(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/x")
    file.write_text(
        "resident: residents/anna.yaml\nlibrary: {folders: [~/Music, /mnt, near]}\ndata: ~/lull\n"
        "devices: devices.yaml\nmqtt: {credentials_file: ../secret}\n"
    )
    settings = load_settings(file)
    here = file.parent
    assert settings.resident == str(here / "residents/anna.yaml")
    assert settings.library.folders == ("/home/x/Music", "/mnt", str(here / "near"))
    assert settings.data == "/home/x/lull"
    assert settings.devices == str(here / "devices.yaml")
    assert settings.mqtt.credentials_file == str(here.parent / "secret")


def test_data_follows_the_desktop_when_it_is_not_set(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/srv/share")
    file.write_text("")
    assert load_settings(file).data == "/srv/share/lull"
    file.write_text("data: /var/lib/lull\n")
    assert load_settings(file).data == "/var/lib/lull"


@pytest.mark.parametrize("word", ["no", "on", "y", "off", "NO"])
def test_norwegian_is_a_language(file: Path, word: str) -> None:
    file.write_text(f"id: x\nlanguages: [{word}]\n")
    assert load_profile(file).languages == (word,)


def test_times_are_text_with_and_without_quotes(file: Path) -> None:
    file.write_text("id: x\nquiet_hours: 21:30-07:00\nusual_peak: 16:00\n")
    profile = load_profile(file)
    assert (profile.quiet_hours, profile.usual_peak) == ("21:30-07:00", "16:00")
    file.write_text("id: x\nquiet_hours: null\n")
    assert load_profile(file).quiet_hours is None


@pytest.mark.parametrize(
    ("text", "line", "key", "problem"),
    [
        ("", 1, "id", "is missing: add it"),
        ("id: x\nquiet_hours: late\n", 2, "quiet_hours", 'such as "21:30-07:00"'),
        ("id: x\nusual_peak: 25:00\n", 2, "usual_peak", 'such as "16:00"'),
        ("id: x\nrisk: none\n", 2, "risk", "must be low, moderate or high"),
        ("id: Anna Smith\n", 1, "id", "small letters"),
        ("id: x\nvolume:\n  start: 80\n", 3, "volume.start", "start must not be above max (70)"),
        ("id: x\nvolume:\n  max: 40\n", 3, "volume.max", "night_max must not be above max (40)"),
        ("id: x\nnever:\n  artist: [a]\n", 3, "never.artist", "did you mean 'artists'?"),
        ("id: x\nbirth_year: 38\n", 2, "birth_year", "must be at least 1900, not 38"),
    ],
)
def test_mistakes_in_a_profile_are_named(file: Path, text: str, line: int, key: str, problem: str) -> None:
    error = refusal(file, text, profile=True)
    assert (error.line, error.key) == (line, key)
    assert problem in error.problem


def fields_with_patterns(kind: inspect.Type) -> Iterator[str]:
    if isinstance(kind, inspect.StructType):
        for field in kind.fields:
            inner = field.type.types if isinstance(field.type, inspect.UnionType) else (field.type,)
            if any(isinstance(t, inspect.StrType) and t.pattern for t in inner):
                yield field.encode_name
            for one in inner:
                yield from fields_with_patterns(one)


def test_every_pattern_is_explained_in_words() -> None:
    wanted = {*fields_with_patterns(inspect.type_info(Settings))}
    wanted |= {*fields_with_patterns(inspect.type_info(Profile))}
    assert wanted == set(PATTERNS)


@given(
    st.binary(max_size=200)
    | st.text(alphabet="siteaudo:{}[]-\n \t'\"&*!|>#?,01", max_size=80).map(str.encode)
)
def test_any_bytes_load_or_raise_the_one_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_bytes(content)
    with suppress(SettingsError):  # any other error fails the test
        load_settings(file)


# --- what is shipped ------------------------------------------------------------------------------------


def test_the_shipped_settings_show_every_key_with_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("HOME", "/home/x")
    shipped = load_settings(config_dir() / "lull.yaml")
    expected = Settings(resident=str(config_dir() / "residents/demo.yaml"), data="/home/x/.local/share/lull")
    assert shipped == expected
    text = (config_dir() / "lull.yaml").read_text()
    names = {field.encode_name for kind in groups(inspect.type_info(Settings)) for field in kind.fields}
    assert {name for name in names if f"{name}:" not in text} == set()


def groups(kind: inspect.Type) -> Iterator[inspect.StructType]:
    if isinstance(kind, inspect.StructType):
        yield kind
        for field in kind.fields:
            yield from groups(field.type)


def test_the_demo_acts_within_a_minute_and_a_half() -> None:
    settings, profile = load_all(config_dir() / "demo.yaml")
    assert settings.demo
    assert (settings.site, settings.player, settings.library.folders) == ("home1", "room7", ())
    assert profile.quiet_hours is None  # also in the evening
    assert 60 + settings.policy.persist_s + settings.policy.swap_fade_s <= 90


def test_the_schema_for_editors_is_of_these_settings() -> None:
    committed = (config_dir() / "lull.schema.json").read_bytes()
    assert committed == settings_schema(), "write settings_schema() to config/lull.schema.json"


def test_the_users_own_settings_come_before_the_shipped_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert default_config() == config_dir() / "lull.yaml"
    (tmp_path / "lull").mkdir()
    (tmp_path / "lull" / "lull.yaml").write_text("site: own\n")
    assert load_settings(default_config()).site == "own"
