"""Start of a local day, and times as text."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def local_midnight(day: date, timezone: str) -> datetime:
    """The instant, in UTC, at which `day` starts in `timezone` (an IANA name).

    Events before a local day satisfy `timestamp < local_midnight(day, timezone)`. If clocks skip midnight,
    it is the first instant of the day.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: If the zone does not exist.
    """
    return datetime.combine(day, time.min, ZoneInfo(timezone)).astimezone(UTC)


def rfc3339(instant: datetime) -> str:
    """`instant` in UTC as RFC 3339, e.g. `2017-11-06T05:00:00Z`; with microseconds if they are not zero."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
