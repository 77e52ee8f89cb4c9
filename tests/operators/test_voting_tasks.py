"""One ballot for each voter, the quorum, and the final go."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stationmaster.core.manifest import Manifest
from stationmaster.ledger.records import DepartureState
from tests.operators.runs import answer

CONFIRM = "confirm_the_promotion"
VOTERS = ["amara", "ben", "chiara", "devika", "emil", "farah", "goran", "hana", "ivan"]
CLOSED = datetime(2021, 10, 27, 23, 0, 1, tzinfo=UTC)


def ballot(run, voter="amara"):
    return run.start("ballot", voter=voter)


def vote(run, voter, choice="LGTM", **fields):
    return run.wake(ballot(run, voter), "ballot", answer(choice, voter, **fields), voter=voter)


def new_manifest(week, component="portal"):
    """A hotfix: the same departure has another manifest now."""
    present = week.ledger.manifest_of(week.departure)
    (repository,) = [each.repository for each in present.passengers if each.component == component]
    fixed = week.github.push(repository, title="Fix").sha
    passengers = [
        passenger.model_copy(update={"sha": fixed}) if passenger.component == component else passenger
        for passenger in present.passengers
    ]
    week.ledger.pin(week.departure, Manifest.of(passengers), week.clock(), "ben")
    return present, week.ledger.manifest_of(week.departure)


def test_c14_every_voter_gets_a_ballot_and_the_question_is_told_once(promote):
    assert promote.xcoms["ask_for_votes", "return_value"] == VOTERS
    manifest = promote.week.ledger.manifest_of(promote.week.departure)
    assert promote.xcoms["ask_for_votes", "round"] == {"manifest": manifest.hash, "round": 1}
    promote.start("ask_for_votes")
    assert promote.week.said("*3 LGTM*") == 1


def test_c15_a_ballot_is_named_assigned_and_waits_for_its_voter_alone(promote):
    outcome = ballot(promote)
    manifest = promote.week.ledger.manifest_of(promote.week.departure)
    assert outcome.watch == "ballot"
    assert outcome.arguments == {"voter": "amara", "manifest": manifest.hash, "people": ["amara"]}
    request = promote.asked[-1]
    assert request["assigned_users"] == [{"id": "amara", "name": "Amara Osei"}]
    assert request["options"] == ["LGTM", "Veto"]
    assert request["params"] is not None
    assert promote.operator("ballot", voter="amara").asked == "Amara Osei"
    assert promote.blockers("ballot/amara") == ["BALLOT_OPEN"]
    assert promote.why("ballot/amara")[0].who == ("amara",)


def test_a_vote_is_cast_once_however_often_the_task_is_taken(promote):
    outcome = vote(promote, "amara")
    manifest = promote.week.ledger.manifest_of(promote.week.departure)
    expected = {"person": "amara", "name": "Amara Osei", "choice": "approve", "manifest": manifest.hash}
    assert outcome.value == expected
    asked = len(promote.asked)
    assert ballot(promote).value == expected
    assert len(promote.asked) == asked
    cast = promote.week.ledger.ballots(promote.week.departure)
    assert [(found.voter, found.channel, found.choice) for found in cast] == [("amara", "airflow", "approve")]


def test_c16_a_veto_carries_its_reason(promote):
    assert vote(promote, "goran", "Veto", reason="the login is broken").value["choice"] == "veto"
    (found,) = promote.week.ledger.ballots(promote.week.departure)
    assert (found.choice, found.reason) == ("veto", "the login is broken")


def test_a3_an_answer_is_of_the_instant_at_which_airflow_took_it_and_lifts_no_veto_that_came_after_it(promote):
    """LGTM in Airflow, a veto in Slack 20 seconds later, and a worker that reads the LGTM ten minutes after that."""
    from stationmaster.departures import voting

    week = promote.week
    for voter in ("amara", "emil", "chiara"):
        vote(promote, voter)
    before, pressed = ballot(promote, "goran"), answer("LGTM", "goran")
    week.clock.move(seconds=20)
    week.reply("goran", "veto: it drops a table")
    week.look("quorum")
    week.clock.move(minutes=10)
    assert promote.wake(before, "ballot", pressed, voter="goran").value["choice"] == "approve"
    week.clock.move(minutes=30)
    assert str(voting.standing(week.station(), week.departure).verdict) == "DENY"
    (given,) = [each for each in week.ledger.ballots(week.departure) if each.voter == "goran" and not each.place]
    assert given.cast_at == pressed["responded_at"]


def test_a3_so_is_the_final_go(promote):
    week = promote.week
    week.quorum()
    before, pressed = confirm(promote), answer("Go", "farah")
    week.clock.move(minutes=1)
    assert promote.wake(before, CONFIRM, pressed, role="primary").value["choice"] == "go"
    manifest = week.ledger.manifest_of(week.departure).hash
    (fact,) = week.ledger.facts(week.departure, kind="confirmed", subject=manifest)
    assert fact.at == pressed["responded_at"]


@pytest.mark.parametrize("account", ["jules", "mallory", "ben"])
def test_f09_the_answer_of_somebody_else_is_no_vote(promote, account):
    outcome = promote.wake(ballot(promote), "ballot", answer("LGTM", account), voter="amara")
    assert outcome.kind == "retried"
    assert promote.week.ledger.ballots(promote.week.departure) == ()
    assert ballot(promote).kind == "deferred"


def test_f12_a_timeout_casts_no_vote(promote):
    assert promote.wake(ballot(promote), "ballot", answer("LGTM", None), voter="amara").kind == "failed"
    assert promote.week.ledger.ballots(promote.week.departure) == ()


def test_f06_a_vote_counts_for_the_manifest_that_was_asked_about(promote):
    """The answer to an old form arrives after a hotfix was pinned."""
    before = ballot(promote)
    old, new = new_manifest(promote.week)
    outcome = promote.wake(before, "ballot", answer("LGTM", "amara"), voter="amara")
    assert outcome.kind == "retried"
    assert [found.manifest for found in promote.week.ledger.ballots(promote.week.departure)] == [old.hash]
    again = ballot(promote)
    assert again.arguments["manifest"] == new.hash


def test_f06_an_open_ballot_is_asked_anew_for_the_new_manifest(promote):
    before = ballot(promote)
    assert promote.settled(before) is None
    _, new = new_manifest(promote.week)
    outcome = promote.wake(before, "ballot", voter="amara")
    assert (outcome.kind, new.short in outcome.text) == ("retried", True)
    assert ballot(promote).arguments["manifest"] == new.hash


def test_ballots_close_as_skipped_when_the_promotion_begins(promote):
    before = ballot(promote)
    promote.week.ledger.set_state(promote.week.departure, DepartureState.PROMOTING, promote.week.clock(), "ben")
    outcome = promote.wake(before, "ballot", voter="amara")
    assert (outcome.kind, promote.blockers("ballot/amara")) == ("skipped", [])
    assert ballot(promote, "ben").kind == "skipped"


def test_f12_ballots_close_as_skipped_when_the_window_was_missed(promote):
    before = ballot(promote)
    promote.week.clock.to(CLOSED)
    assert promote.wake(before, "ballot", voter="amara").kind == "skipped"
    assert promote.week.ledger.departure(promote.week.departure).state is DepartureState.GATED


def without_account(week, *people):
    known = dict(week.team.people)
    for person in people:
        known[person] = known[person].model_copy(update={"airflow": None})
    week.team = week.team.model_copy(update={"people": known})


def test_fact5_a_voter_without_an_account_gets_no_ballot_but_votes_in_slack(promote):
    without_account(promote.week, "amara")
    outcome = ballot(promote)
    assert (outcome.kind, promote.asked) == ("skipped", [])
    promote.week.react("amara")
    promote.week.look("quorum")
    assert [found.voter for found in promote.week.ledger.ballots(promote.week.departure)] == ["amara"]


def test_fact5_an_empty_list_of_users_never_reaches_airflow(ready):
    without_account(ready.week, "farah", "chiara", "jules")
    confirmed = ready.week.ledger.facts(ready.week.departure, kind="confirmed")[0]
    assert confirmed.by == "farah"
    ready.week.clock.move(seconds=1)
    ready.week.confirm(choice="no_go")
    outcome = ready.start(CONFIRM, role="primary")
    assert (outcome.kind, ready.asked) == ("failed", [])
    assert ready.blockers(CONFIRM) == ["NOBODY_TO_ASK"]


def test_c16_the_quorum_sensor_waits_counts_slack_and_airflow_and_opens(promote):
    outcome = promote.start("wait_for_the_quorum")
    assert (outcome.watch, outcome.arguments) == ("quorum", {"stop": "promote"})
    assert promote.blockers("wait_for_the_quorum") == ["QUORUM_MISSING"]
    vote(promote, "amara")
    promote.week.react("emil")
    assert promote.settled(outcome) is None
    assert "Chiara Rossi" not in promote.why("wait_for_the_quorum")[0].sentence
    promote.week.reply("chiara", "LGTM")
    assert promote.wake(outcome, "wait_for_the_quorum").value == {"gate": "quorum", "verdict": "PASS"}


TICK = {"slack_is_out": True}


def test_v10_while_slack_is_out_two_people_say_in_their_forms_to_go_without_it(promote):
    """A voter's tick lets the final go be asked for; the deploying task needs that of whoever gives it, too."""
    promote.week.slack_down()
    outcome = promote.start("wait_for_the_quorum")
    assert set(promote.blockers("wait_for_the_quorum")) == {"QUORUM_MISSING", "CHAT_UNREADABLE"}
    for voter in ("amara", "emil"):
        vote(promote, voter)
    assert promote.asked[-1]["params"]["slack_is_out"]["schema"]["type"] == "boolean"
    vote(promote, "chiara")
    assert promote.settled(outcome) is None
    assert promote.blockers("wait_for_the_quorum") == ["CHAT_UNREADABLE"]
    vote(promote, "hana", **TICK)
    assert promote.wake(outcome, "wait_for_the_quorum").kind == "done"
    asked = confirm(promote)
    assert "may go without it" in promote.asked[-1]["body"]
    assert promote.start("portal.deploy_to_prod").watch == "gates"
    assert promote.wake(asked, CONFIRM, answer("Go", "farah", **TICK), role="primary").kind == "done"
    promote.week.clock.move(minutes=30)
    assert promote.start("portal.deploy_to_prod").watch != "gates"
    assert promote.week.dispatches()


