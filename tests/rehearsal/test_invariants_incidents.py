"""Each invariant of the incidents, and each fault that breaks it (C-30, C-33, D-04, T-10)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.rehearsal.evidence import Evidence
from stationmaster.rehearsal.invariants import judge
from stationmaster.rehearsal.invariants_duty import COVERED, PAGED, REPORTED
from stationmaster.rehearsal.invariants_incidents import paged_out_of_hours, unpaged, unreported
from tests.rehearsal.duty_week import INCIDENT, MORNING, NIGHT, fact, filed, incident, said, team

TEAMS = {"dre": team()}
TAKEN = MORNING + timedelta(minutes=34)


def changed(*, without=(), audit=(), messages=(), issues=None, files=()) -> Evidence:
    good = incident()
    kept = tuple(entry for entry in good.audit if entry.body["kind"] not in without)
    heard = tuple(message for message in good.messages if message.key not in without)
    return good._replace(
        audit=tuple(sorted((*kept, *audit), key=lambda entry: entry.at)),
        messages=(*heard, *messages),
        issues=good.issues if issues is None else issues,
        files=files,
    )


def paged(place, at, *people):
    return fact(INCIDENT, "paged", at, "stationmaster", f"0/{place}", place=place, round=0, people=list(people))


SECOND = incident().audit[2]
FIRST = incident().audit[1]


def test_c33_a_good_incident_breaks_nothing():
    for found in (unpaged, paged_out_of_hours, unreported):
        assert list(found(incident(), TEAMS)) == []
    assert list(unreported(changed(issues=incident().issues[1:], files=(filed(),)), TEAMS)) == []


@pytest.mark.parametrize(
    ("evidence", "word"),
    [
        (changed(without=("paged",), audit=(FIRST,)), "nobody was paged"),
        (changed(audit=(FIRST,)), "paged twice"),
        (changed(without=("paged",), audit=(paged(0, NIGHT, "anouk"), SECOND)), "and paged at"),
        (changed(without=("paged",), audit=(paged(0, MORNING, "enzo"), SECOND)), "paged enzo, on call was anouk"),
        (
            changed(without=("acknowledged",), audit=(fact(INCIDENT, "acknowledged", MORNING, "bojan", way="slack"),)),
            "acknowledged at",
        ),
        (changed(without=("acknowledged", "resolved")), "was never acknowledged"),
        (changed(without=(f"{INCIDENT}/tell/page/0/1",)), "said 0 times"),
        (changed(messages=(said(f"{INCIDENT}/tell/page/0/0", MORNING),)), "said 2 times"),
    ],
)
def test_c33_a_page_that_is_wrong_is_found(evidence, word):
    assert any(word in found for found in unpaged(evidence, TEAMS))


def test_c34_rungs_that_are_due_after_the_acknowledgement_are_not_climbed():
    soon = fact(INCIDENT, "acknowledged", MORNING + timedelta(minutes=5), "anouk", way="airflow")
    evidence = changed(without=("acknowledged", "paged"), audit=(FIRST, soon))
    assert list(unpaged(evidence, TEAMS)) == []


def test_d04_a_page_at_night_for_what_is_not_critical_is_found():
    evidence = changed(without=("paged",), audit=(paged(0, NIGHT, "anouk"),))
    assert any("out of their hours" in found for found in paged_out_of_hours(evidence, TEAMS))


def test_d04_a_critical_one_may_be_paged_at_night():
    opening = fact(INCIDENT, "opened", NIGHT, severity="critical", impact="network", title="x", key="k")
    evidence = changed(without=("paged", "opened"), audit=(opening, paged(0, NIGHT, "anouk")))
    assert list(paged_out_of_hours(evidence, TEAMS)) == []


@pytest.mark.parametrize(
    ("evidence", "word"),
    [
        (changed(without=("resolved",)), "never came to its end"),
        (changed(issues=incident().issues[1:]), "has 0 reports"),
        (changed(files=(filed(),)), "has 2 reports"),
        (changed(issues=(incident().issues[0]._replace(body=INCIDENT), incident().issues[1])), "lacks | When | What |"),
        (changed(issues=incident().issues[:1]), "has 0 tickets, 1 follow"),
        (changed(without=("postmortem",)), "has 0 postmortems"),
    ],
)
def test_c30_an_incident_without_its_end_is_found(evidence, word):
    assert any(word in found for found in unreported(evidence, TEAMS))


@pytest.mark.parametrize(
    ("evidence", "invariant"),
    [
        (changed(without=("paged",), audit=(FIRST,)), PAGED),
        (changed(without=("paged",), audit=(paged(0, NIGHT, "anouk"),)), COVERED),
        (changed(without=("postmortem",)), REPORTED),
    ],
)
def test_c33_a_fault_breaks_the_invariant_that_is_named(evidence, invariant):
    assert invariant in {finding.invariant for finding in judge(evidence, TEAMS) if not finding.holds}
