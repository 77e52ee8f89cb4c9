"""Each invariant of the chores, and each fault that breaks it (T-16, D-22)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.rehearsal.evidence import Evidence
from stationmaster.rehearsal.invariants import judge
from stationmaster.rehearsal.invariants_chores import miscounted_chores, unclosed_chores, untold_doers
from stationmaster.rehearsal.invariants_duty import ASKED, CLOSED, COUNTED
from tests.rehearsal.duty_week import (
    CARRIED,
    CHORE,
    MONDAY,
    REVIEW,
    asked,
    chores,
    ended,
    opened,
    said,
    team,
)

TEAMS = {"dre": team()}
DONE = MONDAY + timedelta(minutes=40)


def changed(*, without=(), audit=(), messages=(), issues=None) -> Evidence:
    """The good week without the lines whose subject and kind are given, and with others."""
    good = chores()
    kept = tuple(entry for entry in good.audit if (entry.subject, entry.body["kind"]) not in without)
    heard = tuple(message for message in good.messages if message.key not in without)
    return good._replace(
        audit=tuple(sorted((*kept, *audit), key=lambda entry: entry.at)),
        messages=(*heard, *messages),
        issues=good.issues if issues is None else issues,
    )


def test_t16_a_good_week_breaks_nothing():
    for found in (unclosed_chores, untold_doers, miscounted_chores):
        assert list(found(chores(), TEAMS)) == []


NOT_BY_ANYBODY = (CHORE, "ended")


@pytest.mark.parametrize(
    ("evidence", "word"),
    [
        (changed(without=(NOT_BY_ANYBODY,)), "closed 0 times"),
        (changed(audit=(ended(CHORE, DONE, "anouk"),)), "closed 2 times"),
        (changed(without=(NOT_BY_ANYBODY,), audit=(ended(CHORE, DONE, "enzo"),)), "closed by enzo"),
        (changed(without=(NOT_BY_ANYBODY,), audit=(ended(CHORE, DONE, "anouk", number=""),)), "closed without noisy"),
        (changed(without=(NOT_BY_ANYBODY,), audit=(ended(CHORE, DONE, "anouk", number="11"),)), "out of bounds"),
        (changed(without=(NOT_BY_ANYBODY,), audit=(ended(CHORE, DONE, "x", "fine"),)), "no machine looks"),
        (changed(without=(NOT_BY_ANYBODY,), audit=(ended(CHORE, DONE, "anouk", "not_needed"),)), "may not be"),
        (changed(without=(NOT_BY_ANYBODY,), audit=(ended(CHORE, DONE, "x", "missed"),)), "before the next one began"),
        (changed(without=(f"{CHORE}/ended",)), "heard 0 times"),
        (changed(messages=(said(f"{CHORE}/ended", DONE),)), "heard 2 times"),
        (changed(issues=()), "logged as 0 issues"),
        (changed(without=((CHORE, "opened"),)), "2 runs ended, 1 chores were opened"),
        (changed(audit=(opened("dre.chores/review/2024-03-12T0930", DONE),)), "2 runs ended, 3 chores were opened"),
    ],
)
def test_t16_a_chore_that_is_not_closed_as_it_should_is_found(evidence, word):
    assert any(word in found for found in unclosed_chores(evidence, TEAMS))


def test_t16_a_chore_that_the_next_one_overtook_may_be_missed():
    at = MONDAY + timedelta(days=7)
    evidence = changed(without=(NOT_BY_ANYBODY,), audit=(ended(CHORE, at, "stationmaster", "missed"),))
    assert not [found for found in unclosed_chores(evidence, TEAMS) if "next one" in found]


@pytest.mark.parametrize(("minutes", "found"), [(-30, True), (15, False)])
def test_t16_a_chore_is_over_when_the_calendar_brings_the_next_one_however_late_that_is_started(minutes, found):
    next_one = MONDAY + timedelta(hours=3)
    evidence = changed(
        without=(NOT_BY_ANYBODY, (CARRIED, "opened")),
        audit=(
            ended(CHORE, next_one + timedelta(minutes=minutes), "stationmaster", "missed"),
            opened("dre.chores/review/2024-03-11T1230", next_one + timedelta(minutes=45), of=next_one),
        ),
    )
    assert any("next one began" in each for each in unclosed_chores(evidence, TEAMS)) is found


@pytest.mark.parametrize(
    ("evidence", "word"),
    [
        (changed(without=(f"{CHORE}/ask/0",)), "was told 0 times"),
        (changed(messages=(said(f"{CHORE}/ask/0", MONDAY),)), "was told 2 times"),
        (changed(without=((CHORE, "asked"),), audit=(asked(CHORE, MONDAY, "enzo"),)), "on call was anouk"),
    ],
)
def test_d22_whoever_is_asked_and_not_on_call_or_not_told_is_found(evidence, word):
    assert any(word in found for found in untold_doers(evidence, TEAMS))


LATE = MONDAY + timedelta(days=14, hours=1)


@pytest.mark.parametrize(
    ("evidence", "word"),
    [
        (changed(without=((CARRIED, "ended"),), audit=(ended(CARRIED, LATE, "carlo"),)), "counted 0"),
        (
            changed(
                without=((CARRIED, "asked"),),
                audit=(asked(CARRIED, MONDAY, "carlo"), asked(CARRIED, LATE, "carlo", place=1)),
            ),
            "from ['carlo'] to ['carlo']",
        ),
        (changed(without=(f"{CARRIED}/late/1",)), "was late, and nobody was told"),
        (changed(messages=(said(f"{CHORE}/late/1", MONDAY),)), "before it was due"),
        (
            changed(without=((CHORE, "opened"),), audit=(opened(CHORE, MONDAY - timedelta(hours=1)),)),
            None,
        ),
    ],
)
def test_t16_a_wrong_count_and_a_wrong_reminder_are_found(evidence, word):
    found = list(miscounted_chores(evidence, TEAMS))
    assert any(word in each for each in found) if word else found == []


def test_t16_out_of_hours_nobody_is_there_to_be_told_that_it_is_late():
    """Of alerts until 18:00: what is due at 17:30 UTC and done an hour later was late, and nobody was on duty."""
    of_alerts = REVIEW.model_copy(update={"role": "alerts", "due": timedelta(hours=9)})
    teams = {"dre": team().model_copy(update={"chores": {"review": of_alerts}})}
    due = MONDAY + timedelta(hours=9)
    begun = opened(CHORE, MONDAY)
    begun = begun.model_copy(
        update={"body": {**begun.body, "value": {**begun.body["value"], "due_at": due.isoformat()}}}
    )
    for hours, found in ((1, 0), (24, 1)):
        done = ended(CHORE, due + timedelta(hours=hours), "anouk")
        evidence = Evidence(audit=(begun, asked(CHORE, MONDAY, "anouk"), done))
        assert len(list(miscounted_chores(evidence, teams))) == found


def test_t16_a_due_time_that_the_file_does_not_say_is_found():
    wrong = chores().audit[0]
    body = {**wrong.body, "value": {**wrong.body["value"], "due_at": MONDAY.isoformat()}}
    evidence = changed(without=((CHORE, "opened"),), audit=(wrong.model_copy(update={"body": body}),))
    assert any("not what its file says" in each for each in miscounted_chores(evidence, TEAMS))


@pytest.mark.parametrize(
    ("evidence", "invariant"),
    [
        (changed(without=(NOT_BY_ANYBODY,)), CLOSED),
        (changed(without=(f"{CHORE}/ask/0",)), ASKED),
        (changed(without=(f"{CARRIED}/late/1",)), COUNTED),
    ],
)
def test_t16_a_fault_breaks_the_invariant_that_is_named(evidence, invariant):
    assert invariant in {finding.invariant for finding in judge(evidence, TEAMS) if not finding.holds}
