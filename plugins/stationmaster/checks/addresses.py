"""An address that is asked in place of a person's look."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from stationmaster.checks.answers import judged, shown
from stationmaster.checks.finding import Finding, bad, unknown

if TYPE_CHECKING:
    from stationmaster.config.checks_by_machine import HttpCheck
    from stationmaster.work.context import Desk


def look(desk: Desk, check: HttpCheck) -> Finding:
    """Ask the address and judge its answer."""
    from stationmaster.hooks.probed_addresses import Unanswered, ask

    host = urlsplit(check.url).hostname or ""
    try:
        answered = ask(check)
    except Unanswered as error:
        return unknown(f"{host} {error}", check.url)
    if answered.status != check.status:
        return bad(f"{host} answers {answered.status}, not {check.status}", shown(answered.text))
    found = judged(answered.text, check.answer, desk.now(), source=host)
    return found._replace(evidence=f"{check.url}: {found.evidence}".rstrip(": "))
