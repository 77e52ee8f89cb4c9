"""At the handoff: the log of the shift that ends, what it cost, and what of the team's own work is open (O-10)."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from stationmaster.handoffs import packing, shift_log
from stationmaster.incidents import opening, records
from stationmaster.ledger.errors import EffectUnknown
from stationmaster.oncall_log import log
from stationmaster.rehearsal.github.faults import Fault
from tests.handoffs.desks import new_post

TUESDAY = datetime(2024, 3, 12, 13, 0, tzinfo=UTC)
"""09:00 in New York: the engineer of the day changes."""


@pytest.fixture
def post(boards, ledger):
    return new_post(boards, ledger, "operate-first", "oncall", TUESDAY)


def wrote(post, text, *, hours, by="ada"):
    log.write(post.desk(), text, at=TUESDAY - timedelta(hours=hours), by=by)


def test_o10_the_log_of_the_shift_that_ends_becomes_one_file(post):
    wrote(post, "Restarted the proxy", hours=3)
    wrote(post, "Of the shift before", hours=30)
    wrote(post, "Of the shift that begins", hours=-1)
    for _ in range(2):
        receipt = shift_log.publish(post.desk(), post.handoff)
    assert receipt["path"] == "on-call-log/2024-03-11-oncall.md"
    files = post.github.repository("operate-first/operations").record.files
    (text,) = files.values()
    assert "Restarted the proxy" in text
    assert "Of the shift" not in text
    assert "## What the shift cost" in text


def test_o10_on_monday_the_shift_that_ends_is_fridays_with_its_weekend(boards, ledger):
    monday = new_post(boards, ledger, "operate-first", "oncall", TUESDAY - timedelta(days=1))
    start, end = shift_log.span(monday.desk(), monday.handoff)
    assert (start.date().isoformat(), end.date().isoformat()) == ("2024-03-08", "2024-03-11")


def test_c30_a_team_that_wants_an_issue_gets_one_and_it_is_closed(boards, ledger):
    post = new_post(boards, ledger, "dre", "oncall", datetime(2024, 3, 11, 8, 0, tzinfo=UTC))
    receipt = shift_log.publish(post.desk(), post.handoff)
    issue = post.desk().forge.issue("dfinity/dre", receipt["number"])
    assert (issue.state, issue.labels) == ("closed", ("on-call-log",))


def test_f04_a_file_whose_answer_was_lost_is_found_again(post):
    post.github.faults.add(Fault(kind="bad_gateway_after", method="PUT", path="/contents"))
    with suppress(EffectUnknown):
        shift_log.publish(post.desk(), post.handoff)
    assert post.github.faults.waiting() == []
    post.clock.move(minutes=2)
    assert shift_log.publish(post.desk(), post.handoff)["url"]
    assert len(post.github.writes(path="/contents")) == 1


def test_d26_the_package_shows_the_log_the_load_and_the_open_incident(post):
    from stationmaster.core.blockers import blocker

    wrote(post, "Restarted the proxy", hours=3)
    wanted = opening.Wanted(
        key="k", severity="high", impact="some", service="smaug", kind="outage", what="Smaug is down"
    )
    story = opening.open_incident(post.desk(), wanted, "ada")
    waits = blocker("INCIDENT_UNDER_WAY", person="Ada Kowalski", incident=story.id, title=story.title)
    post.ledger.set_blockers(f"{story.id}/handle", [waits], post.clock())
    items = packing.collect(post.desk(), post.handoff)
    assert ("Incidents", "Smaug is down") in [(item.section, item.title) for item in items]
    body = packing.issue_body(post.desk(), post.handoff, items)
    assert "## What happened in the shift" in body
    assert "Restarted the proxy" in body
    assert "## What the shift cost" in body
    assert records.story(post.desk(), story.id).under_way


def test_a_team_without_a_log_shows_and_publishes_none(post):
    post.team = post.team.model_copy(update={"log": None})
    assert shift_log.sections(post.desk(), post.handoff) == []
    assert shift_log.publish(post.desk(), post.handoff) is None


def test_a_rotation_whose_shifts_keep_no_log_publishes_none(post):
    rules = post.team.log.model_copy(update={"roles": ("somebody",)})
    post.team = post.team.model_copy(update={"log": rules})
    assert shift_log.publish(post.desk(), post.handoff) is None
