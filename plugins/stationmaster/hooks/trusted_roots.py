"""Whom we trust when we speak TLS, read once a process: reading it takes longer than most answers."""

from __future__ import annotations

import ssl
from functools import cache

import httpx


@cache
def trusted_roots() -> ssl.SSLContext:
    """Return the certificates that httpx trusts by itself, ``SSL_CERT_FILE`` included."""
    return httpx.create_ssl_context()
