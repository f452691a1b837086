"""Where a worker on another machine finds the files that this one names."""

from collections.abc import Iterable
from urllib.parse import quote

from adapters.library.find import absolute
from player.errors import UsageError


class PathMap:
    """Replaces the beginning of local paths by the worker's own path, or by a URL."""

    def __init__(self, rules: Iterable[str] = ()) -> None:
        """rules: `LOCAL=REMOTE`; the longest that fits counts. Raises `UsageError`."""
        self._rules: list[tuple[str, str]] = []
        for rule in rules:
            local, equals, remote = rule.partition("=")
            if not (local and equals and remote):
                raise UsageError(f"--map {rule}: write LOCAL=REMOTE, such as /music=http://nas/music.")
            self._rules.append((absolute(local).rstrip("/") + "/", remote.rstrip("/") + "/"))
        self._rules.sort(key=lambda rule: -len(rule[0]))

    def of_worker(self, path: str) -> str:
        """The path or URL by which a worker reaches the local file `path`."""
        for local, remote in self._rules:
            if path.startswith(local):
                rest = path[len(local) :]
                return remote + (quote(rest) if "://" in remote else rest)
        return path
