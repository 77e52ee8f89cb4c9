from __future__ import annotations

from collections.abc import Iterator

import pytest

from stationmaster.ledger import Ledger
from stationmaster.rehearsal.mail.standin import Mailbox, serve_mail
from tests.departures.conftest import boards, ledger
from tests.departures.week import HandClock, Switchboard
from tests.handoffs.monday import MONDAY, Monday, new_monday, smtp_connection

__all__ = ["boards", "ledger"]


@pytest.fixture
def monday(
    boards: tuple[Switchboard, Switchboard], ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Monday]:
    clock = HandClock(MONDAY)
    mailbox = Mailbox(clock=clock)
    with serve_mail(mailbox) as port:
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", smtp_connection(port))
        yield new_monday(boards[1], ledger, mailbox, clock)
