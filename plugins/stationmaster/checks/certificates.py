"""The certificate that a server shows, and how long it is still good."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from stationmaster.checks.finding import Finding, bad, fine, unknown
from stationmaster.config.fields import in_words
from stationmaster.core.instants import local_text
from stationmaster.hooks.patience import TookTooLong, within
from stationmaster.hooks.rehearsed_hosts import forbidden
from stationmaster.hooks.shown_certificates import certificate_ends

if TYPE_CHECKING:
    from stationmaster.config.checks_by_machine import CertificateCheck
    from stationmaster.work.context import Desk


def look(desk: Desk, check: CertificateCheck) -> Finding:
    """Connect, read the certificate, and judge when it ends."""
    where = f"{check.host}:{check.port}"
    if forbidden(check.host):
        return unknown(f"{where} is not asked in a rehearsal: it is no stand-in")
    try:
        ends = within(check.timeout, lambda: certificate_ends(check))
    except TookTooLong:
        return unknown(f"{where} did not answer within {in_words(check.timeout)}")
    except ssl.SSLCertVerificationError as error:
        return bad(f"the certificate of {where} is not good: {error.verify_message or error.reason}")
    except OSError as error:
        return unknown(f"{where} cannot be reached: {type(error).__name__}")
    left, evidence = ends - desk.now(), f"good until {local_text(ends)}"
    if left < check.left:
        days = left.days
        when = f"ends in {days} days" if days > 0 else "ends today" if days == 0 else "has ended"
        return bad(f"the certificate of {where} {when}", evidence)
    return fine(f"the certificate of {where} is good for {left.days} days more", evidence)
