"""Files of a form, as they come over the wire: nothing of them is held but the piece that was just read."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.exceptions import HTTPException
from starlette.requests import Request

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

PATIENCE: Final = 60.0  # s for the next bytes: who stops sending holds nobody up
MOST_FILES: Final = 500
MOST_HEADERS: Final = 8_192  # bytes


class Begin(str):
    """The file name as it was sent."""

    __slots__ = ()


class End:
    pass


class Upload:
    """`async for name, chunks in Upload(request).files()`.

    Raises `HTTPException` for what is no such form, and for one that breaks off.
    """

    def __init__(self, request: Request) -> None:
        kind, options = parse_options_header(request.headers.get("content-type", ""))
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not boundary:
            raise HTTPException(400, "bad-value")
        self._stream = request.stream()
        self._events: deque[Begin | bytes | End] = deque()
        self._field, self._value, self._headers = b"", b"", {b"": b""}
        self._size = 0
        self._is_file = False
        callbacks: MultipartCallbacks = {
            "on_part_begin": self._on_part_begin,
            "on_part_data": self._on_part_data,
            "on_part_end": self._on_part_end,
            "on_header_field": self._on_header_field,
            "on_header_value": self._on_header_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers_finished,
        }
        try:
            self._parser = MultipartParser(boundary, callbacks)
        except FormParserError as error:  # a boundary longer than any browser's
            raise HTTPException(400, "bad-value") from error

    async def files(self) -> AsyncIterator[tuple[str, AsyncIterator[bytes]]]:
        count = 0
        while (event := await self._next()) is not None:
            if not isinstance(event, Begin):
                continue
            count += 1
            if count > MOST_FILES:
                raise HTTPException(413, "too-large")
            chunks = self._chunks()
            yield event, chunks
            async for _rest in chunks:  # of a file that was refused half way
                pass

    async def _chunks(self) -> AsyncIterator[bytes]:
        while (event := await self._next()) is not None:
            if isinstance(event, End):
                return
            if isinstance(event, bytes):
                yield event
        raise HTTPException(400, "bad-value")  # broke off

    async def _next(self) -> Begin | bytes | End | None:
        while not self._events:
            try:
                async with asyncio.timeout(PATIENCE):
                    chunk = await anext(self._stream, None)
            except TimeoutError as error:
                raise HTTPException(408, "too-slow") from error
            if chunk is None:
                return None
            try:
                self._parser.write(chunk)
            except FormParserError as error:
                raise HTTPException(400, "bad-value") from error
        return self._events.popleft()

    # --- from the parser ----------------------------------------------------------------------------------

    def _on_part_begin(self) -> None:
        self._headers, self._size = {}, 0
        self._field = self._value = b""

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += self._bounded(data[start:end])

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += self._bounded(data[start:end])

    def _bounded(self, data: bytes) -> bytes:
        self._size += len(data)
        if self._size > MOST_HEADERS:
            raise HTTPException(400, "bad-value")
        return data

    def _on_header_end(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field = self._value = b""

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"filename")
        self._is_file = bool(name)  # "" is the field of a form in which nothing was chosen
        if name:
            self._events.append(Begin(name.decode(errors="replace")))

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._events.append(bytes(data[start:end]))

    def _on_part_end(self) -> None:
        if self._is_file:
            self._events.append(End())
