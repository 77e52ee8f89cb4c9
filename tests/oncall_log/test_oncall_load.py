"""What the weeks cost, from the ledger: pages, incidents, questions, chores, and who alone knows what (O-05, O-20)."""

from __future__ import annotations

from datetime import timedelta

from stationmaster.core.incidents import Kind
from stationmaster.incidents import acknowledging, handling, opening, paging, records, reporting
from stationmaster.oncall_log import load, log
from tests.departures.week import INCLUDE


def incident(office, key, service, person):
    rules = office.team.incidents
    wanted = opening.Wanted(key=key, severity="critical", impact="large", service=service, kind=rules.kinds[0])
    story = opening.open_incident(office.desk(), wanted, "amara")
    paging.page(office.desk(), story, paging.climbs(office.desk(), story)[0])
    acknowledging.acknowledge(office.desk(), story, office.team.people[person], "cli")
    handling.write(office.desk(), records.story(office.desk(), story.id), Kind.RESOLVED, person, "Fixed")
    return records.story(office.desk(), story.id)


def loaded(office, *, days=7):
    now = office.clock() + timedelta(seconds=1)
    return load.load_of(office.desk(), now - timedelta(days=days), now)


def test_o05_pages_incidents_questions_and_chores_are_counted_by_person(office):
    incident(office, "one", "portal", "emil")
    for text in ("Who can merge this?", "Who can merge this?"):
        link = "https://slack.example/p1"
        log.write(office.desk(), text, about="question", by="ben", links=[link])
    for part in ("done", "late"):
        log.write(office.desk(), part, about="cellxgene.chores/alert-review/2024-03-12", by="ben")
    found = {share.person: share for share in loaded(office).shares}
    assert (found["emil"].pages, found["emil"].incidents) == (1, 1)
    assert (found["ben"].questions, found["ben"].chores, found["ben"].pages) == (1, 1, 0)
    assert set(found) == {"emil", "ben"}


def test_o05_eight_in_the_morning_is_out_of_hours_and_what_was_before_the_shift_is_not_counted(office):
    incident(office, "one", "portal", "emil")
    (share,) = loaded(office).shares
    assert (share.hours_out_of_hours, share.at_night) == (1, 0)
    office.clock.move(days=8)
    assert loaded(office).shares == ()


def test_o12_an_incident_that_no_runbook_fitted_is_named(office):
    story = incident(office, "one", "portal", "emil")
    said = reporting.Examined(root_cause="A fuse", runbook=reporting.MISSING)
    reporting.examine(office.desk(), story, office.team.people["emil"], said)
    assert loaded(office).missing_runbooks == (story.id,)


def test_o20_a_service_that_one_person_alone_has_handled_stands_out(office):
    incident(office, "one", "portal", "emil")
    incident(office, "two", "portal", "ben")
    incident(office, "three", "explorer", "emil")
    now = office.clock() + timedelta(seconds=1)
    pages = load.runbooks_by_service(INCLUDE)
    found = {each.service: each for each in load.silos_of(office.desk(), now - timedelta(days=7), now, pages)}
    assert found["portal"].people == ("ben", "emil")
    assert not found["portal"].is_one
    assert found["explorer"].people == ("emil",)
    assert found["explorer"].is_one
