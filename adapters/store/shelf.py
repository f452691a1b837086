"""The pieces there are now, to be searched and sorted by people: a table that ends with the process."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from msgspec import Struct

from player.errors import StoreError
from player.model import CatalogueEntry, TrackId
from player.selection.familiarity import spelled

SLOWEST, FASTEST = 40.0, 200.0  # BPM, the width of the picture
COLUMNS, ROWS = 32, 20  # cells of the picture
ORDERS: Final = {
    "title": "title_key",
    "artist": "artist_key",
    "tempo": "tempo",
    "calmness": "calmness",
}
SHOWN: Final = (  # of `Book`
    "id, uri, title, artist, album, year, tempo, tempo_confidence, calmness, calmness_se, heard, approved"
)
SCHEMA: Final = (
    "CREATE TABLE shelf (id TEXT PRIMARY KEY, uri TEXT, title TEXT, artist TEXT, album TEXT, year INTEGER,"
    " tempo REAL, tempo_confidence REAL, calmness REAL, calmness_se REAL, heard REAL, approved INTEGER,"
    " title_key TEXT, artist_key TEXT, x INTEGER, y INTEGER) WITHOUT ROWID",
    *(f"CREATE INDEX by_{name} ON shelf ({key}, title_key, id)" for name, key in ORDERS.items()),
    "CREATE INDEX by_cell ON shelf (x, y)",
)


class Book(Struct, frozen=True):
    """One piece as it stands in the table."""

    id: TrackId
    uri: str
    title: str
    artist: str
    album: str
    year: int | None
    tempo: float | None  # BPM
    tempo_confidence: float
    calmness: float | None
    calmness_se: float
    heard: float | None  # s
    approved: bool = True  # False: of a music server, and played only when it is loved


class Shelf:
    """All calls come from one thread, which need not be the one that made it. Raises `StoreError`.

    The table has no name in any folder; beyond SQLite's cache (2 MiB) it is on disk, so that a large library
    does not fill the memory of a small board.
    """

    def __init__(self) -> None:
        self._table = sqlite3.connect("", check_same_thread=False)
        for statement in SCHEMA:
            self._table.execute(statement)

    def change(self, found: Iterable[CatalogueEntry], gone: Iterable[TrackId]) -> None:
        try:
            with self._table:
                self._table.executemany(
                    "INSERT OR REPLACE INTO shelf VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (_row(entry) for entry in found),
                )
                self._table.executemany("DELETE FROM shelf WHERE id = ?", ((one,) for one in gone))
        except sqlite3.Error as error:
            raise _failed(error) from error

    def look(
        self, search: str, order: str, *, down: bool, start: int, count: int, cell: tuple[int, int] | None
    ) -> tuple[Sequence[Book], int]:
        """`count` pieces from the one at `start`, and how many there are. Unknown values come last."""
        where, values = _where(search, cell)
        key, way = ORDERS[order], "DESC" if down else "ASC"
        query = (
            f"SELECT {SHOWN} FROM shelf{where}"
            f" ORDER BY {key} {way} NULLS LAST, title_key {way}, id {way} LIMIT ? OFFSET ?"
        )
        found: int = self._run(f"SELECT count(*) FROM shelf{where}", values)[0][0]
        return [Book(*row) for row in self._run(query, (*values, count, start))], found

    def one(self, track_id: TrackId) -> Book | None:
        rows = self._run(f"SELECT {SHOWN} FROM shelf WHERE id = ?", (track_id,))
        return Book(*rows[0]) if rows else None

    def cells(self) -> Sequence[tuple[int, int, int]]:
        """Column by tempo, row by calmness, and how many pieces; only of what was analysed."""
        rows = self._run("SELECT x, y, count(*) FROM shelf WHERE x >= 0 GROUP BY x, y", ())
        return [(x, y, count) for x, y, count in rows]

    def spots(self, most: int) -> Sequence[Book]:
        """The pieces themselves, for a picture of few."""
        rows = self._run(f"SELECT {SHOWN} FROM shelf WHERE x >= 0 ORDER BY id LIMIT ?", (most,))
        return [Book(*row) for row in rows]

    def names(self) -> Iterator[tuple[str, str, str]]:
        """Title, artist and address of every piece."""
        try:
            yield from self._table.execute("SELECT title, artist, uri FROM shelf")
        except sqlite3.Error as error:
            raise _failed(error) from error

    def close(self) -> None:
        self._table.close()

    def _run(self, query: str, values: tuple[str | int, ...]) -> list[tuple[Any, ...]]:
        try:
            return self._table.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise _failed(error) from error


def _where(search: str, cell: tuple[int, int] | None) -> tuple[str, tuple[str | int, ...]]:
    parts: list[str] = []
    values: list[str | int] = []
    for word in spelled(search).split()[:8]:
        pattern = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        parts.append("(title_key LIKE ? ESCAPE '\\' OR artist_key LIKE ? ESCAPE '\\')")
        values += [pattern, pattern]
    if cell is not None:
        parts.append("x = ? AND y = ?")
        values += cell
    return (" WHERE " + " AND ".join(parts) if parts else ""), tuple(values)


def _row(entry: CatalogueEntry) -> tuple[object, ...]:
    track, known = entry.track, entry.features
    affect = known.affect if known else None
    tempo = known.tempo if known else None
    x = y = -1
    if affect is not None and tempo is not None:
        x, y = cell_of(tempo, affect.calmness)
    return (
        track.id,
        track.uri,
        track.title,
        track.artist,
        track.album,
        track.year,
        tempo,
        known.tempo_confidence if known else 0.0,
        affect.calmness if affect else None,
        affect.calmness_se if affect else 0.0,
        known.heard if known else None,
        track.approved,
        spelled(track.title),
        spelled(track.artist) or None,
        x,
        y,
    )


def place_of(tempo: float, calmness: float) -> tuple[float, float]:
    """In the picture, each 0-1; what lies beyond its edge stands at the edge."""
    x = (tempo - SLOWEST) / (FASTEST - SLOWEST)
    return min(max(x, 0.0), 1.0), min(max(calmness, 0.0), 1.0)


def cell_of(tempo: float, calmness: float) -> tuple[int, int]:
    x, y = place_of(tempo, calmness)
    return min(int(x * COLUMNS), COLUMNS - 1), min(int(y * ROWS), ROWS - 1)


def _failed(error: sqlite3.Error) -> StoreError:
    return StoreError(f"The list of the music cannot be kept ({error}): free some space on the disk.")