def test_v10_a_go_without_the_tick_is_none_without_slack_and_its_task_asks_again_when_cleared(promote):
    promote.week.quorum()
    promote.week.slack_down()
    vote(promote, "hana", **TICK)
    assert promote.wake(confirm(promote), CONFIRM, answer("Go", "farah"), role="primary").kind == "done"
    promote.week.clock.move(minutes=30)
    assert promote.start("portal.deploy_to_prod").watch == "gates"
    assert promote.blockers("portal.deploy_to_prod") == ["CHAT_UNREADABLE"]
    again = confirm(promote)
    assert (again.kind, promote.blockers(CONFIRM)) == ("deferred", ["CHAT_UNREADABLE"])
    assert promote.wake(again, CONFIRM, answer("Go", "farah", **TICK), role="primary").kind == "done"
    assert promote.start("portal.deploy_to_prod").watch != "gates"


def test_v10_a_ballot_that_was_answered_before_the_outage_asks_again_when_cleared(promote):
    for voter in ("amara", "emil", "chiara"):
        vote(promote, voter)
    promote.week.look("quorum")
    promote.week.slack_down()
    promote.week.look("quorum")
    again = ballot(promote)
    assert again.kind == "deferred"
    assert promote.wake(again, "ballot", answer("LGTM", "amara", **TICK), voter="amara").kind == "done"
    assert ballot(promote).kind == "done"


