"""Run whole commands and measure them from outside: seconds, and the largest resident memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

BUNDLEGRAPH = str(Path(sys.executable).with_name("bundlegraph"))


@dataclass(frozen=True)
class Measured:
    """One finished command."""

    seconds: float
    peak_mib: float
    """The operating system's `ru_maxrss`: the largest of the command and the children it waited for."""


def run_measured(command: Sequence[str], *, env: Mapping[str, str] | None = None) -> Measured:
    """Run `command` to its end and measure it.

    Raises:
        RuntimeError: If it does not exit with 0.
    """
    started = time.perf_counter()
    process = subprocess.Popen(command, env={**os.environ, **(env or {})}, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} exited with {process.returncode}")
    return Measured(seconds, usage.ru_maxrss / 1024)
