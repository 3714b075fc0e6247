"""A file lock that one process at a time can hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from etl.errors import StageError


@contextmanager
def exclusive_lock(file: Path, *, busy: StageError) -> Iterator[None]:
    """Hold the lock `file` while the block runs; the system releases it even if the process is killed.

    Args:
        file: The lock file. Missing folders are created.
        busy: The error to raise when somebody else holds the lock.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(file, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise busy from error
    try:
        yield
    finally:
        lock.release()
