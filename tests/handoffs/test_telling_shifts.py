"""Whoever comes on call is told so, by each way once, whatever becomes of Slack and of the mail server (C-06)."""

from __future__ import annotations

import pytest

from stationmaster.handoffs.telling import tell
from stationmaster.ledger.records import EffectState
from tests.handoffs.monday import HANDOFF

LINKS = [("runbook on-call", "http://airflow.example/dags/cellxgene.oncall.handoff")]


def test_c06_slack_and_mail_tell_role_span_ladder_and_runbook(monday):
    """C-06, C-33."""
    told = tell(monday.desk(), monday.handoff, "primary", LINKS)
    assert told.blockers == ()
    assert monday.texts() == [
        ":telephone_receiver: <@U31FARAH0>: you are *primary* of *cellxgene on call* "
        "from Mon 25 Oct 2021 09:00 PDT until Mon 1 Nov 2021 09:00 PDT.\n"
        "• Unless you acknowledge within 10 minutes, Chiara Rossi (secondary) is told.\n"
        "• Unless Chiara Rossi acknowledges within 30 minutes, Jules Whitaker (tertiary) is told.\n"
        "Read: <http://airflow.example/dags/cellxgene.oncall.handoff|runbook on-call>"
    ]
    (mail,) = monday.mailbox.mails
    assert mail.recipients == ("farah.haddad@cellxgene.example",)
    assert mail.sender == "stationmaster@station.example"
    assert mail.subject == "You are primary of cellxgene on call until Mon 1 Nov 2021 09:00 PDT"
    assert "Chiara Rossi (secondary)" in mail.text
    assert 'href="http://airflow.example/dags/cellxgene.oncall.handoff"' in mail.text
    assert mail.key == f"{HANDOFF}/tell/primary/farah/mail"


@pytest.mark.parametrize(
    ("role", "person", "ladder"),
    [
        ("secondary", "U15CHIARA", "Unless you acknowledge within 30 minutes, Jules Whitaker (tertiary) is told."),
        ("tertiary", "U40JULESW", "Nobody is told after you: you are the last of the escalation."),
    ],
)
def test_c33_each_role_hears_who_is_next(monday, role, person, ladder):
    tell(monday.desk(), monday.handoff, role, ())
    (text,) = monday.texts()
    assert text.startswith(f":telephone_receiver: <@{person}>: you are *{role}*")
    assert ladder in text


def test_who_works_in_another_zone_reads_the_end_in_theirs(monday):
    tell(monday.desk(), monday.handoff, "secondary", ())
    assert "(for you until Mon 1 Nov 2021 12:00 EDT)" in monday.texts()[0]


def test_c06_nobody_is_told_twice(monday):
    for _ in range(3):
        assert tell(monday.desk(), monday.handoff, "primary", LINKS).blockers == ()
    assert (len(monday.texts()), len(monday.mailbox.mails)) == (1, 1)


def test_who_takes_the_shift_over_is_told_too(monday):
    tell(monday.desk(), monday.handoff, "primary", ())
    members = monday.team.roster["oncall"].members
    swapped = {"farah": "ivan", "ivan": "farah"}
    monday.edit(members=tuple(tuple(swapped.get(name, name) for name in slot) for slot in members))
    tell(monday.desk(), monday.handoff, "primary", ())
    assert ["<@U31FARAH0>" in text for text in monday.texts()] == [True, False]
    assert "<@U43IVANCA>" in monday.texts()[1]


def test_f04_a_message_whose_answer_was_lost_is_found_and_not_said_again(monday):
    monday.slack_fault("server_error_after")
    told = tell(monday.desk(), monday.handoff, "primary", ())
    assert told.blockers == ()
    assert len(monday.texts()) == 1
    assert monday.ledger.effect(f"{HANDOFF}/tell/primary/farah/slack").state is EffectState.ADOPTED


def test_f60_slack_out_of_reach_holds_up_no_mail_and_is_made_good(monday):
    monday.slack_fault("server_error_before", times=100, method="*")
    told = tell(monday.desk(), monday.handoff, "primary", ())
    assert [found.code for found in told.blockers] == ["SLACK_UNREACHABLE"]
    assert told.blockers[0].who == ("farah",)
    assert len(monday.mailbox.mails) == 1
    monday.slack.faults.clear()
    monday.clock.move(minutes=1)
    assert tell(monday.desk(), monday.handoff, "primary", ()).blockers == ()
    assert (len(monday.texts()), len(monday.mailbox.mails)) == (1, 1)


@pytest.mark.parametrize("kind", ["busy", "refused"])
def test_a_mail_that_was_refused_is_sent_later(monday, kind):
    monday.mail_fault(kind)
    told = tell(monday.desk(), monday.handoff, "primary", ())
    assert [found.code for found in told.blockers] == ["MAIL_UNSENT"]
    assert monday.mailbox.mails == ()
    assert tell(monday.desk(), monday.handoff, "primary", ()).blockers == ()
    assert len(monday.mailbox.mails) == 1


@pytest.mark.parametrize(("kind", "sent"), [("lost_after", 1), ("lost_before", 0)])
def test_f04_a_mail_whose_outcome_is_unknown_is_never_sent_again(monday, kind, sent):
    monday.mail_fault(kind)
    for _ in range(3):
        told = tell(monday.desk(), monday.handoff, "primary", ())
        assert [found.code for found in told.blockers] == ["AMBIGUOUS_EFFECT"]
        monday.clock.move(minutes=5)
    assert len(monday.mailbox.mails) == sent
    key = f"{HANDOFF}/tell/primary/farah/mail"
    assert monday.ledger.effect(key).state is EffectState.AMBIGUOUS
    monday.ledger.settle(key, {"to": "seen"}, "farah", "it is in my mailbox", monday.clock())
    assert tell(monday.desk(), monday.handoff, "primary", ()).blockers == ()
    assert len(monday.mailbox.mails) == sent


def test_a_missing_mail_connection_is_named(monday, monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_SMTP_DEFAULT")
    (found,) = tell(monday.desk(), monday.handoff, "primary", ()).blockers
    assert found.code == "CONNECTION_MISSING"
    assert "smtp_default" in found.sentence


def test_without_mail_in_the_file_only_slack_tells(monday):
    notices = monday.team.roster["oncall"].notices
    monday.edit(notices=notices.model_copy(update={"mail": False}))
    told = tell(monday.desk(), monday.handoff, "primary", ())
    assert (told.mail, told.blockers, monday.mailbox.mails) == (None, (), ())


def test_f65_a_name_can_neither_ping_the_channel_nor_open_a_tag(monday):
    monday.edit(title="on <!channel> call <b>")
    tell(monday.desk(), monday.handoff, "primary", ())
    assert "<!channel>" not in monday.texts()[0]
    assert "<!channel>" not in monday.mailbox.mails[0].text
    assert "call <b>" not in monday.mailbox.mails[0].text
