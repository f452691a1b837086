"""The report for the page, made in a process of its own: plots take more memory than a service may keep."""

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from player.errors import LibraryError, LullError

PATIENCE: Final = 180.0  # s
NICE: Final = 15  # the music comes first
_one_at_a_time = asyncio.Lock()


async def make_report(data: Path, resident: str, language: str) -> bytes:
    """HTML. Raises `LullError` when it cannot be made."""
    async with _one_at_a_time:
        argv = [sys.executable, "-m", "adapters.page.report", str(data / "journal.db"), resident, language]
        child = await asyncio.create_subprocess_exec(
            *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        try:
            async with asyncio.timeout(PATIENCE):
                html, problem = await child.communicate()
        except TimeoutError:
            raise LibraryError(f"The report took longer than {PATIENCE:.0f} s: try `lull report`.") from None
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
    if child.returncode != 0:
        last = problem.decode(errors="replace").strip().splitlines()[-1:]
        raise LibraryError(f"The report cannot be made ({' '.join(last)}): try `lull report`.")
    return html


def main() -> int:
    from adapters.report.gather import gather
    from adapters.report.page import html
    from adapters.report.rows import JournalRows

    os.nice(NICE)
    journal, resident, language = sys.argv[1:]
    try:
        figures = gather(JournalRows(Path(journal), resident), resident, None)
    except LullError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(html(figures, language, datetime.now(UTC).astimezone(), back="/"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
