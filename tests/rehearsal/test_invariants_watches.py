"""Each invariant of the watches and of the log, and each fault that breaks it (C-26, C-30, N-08)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stationmaster.rehearsal.cast_alerts import Lit
from stationmaster.rehearsal.evidence import Evidence
from stationmaster.rehearsal.evidence_duty import DutyScript
from stationmaster.rehearsal.invariants import judge
from stationmaster.rehearsal.invariants_duty import LOGGED, PUBLISHED, TAGGED, TOLD_AT_WORK
from stationmaster.rehearsal.invariants_watches import (
    told_out_of_hours,
    undecided_alerts,
    unlogged,
    unpublished,
    untagged_questions,
)
from tests.rehearsal.duty_week import ASKED_AT, TAG, account, chores, fact, incident, said, team, watched, written

TEAMS = {"dre": team()}
DUE = ASKED_AT + timedelta(minutes=45)
MENTION = f"<@{account('anouk')}>"


def tagged(*tags) -> Evidence:
    return watched()._replace(messages=tags)


def test_c26_a_good_week_breaks_nothing():
    for found in (untagged_questions, told_out_of_hours, unlogged, unpublished):
        assert list(found(watched(), TEAMS)) == []


@pytest.mark.parametrize(
    ("evidence", "word"),
    [
        (tagged(), "tagged 0 times"),
        (tagged(said(TAG, DUE, MENTION), said(TAG, DUE, MENTION)), "tagged 2 times"),
        (tagged(said(TAG, DUE - timedelta(minutes=1), MENTION)), "due at"),
        (tagged(said(TAG, DUE + timedelta(hours=1), MENTION)), "due at"),
        (tagged(said(TAG, DUE, "<@U0SOMEBODY>")), "on call was anouk"),
    ],
)
def test_c26_a_question_that_is_tagged_as_it_should_not_be_is_found(evidence, word):
    assert any(word in found for found in untagged_questions(evidence, TEAMS))


def test_c26_a_question_that_was_answered_at_once_is_not_to_be_tagged():
    quick = watched().duty.questions[1]
    tag = said(f"dre.watch/question/{quick.channel}/{quick.ts}/tag", quick.at + timedelta(minutes=45), MENTION)
    found = list(untagged_questions(tagged(*watched().messages, tag), TEAMS))
    assert any("tagged 1 times" in each for each in found)


def test_c26_only_the_hours_of_the_watch_count():
    friday = datetime(2024, 3, 15, 16, 40, tzinfo=UTC)  # 17:40 in Zurich; it closes at 18:00
    question = watched().duty.questions[0]._replace(at=friday)
    evidence = watched()._replace(duty=watched().duty._replace(questions=(question,)))
    monday = datetime(2024, 3, 18, 8, 25, tzinfo=UTC)
    late = evidence._replace(messages=(said(TAG, monday, f"<@{account('bojan')}>"),))
    assert list(untagged_questions(late, TEAMS)) == []
    assert any("due at" in each for each in untagged_questions(evidence, TEAMS))


def test_n08_a_word_at_night_is_found():
    night = said("dre.watch/alerts/x", datetime(2024, 3, 12, 1, 0, tzinfo=UTC))
    assert any("nothing is watched" in found for found in told_out_of_hours(tagged(night), TEAMS))


@pytest.mark.parametrize("missing", [0, 1])
def test_c30_what_is_not_in_the_log_is_found(missing):
    audit = tuple(entry for place, entry in enumerate(watched().audit) if place != missing)
    assert any("stands 0 times" in found for found in unlogged(watched()._replace(audit=audit), TEAMS))


def test_c30_what_stands_twice_is_found():
    audit = (*watched().audit, watched().audit[0])
    assert any("stands 2 times" in found for found in unlogged(watched()._replace(audit=audit), TEAMS))


def test_c30_the_log_names_each_chore_and_each_turn_of_an_incident():
    for evidence, count in ((chores(), 2), (incident(), 3)):
        assert len(list(unlogged(evidence, TEAMS))) == count
        told = tuple(
            written(f"{entry.at:%Y-%m-%d}", entry.at, "told", entry.subject)
            for entry in evidence.audit
            if entry.body["kind"] in ("ended", "opened", "acknowledged", "resolved")
        )
        assert list(unlogged(evidence._replace(audit=(*evidence.audit, *told)), TEAMS)) == []


FIRED = datetime(2024, 3, 14, 1, 10, tzinfo=UTC)
OPENED = datetime(2024, 3, 14, 8, 0, tzinfo=UTC)
"""Thursday, 09:00 in Zurich."""
MARKED = fact("dre.watch/questions/2024-03", "decided", OPENED + timedelta(minutes=10), "anouk", "key", decision="act")


def alerted(*tolds, audit=(MARKED,)) -> Evidence:
    lit = Lit("dre", "questions", FIRED, "ClusterIsUnstable")
    return Evidence(messages=tolds, audit=audit, duty=DutyScript(lit=(lit,)))


def alert(at=OPENED):
    return said("dre.watch/alerts/key/1", at, "ClusterIsUnstable fires")


def test_d18_an_alert_of_the_night_that_is_told_and_decided_breaks_nothing():
    assert list(undecided_alerts(alerted(alert()), TEAMS)) == []


@pytest.mark.parametrize(
    ("evidence", "word"),
    [
        (alerted(), "told 0 times"),
        (alerted(alert(), alert()), "told 2 times"),
        (alerted(alert(FIRED)), "the watch opened at"),
        (alerted(alert(OPENED + timedelta(hours=1))), "the watch opened at"),
        (alerted(alert(), audit=()), "decided about 0 times"),
        (alerted(alert(), audit=(MARKED, MARKED)), "decided about 2 times"),
        (alerted(alert(), audit=(MARKED.model_copy(update={"actor": "enzo"}),)), "on call was anouk"),
    ],
)
def test_d18_an_alert_that_nobody_heard_of_or_decided_about_is_found(evidence, word):
    assert any(word in found for found in undecided_alerts(evidence, TEAMS))


def test_c30_what_people_wrote_after_the_last_handoff_waits_for_the_next():
    early = watched()._replace(handoffs=watched().handoffs[:1], audit=watched().audit[:1])
    assert list(unlogged(early, TEAMS)) == []


@pytest.mark.parametrize(
    ("evidence", "word"),
    [
        (watched()._replace(issues=()), "published 0 times"),
        (watched()._replace(issues=watched().issues * 2), "published 2 times"),
        (watched()._replace(issues=tuple(each._replace(body="") for each in watched().issues)), "lacks 'All quiet'"),
    ],
)
def test_o10_a_log_that_is_not_published_as_it_should_is_found(evidence, word):
    assert any(word in found for found in unpublished(evidence, TEAMS))


def test_c30_an_entry_under_another_day_is_found():
    wrong = fact("dre.log/2024-03-12", "entry", DUE, at=DUE.isoformat(), text="x", links=[], about="")
    evidence = watched()._replace(audit=(*watched().audit, wrong))
    assert any("holds what happened on 2024-03-11" in found for found in unlogged(evidence, TEAMS))


@pytest.mark.parametrize(
    ("evidence", "invariant"),
    [
        (tagged(), TAGGED),
        (tagged(said("dre.watch/x", datetime(2024, 3, 12, 1, 0, tzinfo=UTC))), TOLD_AT_WORK),
        (watched()._replace(audit=()), LOGGED),
        (watched()._replace(issues=()), PUBLISHED),
    ],
)
def test_c26_a_fault_breaks_the_invariant_that_is_named(evidence, invariant):
    assert invariant in {finding.invariant for finding in judge(evidence, TEAMS) if not finding.holds}
