"""Workers on other machines: a Dask cluster behind the same `Executor` as the local processes."""

import logging
import re
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from typing import Any, Final

from adapters.library.pool import WorkerLostError
from player.errors import LibraryError, UsageError
from player.model import FEATURES_VERSION
from player.units import Seconds

ADDRESS: Final = re.compile(r"((tcp|tls)://)?([\w.-]+|\[[\da-fA-F:.]+\]):\d{1,5}")
CHATTER: Final = ("distributed", "distributed.client", "distributed.core", "tornado.application")
CONNECT_WITHIN: Final = Seconds(10.0)  # tuning constants
ALONE_AT_MOST: Final = Seconds(60.0)  # how long a scan waits for the last worker to come back


class Cluster(Executor):
    """The workers of one Dask scheduler.

    A worker that is killed costs nothing: Dask gives its work to others. What kills several workers one after
    another ends with `WorkerLostError`; work under way when the scheduler goes ends with `LibraryError`, for
    that is no fault of a file.
    """

    def __init__(self, address: str) -> None:
        """Raises `UsageError` for what is no address of a scheduler.

        Raises `LibraryError`, with what to do, when there is no scheduler, no worker, or no Dask.
        """
        if not ADDRESS.fullmatch(address):  # Dask would spend half a minute on it
            raise UsageError(f"--cluster {address}: write the scheduler's address, such as tcp://HOST:8786.")
        try:
            import distributed
            from distributed.scheduler import KilledWorker
        except ImportError as error:
            raise LibraryError(
                "--cluster needs Dask, which is not installed: pip install 'lull[cluster]'."
            ) from error
        untyped: Any = distributed
        if address.startswith("tls:") and not untyped.Security().get_connection_args("client")["ssl_context"]:
            raise LibraryError(
                f"The scheduler at {address} needs certificates: name them in Dask's own settings "
                "(distributed.comm.tls), or use tcp://."
            )
        for name in CHATTER:  # what it says with tracebacks is told here in a sentence
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self.address, self._killed = address, KilledWorker
        self._alone_since: float | None = None
        try:
            self._client: Any = untyped.Client(address, timeout=CONNECT_WITHIN, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise LibraryError(
                f"No Dask scheduler answers at {address}: start one (dask scheduler), or check the address."
            ) from error
        try:
            self._client.wait_for_workers(1, timeout=CONNECT_WITHIN)
            version = self._client.submit(features_version, pure=False).result(timeout=CONNECT_WITHIN)
        except TimeoutError as error:
            self._client.close()
            raise LibraryError(
                f"The scheduler at {address} has no workers: start some (dask worker {address} --nthreads 1)."
            ) from error
        except (ImportError, AttributeError, RuntimeError) as error:  # RuntimeError: the scheduler cannot
            self._client.close()
            raise LibraryError(
                f"The scheduler or the workers of {address} cannot load Lull ({error}): install the same "
                "version there."
            ) from error
        if version != FEATURES_VERSION:
            self._client.close()
            raise LibraryError(
                f"The workers of {address} have another version of Lull (features {version}, here "
                f"{FEATURES_VERSION}): install the same version everywhere."
            )
        self._executor: Executor = self._client.get_executor(pure=False)

    @property
    def width(self) -> int:
        """Jobs that run at the same time, ≥ 1."""
        return max(1, int(sum(self._client.nthreads().values())))

    def wait_for(self, workers: int) -> None:
        """Until so many have come. Raises `TimeoutError`."""
        self._client.wait_for_workers(workers, timeout=CONNECT_WITHIN)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        answer: Future[Any] = Future()

        def on_done(future: Future[Any]) -> None:
            if not answer.set_running_or_notify_cancel():
                return
            try:
                answer.set_result(future.result())
            except CancelledError as error:
                gone = self._gone()
                gone.__cause__ = error
                answer.set_exception(gone)
            except self._killed as error:
                answer.set_exception(WorkerLostError(str(error)))
            except Exception as error:  # noqa: BLE001 - handed on
                answer.set_exception(error)

        self._executor.submit(fn, *args, **kwargs).add_done_callback(on_done)
        return answer

    def check(self) -> None:
        """Raises `LibraryError` when the scheduler is gone, or has been without workers for long."""
        if self._client.status not in ("running", "connecting"):
            raise self._gone()
        if self._client.scheduler_info().get("workers"):  # nothing is known of it while reconnecting
            self._alone_since = None
            return
        self._alone_since = self._alone_since or time.monotonic()
        if time.monotonic() - self._alone_since > ALONE_AT_MOST:
            raise LibraryError(
                f"The scheduler at {self.address} has lost its workers: start some, scan again."
            )

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Lets go of the cluster; idempotent, and quiet when the cluster let go first."""
        if self._client.status != "closed":
            self._executor.shutdown(wait=wait and not cancel_futures)
            self._client.close()

    def _gone(self) -> LibraryError:
        return LibraryError(f"The scheduler at {self.address} went away: start it and scan again.")


def features_version() -> int:
    """Asked of a worker."""
    return FEATURES_VERSION
