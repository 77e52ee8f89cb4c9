"""Who is who in Airflow: what it proves is a name for a run, and an id with a name for an answer (I1 … I3)."""

from __future__ import annotations

import pytest

from stationmaster.work.context import Desk
from stationmaster.work.identity import LEARNED, NotProved
from tests.operators.accounts import FAB, a_run, a_team

TEAM = {
    "amara": {"airflow": "a.osei", "airflow_id": "2"},
    "ben": {"airflow": "ben"},
    "chiara": {"airflow": "8"},
}


@pytest.fixture
def fab(monkeypatch):
    monkeypatch.setenv("AIRFLOW__CORE__AUTH_MANAGER", FAB)


@pytest.fixture
def desk(ledger):
    return lambda **people: Desk(team=a_team(**(people or TEAM)), ledger=ledger, as_written=True)


def starter(desk, user, run_type="manual"):
    try:
        return desk.identities.starter(a_run(user, run_type)).id
    except NotProved as refused:
        return str(refused)


def responder(desk, number, name):
    try:
        return desk.identities.responder({"id": number, "name": name}).id
    except NotProved as refused:
        return str(refused)


def ids(desk):
    people = desk.team.people.values()
    return {person.id: desk.identities.account(person).id for person in desk.identities.can_answer(people)}


def test_i1_fab_a_form_is_known_by_the_user_name_and_a_ballot_by_the_id(fab, desk):
    assert starter(desk(), "a.osei") == "amara"
    assert ids(desk())["amara"] == "2"
    assert responder(desk(), "2", "a.osei") == "amara"


def test_i1_a_bare_number_is_asked_by_and_its_name_is_learned_from_the_first_answer(fab, desk):
    """The files of 0.1 have the number under airflow, as its documents said."""
    assert "not in the people of crew" in starter(desk(), "chiara.r")
    assert "Of chiara the file has the id alone" in starter(desk(), "chiara.r")
    assert ids(desk())["chiara"] == "8"
    assert responder(desk(), "8", "chiara.r") == "chiara"
    assert starter(desk(), "chiara.r") == "chiara"


def test_i2_fab_a_name_alone_starts_forms_and_its_id_is_learned_from_the_first_answer(fab, desk, ledger):
    assert starter(desk(), "ben") == "ben"
    assert "ben" not in ids(desk())
    assert "user id of Ben (ben) is not known" in desk().identities.unable([desk().team.people["ben"]])
    assert responder(desk(), "5", "ben") == "ben"
    assert ids(desk())["ben"] == "5"
    responder(desk(), "5", "ben")
    facts = ledger.facts("crew/people", kind=LEARNED)
    assert [(fact.subject, fact.value) for fact in facts] == [("ben", {"id": "5", "name": "ben"})]


def test_i2_the_file_has_the_last_word_over_what_was_learned(fab, desk):
    responder(desk(), "5", "ben")
    moved = desk(ben={"airflow": "ben", "airflow_id": "6"})
    assert ids(moved) == {"ben": "6"}
    assert ids(desk(ben={"airflow": "b.other"})) == {}, "another user name is another account"


def test_i2_an_id_that_airflow_has_given_to_somebody_else_since_is_theirs(fab, desk):
    team = {"ben": {"airflow": "ben"}, "dee": {"airflow": "dee"}}
    responder(desk(**team), "5", "ben")
    assert responder(desk(**team), "5", "dee") == "dee"
    assert ids(desk(**team)) == {"dee": "5"}


@pytest.mark.parametrize("name", ["2", "8", "5"])
def test_i3_fab_a_user_who_is_named_like_an_id_is_nobody(fab, desk, name):
    responder(desk(), "5", "ben")
    assert "not in the people of crew" in starter(desk(), name)


@pytest.mark.parametrize("number", ["a.osei", "ben", "amara"])
def test_i3_an_id_that_is_like_a_user_name_is_nobody(fab, desk, number):
    assert "not in the people of crew" in responder(desk(), number, "mallory")


@pytest.mark.parametrize(
    "number, name",
    [("2", "mallory"), ("2", "ben"), ("3", "a.osei"), ("8", "ben")],
    ids=["their id, another name", "their id, another's name", "another id, their name", "two people's"],
)
def test_i3_an_answer_whose_id_and_name_contradict_the_file_is_nobodys(fab, desk, number, name):
    assert "the file of crew contradicts that" in responder(desk(), number, name)


def test_i3_simple_auth_has_one_name_for_both_and_no_ids(desk):
    """A file that was written for FAB serves a rehearsal, too."""
    assert ids(desk()) == {"amara": "a.osei", "ben": "ben", "chiara": "8"}
    assert starter(desk(), "8") == responder(desk(), "8", "8") == "chiara"
    assert "not in the people" in starter(desk(), "2")
    assert "not in the people" in responder(desk(), "2", "2")


@pytest.mark.parametrize(
    "run_type", ["scheduled", "backfill", "operator_triggered", "asset_triggered", "asset_materialization"]
)
def test_a_run_that_no_person_started_has_no_actor_whatever_name_it_bears(desk, run_type):
    """Airflow hands the name on: TriggerDagRunOperator to its run, a backfill to each of its runs."""
    assert f"of the type {run_type}" in starter(desk(), "ben", run_type)
    label = "timetable" if run_type == "scheduled" else f"airflow:{run_type}"
    assert desk().identities.starter_or_label(a_run("ben", run_type)) == label


def test_what_a_stranger_starts_bears_no_persons_id(fab, desk):
    """amara logs in as a.osei; somebody else has the account amara."""
    assert desk().identities.starter_or_label(a_run("amara")) == "airflow:amara"
    assert desk().identities.starter_or_label(a_run("a.osei")) == "amara"
    assert desk().identities.starter_or_label(a_run(None)) == "airflow:manual"


@pytest.mark.parametrize("fields, why", [({"active": False}, "no longer active"), ({"bot": True}, "a robot")])
def test_who_has_left_and_robots_act_no_longer(desk, fields, why):
    team = {"ben": {"airflow": "ben", **fields}}
    assert why in starter(desk(**team), "ben")
    assert why in responder(desk(**team), "ben", "ben")


@pytest.mark.parametrize("said", [None, {}, {"id": "", "name": "ben"}])
def test_f12_an_answer_of_nobody_is_none(desk, said):
    with pytest.raises(NotProved, match="names nobody"):
        desk().identities.responder(said)


def test_two_people_with_one_account_are_nobody(fab, desk):
    team = {"ben": {"airflow": "ben", "airflow_id": "5"}, "dee": {"airflow": "dee", "airflow_id": "5"}}
    assert ids(desk(**team)) == {}
    assert "not in the people" in starter(desk(ben={"airflow": "ben"}, dee={"airflow": "ben"}), "ben")
