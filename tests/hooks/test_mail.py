"""Mail through the provider's hook and an Airflow connection, against the stand-in mail server."""

from __future__ import annotations

import socket
from datetime import UTC, datetime

import pytest

from stationmaster import clock
from stationmaster.hooks.mail import Mail
from stationmaster.hooks.mail_errors import (
    MailConnectionMissing,
    MailError,
    MailOutcomeUnknown,
    MailRefused,
    MailUnreachable,
)
from stationmaster.rehearsal.mail.standin import Mailbox, MailFault, serve_mail
from tests.handoffs.monday import smtp_connection

NOW = datetime(2021, 10, 25, 16, tzinfo=UTC)
TO = "farah.haddad@cellxgene.example"


@pytest.fixture
def mailbox(monkeypatch):
    box = Mailbox(clock=lambda: NOW)
    with serve_mail(box) as port:
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", smtp_connection(port))
        yield box


def send(key="cellxgene.oncall/2021-10-25T16:00Z/tell/primary/farah/mail"):
    Mail().send(TO, "Du bist dran: Müller", "<p>Hallo</p>\n.\n..ein Punkt", key=key)


def test_c06_a_mail_arrives_whole_with_its_key(mailbox):
    send()
    (mail,) = mailbox.mails
    assert mail.recipients == (TO,)
    assert mail.sender == "stationmaster@station.example"
    assert mail.subject == "Du bist dran: Müller"
    assert mail.text.split() == ["<p>Hallo</p>", ".", "..ein", "Punkt"]
    assert mail.key.endswith("/tell/primary/farah/mail")
    assert mail.at == NOW


@pytest.mark.parametrize(
    ("kind", "error", "sent"),
    [
        ("busy", MailUnreachable, 0),
        ("refused", MailRefused, 0),
        ("lost_before", MailOutcomeUnknown, 0),
        ("lost_after", MailOutcomeUnknown, 1),
    ],
)
def test_f04_each_failure_says_whether_the_mail_may_be_on_its_way(mailbox, kind, error, sent):
    mailbox.script(MailFault(kind=kind))
    with pytest.raises(error) as caught:
        send()
    assert caught.value.outcome_unknown is (error is MailOutcomeUnknown)
    assert len(mailbox.mails) == sent


def test_f04_the_hooks_own_repeats_are_switched_off(mailbox):
    """The provider's hook sends up to six times by itself: of a lost answer it would make six mails."""
    mailbox.script(MailFault(kind="lost_after", times=10))
    with pytest.raises(MailOutcomeUnknown):
        send()
    assert len(mailbox.mails) == 1


def test_nobody_listening_is_unreachable(monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", smtp_connection(port))
    with pytest.raises(MailUnreachable, match="does not answer"):
        send()


@pytest.mark.parametrize("use", [send, lambda: Mail().check()])
def test_a_connection_that_is_missing_or_incomplete_is_named_with_the_way_out(mailbox, monkeypatch, use):
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", smtp_connection(1))
    monkeypatch.delenv("AIRFLOW_CONN_SMTP_DEFAULT")
    with pytest.raises(MailConnectionMissing, match="smtp_default cannot be used for mail"):
        use()


def test_a_connection_without_a_sender_is_refused_before_anything_is_sent(mailbox, monkeypatch):
    with serve_mail(mailbox) as port:
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", smtp_connection(port, from_email=""))
        with pytest.raises(MailConnectionMissing, match="from_email"):
            send()
    assert mailbox.mails == ()


def test_a_look_at_the_connection_sends_nothing(mailbox):
    Mail().check()
    assert mailbox.mails == ()


def test_a_rehearsal_speaks_to_a_stand_in_only(mailbox, monkeypatch, tmp_path):
    face = tmp_path / "clock.json"
    clock.set_virtual(face, NOW)
    monkeypatch.setenv(clock.CLOCK_FILE_VARIABLE, str(face))
    send()
    assert len(mailbox.mails) == 1
    value = smtp_connection(25).replace("127.0.0.1", "mail.cellxgene.example")
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", value)
    with pytest.raises(MailConnectionMissing, match="stand-in only"):
        send()


def test_f74_no_password_in_what_is_said(monkeypatch):
    value = smtp_connection(1).replace('"conn_type"', '"login": "me", "password": "s3cr3t-s3cr3t", "conn_type"')
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", value)
    with pytest.raises(MailError) as caught:
        send()
    assert "s3cr3t" not in str(caught.value)
