"""The catalogue as one Parquet file: a row for each analysed track, for many libraries side by side."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any, Final

from msgspec import structs

from adapters.library.report import FeatureReport, TrackReport, feature_report, track_report
from player.errors import LibraryError
from player.model import CatalogueEntry

ROWS: Final = 5_000  # a row group: memory stays bounded for a catalogue of any size
NESTED: Final = ("tempo_candidates", "sections")  # have no place in a flat row
PITCH_CLASSES: Final = 12
TYPES: Final = {int: "int32", float: "float64", str: "string"}


def require_parquet(path: Path) -> None:
    """Raises `LibraryError` when the library that writes Parquet, or the folder for it, is not there."""
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise LibraryError(
            "--export needs pyarrow, which is not installed: pip install 'lull[parquet]'."
        ) from error
    if path.is_dir():
        raise LibraryError(f"{path} cannot be written (it is a folder): name a file in it.")
    if not path.absolute().parent.is_dir():
        raise LibraryError(f"{path} cannot be written (there is no such folder): name another file.")


def export(entries: Iterable[CatalogueEntry], path: Path) -> int:
    """Write all analysed tracks to `path`, whole or not at all; returns how many.

    Columns are named as in `lull analyze --json`, with `chroma_0` (C) to `chroma_11`; what could not be
    measured is null. Raises `LibraryError`.
    """
    require_parquet(path)
    import pyarrow
    import pyarrow.parquet

    untyped: Any = pyarrow
    schema = untyped.schema([(name, TYPES[kind]) for name, kind in _columns().items()])
    rows = (_row(entry) for entry in entries)
    count = 0
    part = path.with_name(path.name + ".part")
    try:
        # a file of ours: pyarrow takes no name with bytes that are no UTF-8
        with (
            part.open("wb") as file,
            untyped.parquet.ParquetWriter(file, schema, compression="zstd") as writer,
        ):
            while group := list(islice(rows, ROWS)):
                writer.write_table(untyped.Table.from_pylist(group, schema=schema))
                count += len(group)
        part.replace(path)
    except OSError as error:
        raise LibraryError(
            f"{path} cannot be written ({error.strerror or error}): name another file."
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return count


def _columns() -> dict[str, type]:
    columns: dict[str, type] = {}
    for kind in (TrackReport, FeatureReport):
        for field in structs.fields(kind):
            if field.name == "chroma":
                columns.update({f"chroma_{tone}": float for tone in range(PITCH_CLASSES)})
            elif field.name not in NESTED:
                columns[field.name] = _scalar(field.type)
    return columns


def _scalar(annotation: Any) -> type:
    """The type of a column out of `X` or `X | None`."""
    kinds: tuple[type, ...] = getattr(annotation, "__args__", (annotation,))
    return next(kind for kind in kinds if kind in TYPES)


def _row(entry: CatalogueEntry) -> dict[str, Any]:
    if entry.features is None:
        raise ValueError(f"{entry.track.id} is not analysed")
    row = structs.asdict(track_report(entry.track)) | structs.asdict(feature_report(entry.features))
    chroma = row.pop("chroma")
    row.update((f"chroma_{tone}", share) for tone, share in enumerate(chroma))
    return {name: value for name, value in row.items() if name not in NESTED}
