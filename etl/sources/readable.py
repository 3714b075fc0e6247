"""Register names made readable: `FRZN SS PREMIUM ENTREES/DNRS/N` is no title for a shopper."""

from __future__ import annotations


def readable(name: str) -> str:
    """`name` in title case."""
    return name.title()


def compose_title(path: list[str], brand: str, package_size: str | None) -> str:
    """What the product is, whose, how much."""
    return ", ".join(
        part for part in (path[-1], brand, package_size.lower() if package_size else None) if part
    )
