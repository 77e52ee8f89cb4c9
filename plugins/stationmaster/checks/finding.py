"""What a check found."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """What a check found, in words for whoever reads it.

    :param ok: None says that it could not be told: a person is asked then, as if it were bad.
    :param sentence: one plain sentence, without the full stop; text from outside stands in it as it came, on one line.
    :param evidence: what it was seen by: an address, or what was measured.
    """

    ok: bool | None
    sentence: str
    evidence: str = ""


def fine(sentence: str, evidence: str = "") -> Finding:
    """Return a finding with which nobody need be asked."""
    return Finding(True, sentence, evidence)


def bad(sentence: str, evidence: str = "") -> Finding:
    """Return a finding that is somebody's work."""
    return Finding(False, sentence, evidence)


def unknown(sentence: str, evidence: str = "") -> Finding:
    """Return the finding of a check that could not tell: it is never taken for a good one."""
    return Finding(None, sentence, evidence)