def test_v10_a_tick_means_nothing_while_slack_can_be_read_and_its_giver_hears_that(promote):
    vote(promote, "amara", **TICK)
    assert promote.week.ledger.facts(promote.week.departure, "without_slack") == ()
    said = [message.text for messages in promote.week.slack.messages.values() for message in messages]
    assert sum("Slack is not out" in text for text in said) == 1


def test_v10_a_veto_with_a_tick_is_a_veto(promote):
    promote.week.slack_down()
    promote.week.look("quorum")
    vote(promote, "amara", "Veto", reason="no", **TICK)
    assert promote.week.ledger.facts(promote.week.departure, "without_slack") == ()


@pytest.mark.parametrize("sensor", ["wait_for_the_quorum", "wait_for_the_window", "wait_for_the_soak"])
def test_f12_a_gate_that_stays_shut_misses_the_window_once(promote, sensor):
    if sensor == "wait_for_the_quorum":
        outcome = promote.start(sensor)
        promote.week.clock.to(CLOSED)
        outcome = promote.wake(outcome, sensor)
    else:
        promote.week.clock.to(CLOSED)
        outcome = promote.start(sensor)
    assert outcome.kind == "failed"
    assert promote.week.ledger.departure(promote.week.departure).state is DepartureState.MISSED
    assert "MISSED_WINDOW" in promote.blockers(sensor)


def confirm(run):
    return run.start(CONFIRM, role="primary")


def test_c08_the_person_on_call_gives_the_final_go(promote):
    promote.week.quorum()
    outcome = confirm(promote)
    assert outcome.watch == "answer"
    assert [user["id"] for user in promote.asked[-1]["assigned_users"]] == ["farah", "chiara", "jules"]
    assert promote.blockers(CONFIRM) == ["CONFIRMATION_MISSING"]
    assert promote.week.said("promote manifest") >= 1
    outcome = promote.wake(outcome, CONFIRM, answer("Go", "chiara"), role="primary")
    assert (outcome.value["person"], outcome.value["choice"]) == ("chiara", "go")
    asked = len(promote.asked)
    assert confirm(promote).value == outcome.value
    assert len(promote.asked) == asked
    assert promote.blockers(CONFIRM) == []


