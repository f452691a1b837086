"""Which files count as music."""

import os
from pathlib import Path

import pytest

from adapters.library.find import find
from player.errors import LibraryError
from player.settings import LibrarySettings

FORMATS = LibrarySettings().formats


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")


def found(*places: Path, formats: tuple[str, ...] = FORMATS) -> tuple[list[str], dict[str, str]]:
    failed: dict[str, str] = {}
    files = list(find([str(place) for place in places], formats, failed.__setitem__))
    return [file.path for file in files], failed


def test_takes_music_of_any_case_and_depth_and_nothing_hidden(tmp_path: Path) -> None:
    make(
        tmp_path,
        "b.mp3",
        "A.FLAC",
        "x/y/z.Ogg",
        "note.txt",
        "cover.jpg",
        "mp3",
        ".hidden.mp3",
        ".trash/c.mp3",
    )
    files, failed = found(tmp_path)
    assert files == [str(tmp_path / name) for name in ("A.FLAC", "b.mp3", "x/y/z.Ogg")]
    assert failed == {}


def test_formats_are_those_of_the_settings(tmp_path: Path) -> None:
    make(tmp_path, "a.mp3", "b.aiff")
    assert found(tmp_path, formats=("AIFF", ".wv"))[0] == [str(tmp_path / "b.aiff")]


def test_says_size_and_time(tmp_path: Path) -> None:
    make(tmp_path, "a.mp3")
    (file,) = find([str(tmp_path)], FORMATS, lambda *_: None)
    status = (tmp_path / "a.mp3").stat()
    assert (file.size, file.mtime_ns) == (1, status.st_mtime_ns)


def test_links_are_followed_and_loops_are_not(tmp_path: Path) -> None:
    make(tmp_path, "music/a.mp3", "elsewhere/b.mp3")
    (tmp_path / "music/again").symlink_to(tmp_path / "music")
    (tmp_path / "music/away").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "music/self.mp3").symlink_to(tmp_path / "music/self.mp3")
    (tmp_path / "music/broken.mp3").symlink_to(tmp_path / "nowhere")
    files, failed = found(tmp_path / "music")
    assert files == [str(tmp_path / "music/a.mp3"), str(tmp_path / "music/away/b.mp3")]
    assert list(failed) == [str(tmp_path / "music/self.mp3")]


def test_places_that_overlap_are_searched_once(tmp_path: Path) -> None:
    make(tmp_path, "a.mp3", "x/b.mp3")
    assert len(found(tmp_path, tmp_path / "x")[0]) == 2


def test_what_is_no_regular_file_is_left_out(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")
    (tmp_path / "folder.mp3").mkdir()
    assert found(tmp_path) == ([], {})


def test_a_name_that_is_no_text_is_told(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/caf\xe9.mp3", "wb"):
        pass
    told = {f"{tmp_path}/caf?.mp3": "has a name with broken characters: rename it."}
    assert found(tmp_path) == ([], told)
    assert found(tmp_path / os.fsdecode(b"caf\xe9.mp3")) == ([], told)  # also when it was named itself


def test_a_place_may_be_one_file(tmp_path: Path) -> None:
    make(tmp_path, "a.xyz")
    assert found(tmp_path / "a.xyz")[0] == [str(tmp_path / "a.xyz")]


def test_a_missing_place_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    for place in ("nowhere", "nowhere/a.ogg", os.fsdecode(b"nowhere\xff")):
        with pytest.raises(
            LibraryError, match=r"/nowhere\S* cannot be read \(No such file.*connect the disk"
        ):
            found(tmp_path / place)


def test_a_folder_that_cannot_be_read_costs_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "a/1.mp3", "b/2.mp3", "c/3.mp3")
    scandir = os.scandir

    def refuse(path: str) -> "os._ScandirIterator[str]":
        if path.endswith("/b"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)  # the tests may run as root, who may read everything
    files, failed = found(tmp_path)
    assert files == [str(tmp_path / "a/1.mp3"), str(tmp_path / "c/3.mp3")]
    assert "Permission denied" in failed[str(tmp_path / "b")]
    with pytest.raises(LibraryError, match="Permission denied"):
        found(tmp_path / "b")
