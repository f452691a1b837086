"""One root error, one subclass per room. The cause stands in attributes; the text says what to do."""


class LullError(Exception):
    """Root of every error that Lull names. `str()` is one sentence: what happened, where, what to do."""


class SettingsError(LullError):
    """A setting that cannot be used.

    Attributes: file, line (1-based, 0 when unknown), key (dotted path), problem.
    """

    def __init__(self, problem: str, *, key: str = "", file: str = "", line: int = 0) -> None:
        where = ":".join(str(part) for part in (file, line) if part)
        super().__init__(": ".join(part for part in (where, key, problem) if part))
        self.file, self.line, self.key, self.problem = file, line, key, problem


class UsageError(LullError):
    """Words on the command line that cannot be followed."""


class AnalysisError(LullError):
    """Audio that cannot be analysed (wrong shape, rate or version of features)."""


class MixingError(LullError):
    """A mix command that cannot be carried out (unknown deck, nothing loaded)."""


class SelectionError(LullError):
    """A selection that cannot be made (unknown policy)."""


class DecodeError(LullError):
    """A source that cannot be decoded. Attributes: uri, problem."""

    def __init__(self, uri: str, problem: str) -> None:
        super().__init__(f"{uri}: {problem}")
        self.uri, self.problem = uri, problem


class OutputError(LullError):
    """A sound device that cannot be opened or has gone. Attributes: device, problem."""

    def __init__(self, device: str, problem: str) -> None:
        super().__init__(f"audio device {device!r}: {problem}")
        self.device, self.problem = device, problem


class MqttError(LullError):
    """The broker cannot be reached or refuses us."""


class PayloadError(MqttError):
    """A message that cannot be used. Attributes: topic, reason (a short fixed word for counting)."""

    def __init__(self, topic: str, reason: str, detail: str = "") -> None:
        super().__init__(f"{topic}: {reason}" + (f" ({detail})" if detail else ""))
        self.topic, self.reason, self.detail = topic, reason, detail


class DirectError(LullError):
    """A device on this board that is away or cannot work. Attributes: lasting (it is no use to try again)."""

    def __init__(self, problem: str, *, lasting: bool = False) -> None:
        super().__init__(problem)
        self.lasting = lasting


class LibraryError(LullError):
    """A music folder that cannot be read."""


class StoreError(LullError):
    """The database cannot be opened or written."""


class NewerStoreError(StoreError):
    """The database was written by a newer Lull."""


class AlreadyRunningError(LullError):
    """Another Lull holds this data folder. Attributes: pid."""

    def __init__(self, data: str, pid: int) -> None:
        super().__init__(
            f"Lull is already running on {data} (process {pid}): "
            "stop it first, or use another `data:` folder."
        )
        self.data, self.pid = data, pid
