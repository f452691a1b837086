"""Types of the fixture `lull`."""

from collections.abc import Callable

Lull = Callable[..., tuple[int, str, str]]  # arguments → exit code, standard output, standard error
