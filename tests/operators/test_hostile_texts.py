"""A reason that tries to forge our messages stays one quoted line, through every door of a train (S5, F65)."""

from __future__ import annotations

import pytest

from stationmaster.config.people import Person
from stationmaster.core import escaping
from stationmaster.core.blockers import blocker
from stationmaster.core.changelog import Change
from stationmaster.core.transitions import Act
from stationmaster.departures import gate_table, opening, telling, wording
from stationmaster.ledger.records import DepartureState
from stationmaster.work import halting
from tests.hostile import (
    BREAKS,
    HARMLESS,
    NASTY,
    as_slack_sends,
    in_markdown,
    in_slack,
    quoted_in_markdown,
    quoted_in_slack,
)
from tests.operators.runs import answer

ASK, CONFIRM, QUORUM = "ask_whom_to_wait_for", "confirm_the_promotion", "wait_for_the_quorum"


def one_line(text: str) -> bool:
    return not BREAKS.search(text)


def test_s5_the_reason_of_a_skip_by_the_form_is_one_quoted_line(runs, week):
    run = runs("cut", user="ben", params={"skip_reason": NASTY})
    skipped = run.start("open_departure")
    assert (skipped.kind, one_line(skipped.text)) == ("skipped", True)
    week.close("cut")
    quoted_in_slack(week.texts())
    assert week.ledger.departure(week.departure).why == NASTY, "the ledger keeps what was written"
    again = runs("cut", id="another", user="ben").start("open_departure")
    assert (again.kind, one_line(again.text)) == ("skipped", True)


def test_s5_the_reason_of_a_skip_by_an_answer_is_one_quoted_line(cut):
    asked = cut.start(ASK, role="primary")
    outcome = cut.wake(asked, ASK, answer("Skip this week", "farah", reason=NASTY), role="primary")
    assert (outcome.kind, one_line(outcome.text)) == ("skipped", True)
    cut.week.close("cut")
    quoted_in_slack(cut.week.texts())


@pytest.fixture
def vetoed(promote):
    """A veto in Airflow, with its reason."""
    asked = promote.start("ballot", voter="goran")
    promote.wake(asked, "ballot", answer("Veto", "goran", reason=NASTY), voter="goran")
    return promote


def test_s5_the_reason_of_a_veto_in_airflow_is_one_quoted_line(vetoed):
    telling.refresh_headline(vetoed.week.station(), vetoed.week.departure)
    quoted_in_slack(vetoed.week.texts())


def test_s5_the_gate_and_the_form_of_the_final_go_quote_the_reason_of_a_veto(vetoed):
    week = vetoed.week
    vetoed.start(QUORUM)
    assert all(one_line(found.sentence) for found in vetoed.why(QUORUM))
    standing = gate_table.standing(week.station(), week.departure, Act.PROMOTE, without=("confirmation",))
    quoted_in_markdown([wording.standing_markdown(week.station(), standing)])
    told = wording.standing_text(week.station(), standing)
    assert len(told.splitlines()) == len(standing.blockers)


def test_s5_the_reason_of_a_veto_in_slack_is_one_quoted_line(promote):
    week = promote.week
    reply = f"veto because {as_slack_sends(NASTY)}"
    week.reply("goran", reply)
    week.clock.move(minutes=1)
    promote.settled(promote.start(QUORUM))
    telling.refresh_headline(week.station(), week.departure)
    (veto,) = [found for found in week.ledger.ballots(week.departure) if found.voter == "goran"]
    assert "3 of 3 approvals" in (veto.reason or "")
    quoted_in_slack([text for text in week.texts() if text != reply], veto.reason or "")


def test_s5_names_of_people_and_titles_of_changes_are_texts_in_the_forms(promote):
    week = promote.week
    amara = Person.model_validate({**week.team.people["amara"].model_dump(), "name": NASTY})
    week.team = week.team.model_copy(update={"people": {**week.team.people, "amara": amara}})
    manifest = week.ledger.manifest_of(week.departure)
    change = Change(number=7, title=NASTY, author=NASTY, sha="", repository="a/b", url="https://evil.example/|x>")
    value = {"changes": [change.model_dump(mode="json")], "authors": []}
    week.ledger.record(week.departure, "changes", manifest.hash, value, week.clock(), "test")
    assert week.ledger.departure(week.departure).state is DepartureState.GATED

    promote.start("ballot", voter="amara")
    request = promote.asked[-1]
    assert one_line(request["subject"])
    assert one_line(request["assigned_users"][0]["name"])
    assert one_line(promote.operator("ballot", voter="amara").asked)
    in_markdown(request["body"], request["body"])

    week.vote("amara")
    week.vote("emil")
    week.vote("chiara")
    promote.start(CONFIRM, role="primary")
    body = promote.asked[-1]["body"]
    shown = escaping.markdown(amara.name)
    assert f"LGTM by {shown}" in body
    in_markdown(body, body.replace(shown, HARMLESS))
    station = week.station()
    for text in (wording.headline(station, week.departure), wording.vote_question(station, week.departure)):
        in_slack(text, text)


@pytest.mark.parametrize("state", [DepartureState.SKIPPED, DepartureState.ROLLED_BACK])
def test_s5_why_a_departure_ended_is_one_quoted_line(pinned, state):
    week = pinned.week
    week.ledger.set_state(week.departure, state, week.clock(), "ben", NASTY)
    quoted_in_slack([wording.ending(week.station(), week.departure, "cut", state, "")])


def test_s5_a_failure_keeps_the_link_of_its_run(pinned):
    week, run = pinned.week, "https://github.com/acme/x/actions/runs/7"
    found = blocker("RUN_FAILED", component="portal", conclusion="failure", run=run)
    week.ledger.set_blockers(f"{week.departure}/cut/portal.deploy", [found], week.clock())
    why = f"{found.sentence} https://evil.example/x"
    week.ledger.set_state(week.departure, DepartureState.FAILED, week.clock(), "stationmaster", why)
    told = wording.ending(week.station(), week.departure, "cut", DepartureState.FAILED, "")
    assert f"ended as failure: <{run}>. https[:]//evil.example/x" in told


def test_s5_what_stops_a_train_is_one_quoted_line(week):
    station = week.station()
    halting.halt(week.ledger, station.train.key, why=NASTY, now=week.clock(), by="ben")
    (found,) = halting.standing(station, station.train.key).blockers
    assert one_line(found.sentence)
    quoted_in_slack([wording.cannot_begin(station, "cut", [found])])
    with pytest.raises(halting.HaltRefused) as refused:
        halting.halt(week.ledger, station.train.key, why="again", now=week.clock(), by="emil")
    assert one_line(str(refused.value))


def test_s5_a_departure_that_is_taken_up_again_says_why_on_one_line(cut):
    week = cut.week
    opening.skip(week.station(), week.ledger.departure(week.departure), by="ben", reason=NASTY)
    opening.unskip(week.station(), week.ledger.departure(week.departure), by="ben", reason=NASTY)
    found = week.ledger.departure(week.departure)
    assert one_line(found.told)
