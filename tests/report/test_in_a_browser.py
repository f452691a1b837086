"""The report of a simulated fortnight as people open and print it: on a phone, in the dark, on paper."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.report.gather import gather
from adapters.report.page import html
from adapters.report.rows import JournalRows
from tests.support.browser import PHONE, chromium, scrolls_sideways, violations
from tests.support.month import write_month

PAGE = re.compile(rb"/Type\s*/Page\b")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("report")
    who = write_month(folder / "journal.db", days=14, policy="calmest-familiar")
    path = folder / "report.html"
    path.write_text(html(gather(JournalRows(folder / "journal.db", who), who), "en", datetime.now(UTC)))
    return path.as_uri()


def test_it_can_be_read_by_everybody_and_printed(address: str, tmp_path: Path) -> None:
    with chromium() as browser:
        for scheme in ("light", "dark"):
            page = browser.new_page(color_scheme=scheme, viewport=PHONE)  # type: ignore[arg-type]
            page.goto(address)
            assert violations(page) == []
            for width in (PHONE["width"], 320, 590, 1180):
                page.set_viewport_size({"width": width, "height": 740})
                assert not scrolls_sideways(page), width
        page.emulate_media(media="print", color_scheme="light")
        printed = page.pdf(path=tmp_path / "report.pdf", format="A4")
        assert 2 <= len(PAGE.findall(printed)) <= 12
        cut = page.evaluate(
            "[...document.querySelectorAll('figure')].filter(e =>"
            " !['avoid', 'avoid-page'].includes(getComputedStyle(e).breakInside)).length"
        )
        assert cut == 0, "a picture may be cut by the end of a page"
