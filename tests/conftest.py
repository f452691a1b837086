"""The command as its users type it."""

import sys
from pathlib import Path

import pytest

from adapters.cli import main
from tests.support.command import Lull


@pytest.fixture
def lull(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Lull:
    """Exit code, standard output, standard error; a traceback fails the test by itself."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["lull", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, out, err

    return run
