"""How people name a commit or a manifest: by the first digits of its hash."""

from __future__ import annotations

DIGITS = 8
"""How many of them are shown, and at least wanted."""


def short(known: str) -> str:
    """Return the digits by which people name a hash."""
    return known[:DIGITS]


def names(written: str, known: str) -> bool:
    """Return whether what somebody wrote names the hash ``known``: its first digits, in any case, quoted or not."""
    digits = written.strip().strip("`").lower()
    return len(digits) >= DIGITS and known.startswith(digits)
