"""Write `benchmarks/results.md`: a section a benchmark, replaced when that benchmark runs again."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).with_name("results.md")
_HEADER = "# Results\n\nWritten by the commands named in each section; run them to make the figures again.\n"


def write_section(title: str, command: str, body: Iterable[str]) -> None:
    """Replace the section `title` of the results with `body`, under the machine, commit and `command`."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else _HEADER
    start, *sections = text.split("\n## ")
    kept = [section for section in sections if section.splitlines()[0] != title]
    lines = [
        title,
        "",
        f"`{command}` · commit {commit()} · {datetime.now(UTC):%Y-%m-%d} · {machine()}",
        "",
        *body,
    ]
    kept.append("\n".join(lines).rstrip() + "\n")
    RESULTS.write_text("\n## ".join([start, *sorted(kept)]), encoding="utf-8")


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """The lines of a Markdown table."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(str(value) for value in row) + " |" for row in rows]
    return lines


def commit() -> str:
    """The short commit of the checkout, with `+` where tracked code differs from it."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", "*.py", "*.toml")
    return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")


def machine() -> str:
    """Processor, cores and memory of this machine."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].split(":", 1)[1].strip() if names else model
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"
