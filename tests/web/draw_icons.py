"""The icon in the sizes that phones ask for, drawn from icon.svg: `python -m tests.web.draw_icons`."""

from adapters.web.render import STATIC
from tests.support.browser import chromium

SIZES = (192, 512)


def main() -> None:
    with chromium() as browser:
        for size in SIZES:
            page = browser.new_page(viewport={"width": size, "height": size})
            page.set_content(
                f"<style>body{{margin:0}}svg{{display:block;width:{size}px}}</style>"
                + (STATIC / "icon.svg").read_text()
            )
            page.screenshot(path=STATIC / f"icon-{size}.png")


if __name__ == "__main__":
    main()
