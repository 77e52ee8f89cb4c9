"""The certificate that a server shows."""

from __future__ import annotations

import socket
import ssl
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stationmaster.config.checks_by_machine import CertificateCheck


def certificate_ends(check: CertificateCheck) -> datetime:
    """Return the instant until which it is good.

    :raises ssl.SSLCertVerificationError: it is not good now, or of nobody who is trusted.
    :raises OSError: the server cannot be reached, or shows none.
    """
    from cryptography import x509

    context = ssl.create_default_context()
    if not check.trusted:
        # Of an authority of the team's own: nothing is sent over this connection, only its certificate is read.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    seconds = check.timeout.total_seconds()
    with (
        socket.create_connection((check.host, check.port), timeout=seconds) as plain,
        context.wrap_socket(plain, server_hostname=check.host) as secured,
    ):
        shown = secured.getpeercert(binary_form=True)
    if shown is None:
        raise OSError("the server shows no certificate")
    return x509.load_der_x509_certificate(shown).not_valid_after_utc
