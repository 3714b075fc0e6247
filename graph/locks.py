"""One process at a time: a lock that the system lets go of when its holder ends, however it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from graph.errors import GraphError


@contextmanager
def only_one(lock: Path, *, doing: str) -> Iterator[None]:
    """Hold the file `lock` while the block runs.

    Raises:
        GraphError: If another process holds it; the message says that it is `doing`.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(lock, timeout=0):
            yield
    except Timeout as error:
        raise GraphError(f"another process is {doing}: wait for it, then try again") from error
