"""One week of the train, from Thursday's question to Wednesday's last announcement, through the functions alone."""

from __future__ import annotations

from datetime import UTC, datetime

from stationmaster.departures import counting, holding
from stationmaster.ledger.records import DepartureState
from tests.departures.week import EXPLORER, PORTAL, WEDNESDAY


def test_a_week_from_the_question_to_production(week):
    """C-09 C-11 C-13 C-14 C-15 C-17 C-19 C-20 C-21."""
    assert week.open_cut() == "cellxgene.weekly/2021-W42"
    holding.ask(week.station(), week.departure)
    assert not week.look("hold").opens
    week.clock.move(minutes=31)
    assert week.look("hold").opens

    manifest = week.cut()
    heads = {repo: week.github.repository(repo).record.refs["heads/main"] for repo in (PORTAL, EXPLORER)}
    assert manifest.repositories == heads
    for component in ("portal", "explorer"):
        assert week.deploy("cut", component).opens
        assert week.verify("cut", component).opens
    week.checklist("staging")
    assert week.close("cut") is DepartureState.STAGED
    assert [body["inputs"]["environment"] for body in week.dispatches()] == ["staging"]
    assert week.github.deployed(EXPLORER, "staging") == manifest.sha_of("explorer")

    week.clock.to(WEDNESDAY)
    week.open_promote()
    assert not week.look("quorum").opens
    week.react("amara")
    week.reply("emil", "LGTM!")
    assert not week.look("quorum").opens
    week.vote("devika")
    assert week.look("quorum").opens
    assert week.look("soak").opens
    week.confirm()

    week.promote()
    assert week.close("promote") is DepartureState.DONE
    assert week.github.deployed(PORTAL, "prod") == manifest.sha_of("portal")
    assert week.github.deployed(EXPLORER, "prod") == manifest.sha_of("explorer")
    assert len(week.dispatches()) == 3
    counted, _ = counting.count_from_ledger(week.station(), week.departure)
    assert {ballot.voter for ballot in counted.approvals} == {"amara", "emil", "devika"}
    for words in ("in progress", "is complete"):
        assert week.said(words) == 2
    assert week.said("failed") == 0
    assert week.ledger.locks() == ()
    assert week.ledger.blockers(f"{week.departure}/cut") == {}
    assert week.clock() < datetime(2021, 10, 27, 18, 0, tzinfo=UTC)
