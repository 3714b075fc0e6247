"""Local days: where a day of the shop begins, as an instant."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def local_midnight(day: date, timezone: str) -> datetime:
    """The instant, in UTC, at which `day` begins in `timezone` (an IANA name).

    A cut by local day is `timestamp < local_midnight(day, timezone)`. Where clocks skip midnight, it is the
    first instant of the day.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: If there is no such zone.
    """
    return datetime.combine(day, time.min, ZoneInfo(timezone)).astimezone(UTC)


def rfc3339(instant: datetime) -> str:
    """`instant` in UTC, as RFC 3339 writes it: `2017-11-06T05:00:00Z`, with microseconds where it has any."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
