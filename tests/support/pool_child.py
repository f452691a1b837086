"""Starts a worker, prints its process id, keeps it busy with the path in its argument: to be killed."""

import sys

from adapters.library.pool import Workers
from tests.support.jobs import act, describe


def main() -> None:
    workers = Workers()
    ((_, answer),) = workers.run(describe, ["x"])
    assert isinstance(answer, tuple)
    sys.stdout.write(f"{answer[0]}\n")
    sys.stdout.flush()
    for _ in workers.run(act, [sys.argv[1]]):
        pass


if __name__ == "__main__":
    main()
