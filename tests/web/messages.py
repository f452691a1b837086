"""All words of the page that are to be translated, as they stand in templates and code."""

from pathlib import Path

from babel.messages.extract import extract_from_dir

import adapters.web

HERE = Path(adapters.web.__file__).parent
METHODS = [("**.py", "python"), ("**.html", "jinja2")]


def extracted() -> dict[str, str]:
    """Message → where it stands."""
    found: dict[str, str] = {}
    for file, line, message, *_ in extract_from_dir(
        HERE, METHODS, keywords={"_": None, "ngettext": (1, 2)}, comment_tags=()
    ):
        text = message[0] if isinstance(message, tuple) else message  # of a plural, the singular
        if text:
            found.setdefault(text, f"{file}:{line}")
    return found


if __name__ == "__main__":
    for text, where in extracted().items():
        print(f"#: {where}\nmsgid {text!r}\n")
