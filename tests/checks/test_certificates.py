"""The certificate that a server shows (T-16)."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stationmaster.checks import run
from stationmaster.config.checks_by_machine import CertificateCheck
from tests.work.office import Office


def _pair(folder: Path, ends: datetime) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(ends - timedelta(days=400))
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "cert.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return certificate, secret


@contextmanager
def _server(pair: tuple[Path, Path] | None) -> Iterator[int]:
    """Answer TLS with a certificate; without one say nothing at all."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def answer() -> None:
        while not over.is_set():
            with suppress(OSError):
                plain, _ = listener.accept()
                if pair is None:
                    over.wait(5)
                    plain.close()
                    continue
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*pair)
                with suppress(ssl.SSLError), context.wrap_socket(plain, server_side=True):
                    pass

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(6)


def _look(office: Office, port: int, **how: Any) -> Any:
    check = CertificateCheck.model_validate(
        {"kind": "certificate", "host": "127.0.0.1", "port": port, "timeout": "2s", "trusted": False, **how}
    )
    return run(office.desk(), check, "a chore")


@pytest.mark.parametrize(
    ("days", "ok", "says"), [(90, True, "good for 90 days"), (20, False, "ends in 20 days"), (-3, False, "has ended")]
)
def test_t16_a_certificate_that_ends_soon_is_somebodys_work(office, tmp_path, days, ok, says) -> None:
    with _server(_pair(tmp_path, office.clock() + timedelta(days=days, hours=1))) as port:
        found = _look(office, port)
    assert found.ok is ok
    assert says in found.sentence


def test_t16_a_certificate_that_nobody_trusts_is_bad(office, tmp_path) -> None:
    with _server(_pair(tmp_path, office.clock() + timedelta(days=90))) as port:
        assert _look(office, port, trusted=True).ok is False


def test_t16_a_server_that_says_nothing_tells_nothing(office) -> None:
    with _server(None) as port:
        found = _look(office, port, timeout="1s")
    assert found.ok is None
    assert _look(office, 9).ok is None
