"""Which track a file is, whatever its name and tags say (DESIGN section 4)."""

from hashlib import blake2b
from pathlib import Path
from typing import Final

from av.audio.stream import AudioStream
from av.packet import Packet
from mutagen import MutagenError
from mutagen.mp3 import BitrateMode, MPEGInfo

from adapters.decode.av import is_url
from adapters.decode.native import NativeSource
from adapters.library import stall
from player.errors import DecodeError
from player.model import TrackId
from player.units import Seconds

HASHED: Final = 60  # s of encoded packets
SIGN_OF_LIFE: Final = 1_000  # packets: those of ten hours can take long to come over a slow network
RAW_FORMATS: Final = (
    "mp3",
    "aac",
)  # without an index FFmpeg guesses their duration from the size, tags included


class Fingerprint:
    """The track's id and duration, from its packets in order: BLAKE2b-128 over the first 60 s of encoded
    packets of the first sound stream, codec, and whole seconds of duration.
    """

    def __init__(self, source: NativeSource) -> None:
        self._source = source
        self._digest = blake2b(digest_size=16)
        self._count_all = source.kind in RAW_FORMATS and not is_url(source.uri) and not _has_index(source.uri)
        self._first: int | None = None
        self._end = 0.0  # s, of the last packet

    def take(self, packet: "Packet[AudioStream]") -> bool:
        """The next packet; whether more are wanted."""
        if packet.size == 0:
            return False
        begin = packet.dts if packet.dts is not None else packet.pts
        if begin is not None:
            self._first = begin if self._first is None else self._first
            self._end = (begin - self._first) * self._source.time_base
        if self._end < HASHED:
            self._digest.update(packet)
        elif not self._count_all:
            return False
        self._end += (packet.duration or 0) * self._source.time_base
        return True

    def read(self) -> tuple[TrackId, Seconds]:
        """Reads on as far as needed, without decoding. Raises `DecodeError`."""
        for number, packet in enumerate(self._source.packets()):
            if not self.take(packet):
                break
            if number % SIGN_OF_LIFE == 0:
                stall.alive()
        return self.result()

    def result(self) -> tuple[TrackId, Seconds]:
        """Once all packets, or at least those needed, were taken. Raises `DecodeError`."""
        if self._end <= 0:
            problem = "holds no sound that can be decoded: replace or remove it."
            raise DecodeError(self._source.uri, problem)
        length = self._end if self._count_all else self._source.duration
        digest = self._digest.copy()
        digest.update(f"{self._source.codec} {int(length)}".encode())
        return digest.hexdigest(), Seconds(length)


def identify(path: str) -> tuple[TrackId, Seconds]:
    """The track's id and its duration (DESIGN section 4), by reading packets without decoding them.

    Raises `DecodeError` with a sentence for people.
    """
    with NativeSource(path) as source:
        return Fingerprint(source).read()


def _has_index(path: str) -> bool:
    """Whether an MP3 begins with a Xing, Info or VBRI header, which counts its frames."""
    try:
        with Path(path).open("rb") as file:
            return MPEGInfo(file).bitrate_mode is not BitrateMode.UNKNOWN
    except MutagenError:
        return False
