"""The stand-in mail server as the standard library's client and a browser see it."""

from __future__ import annotations

import smtplib
from datetime import UTC, datetime
from email.message import EmailMessage

import httpx
import pytest

from stationmaster.rehearsal.mail.standin import Mailbox, serve_mail
from stationmaster.rehearsal.serving import serve
from stationmaster.rehearsal.slack import standin as slack_standin
from stationmaster.rehearsal.slack.world import SlackWorld

NOW = datetime(2021, 10, 25, 16, tzinfo=UTC)


@pytest.fixture
def mailbox():
    return Mailbox(clock=lambda: NOW)


@pytest.fixture
def client(mailbox):
    with serve_mail(mailbox) as port, smtplib.SMTP("127.0.0.1", port, timeout=5) as session:
        yield session


@pytest.fixture
def page(mailbox):
    app = slack_standin.create_app(SlackWorld(clock=lambda: NOW), mailbox=mailbox)
    with serve(app) as base, httpx.Client(base_url=base, trust_env=False) as browser:
        yield browser


def message(text="Hello"):
    found = EmailMessage()
    found["Subject"], found["From"], found["To"] = "On call", "a@station.example", "b@station.example"
    found.set_content(text)
    return found


def test_several_mails_in_one_session(mailbox, client):
    for text in ("one", "two\n..\n.three"):
        client.send_message(message(text))
    assert [mail.text.strip().replace("\r\n", "\n") for mail in mailbox.mails] == ["one", "two\n..\n.three"]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("NOOP", 250),
        ("RSET", 250),
        ("HELO me", 250),
        ("DATA", 503),
        ("RCPT TO:<b@station.example>", 503),
        ("VRFY root", 502),
    ],
)
def test_commands_out_of_turn(client, command, code):
    client.ehlo()
    assert client.docmd(command)[0] == code


def test_a_reset_forgets_the_mail_that_was_begun(mailbox, client):
    client.ehlo()
    client.mail("a@station.example")
    client.rcpt("b@station.example")
    client.rset()
    assert client.docmd("DATA")[0] == 503
    client.send_message(message())
    assert [mail.recipients for mail in mailbox.mails] == [("b@station.example",)]


def test_the_mails_are_shown_and_faults_scripted_over_http(mailbox, client, page):
    client.send_message(message())
    (mail,) = page.get("/_control/mail").raise_for_status().json()["mails"]
    assert (mail["subject"], mail["recipients"], mail["at"]) == (
        "On call",
        ["b@station.example"],
        "2021-10-25T16:00:00Z",
    )
    page.post("/_control/mail/faults", json={"kind": "refused", "times": 2}).raise_for_status()
    assert mailbox.fault() == "refused"
    page.delete("/_control/mail/faults").raise_for_status()
    assert mailbox.fault() is None
    assert page.post("/_control/mail/faults", json={"kind": "eaten"}).status_code == 422


def test_no_page_from_elsewhere_reads_the_mails(page):
    for request in (("GET", "/_control/mail"), ("POST", "/_control/mail/faults"), ("DELETE", "/_control/mail/faults")):
        answer = page.request(*request, headers={"origin": "http://elsewhere.example"})
        assert answer.status_code == 403