def test_a_no_ends_the_run_and_a_cleared_task_asks_again(promote):
    promote.week.quorum()
    outcome = promote.wake(confirm(promote), CONFIRM, answer("No go", "farah", reason="smoke"), role="primary")
    assert outcome.kind == "failed"
    assert promote.blockers(CONFIRM) == ["CONFIRMATION_REFUSED"]
    promote.week.clock.move(minutes=5)
    outcome = promote.wake(confirm(promote), CONFIRM, answer("Go", "farah"), role="primary")
    assert outcome.value["choice"] == "go"


def test_f06_a_go_for_the_old_manifest_is_none_for_the_new_one(promote):
    promote.week.quorum()
    before = confirm(promote)
    old, new = new_manifest(promote.week)
    outcome = promote.wake(before, CONFIRM, answer("Go", "farah"), role="primary")
    assert outcome.kind == "retried"
    facts = promote.week.ledger.facts(promote.week.departure, kind="confirmed")
    assert [fact.subject for fact in facts] == [old.hash]
    assert confirm(promote).arguments["manifest"] == new.hash


def test_f12_a_confirmation_that_nobody_gives_misses_the_window(promote):
    promote.week.quorum()
    before = confirm(promote)
    promote.week.clock.to(CLOSED)
    assert promote.wake(before, CONFIRM, role="primary").kind == "failed"
    assert promote.week.ledger.departure(promote.week.departure).state is DepartureState.MISSED


def silence_rejects(week, gate):
    """Let the train's file say what silence means at a gate."""
    train = week.team.trains["weekly"]
    found = getattr(train.gates, gate).model_copy(update={"on_silence": "reject"})
    changed = train.model_copy(update={"gates": train.gates.model_copy(update={gate: found})})
    week.team = week.team.model_copy(update={"trains": {"weekly": changed}})


@pytest.mark.parametrize(("rejects", "told"), [(True, "0 of 3 approvals are given"), (False, None)])
def test_f12_silence_rejects_the_manifest_where_the_file_says_so(promote, rejects, told):
    if rejects:
        silence_rejects(promote.week, "quorum")
    outcome = promote.start("wait_for_the_quorum")
    promote.week.clock.to(CLOSED)
    assert promote.wake(outcome, "wait_for_the_quorum").kind == "failed"
    rejection = promote.week.ledger.rejection(promote.week.ledger.manifest_of(promote.week.departure).hash)
    assert (rejection is not None) is rejects
    assert told is None or told in rejection.reason


def test_f12_a_confirmation_that_does_not_come_rejects_where_the_file_says_so(promote):
    silence_rejects(promote.week, "confirm")
    promote.week.quorum()
    before = confirm(promote)
    promote.week.clock.to(CLOSED)
    assert promote.wake(before, CONFIRM, role="primary").kind == "failed"
    rejection = promote.week.ledger.rejection(promote.week.ledger.manifest_of(promote.week.departure).hash)
    assert "has not confirmed" in rejection.reason


def test_who_left_the_team_since_is_still_named_by_a_cleared_task(promote):
    promote.week.quorum()
    outcome = promote.wake(confirm(promote), CONFIRM, answer("Go", "chiara"), role="primary")
    people = {name: person for name, person in promote.week.team.people.items() if name != "hana"}
    promote.week.team = promote.week.team.model_copy(update={"people": people})
    assert confirm(promote).value == outcome.value


def test_fact7_a_veto_is_the_gates_to_hear_and_no_failure_of_its_ballot(ready):
    """A ballot that fails or skips stops nothing in Airflow; the quorum and the deploying task read the ledger."""
    ready.week.clock.move(seconds=1)
    assert vote(ready, "goran", "Veto", reason="the login is broken").kind == "done"
    assert ready.start("wait_for_the_quorum").kind == "deferred"
    assert "VETOED" in ready.blockers("wait_for_the_quorum")
    assert ready.start("portal.deploy_to_prod").watch == "gates"
    assert "VETOED" in ready.blockers("portal.deploy_to_prod")
    assert ready.week.dispatches() == []


def test_fact8_a_question_is_asked_although_slack_cannot_tell_it(promote):
    promote.week.quorum()
    promote.week.slack_down()
    assert confirm(promote).kind == "deferred"
    assert promote.asked[-1]["subject"].startswith(promote.week.departure)
