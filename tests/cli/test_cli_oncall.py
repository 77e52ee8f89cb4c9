"""The commands about rotations, as a person runs them; the engine behind them has tests of its own."""

from __future__ import annotations

import json

import pytest

SWAP = ("--role", "primary", "--giver", "chiara", "--taker", "ivan")
DAY = ("--start", "2021-11-05T09:00", "--end", "2021-11-06T09:00")


def test_d07_next_names_the_handoff_and_who_comes(run):
    found = run("next", "cellxgene")
    assert found.exit_code == 0, found.stderr
    assert "Mon 8 Nov 2021 09:00 PST" in found.stdout
    assert "Goran Petrov" in found.stdout


def test_schedule_shows_weeks_of_a_role_or_a_person(run, answer):
    rows = answer("schedule", "cellxgene", "--role", "primary", "--weeks", "3")["shifts"]
    assert [row["people"] for row in rows] == [["chiara"], ["goran"], ["devika"], ["hana"]]
    assert rows[0]["start"] == "2021-11-01T16:00:00Z"
    assert all("emil" in row["people"] for row in answer("schedule", "cellxgene", "--person", "emil")["shifts"])
    for words in (("--role", "captain"), ("--person", "nobody")):
        assert run("schedule", "cellxgene", *words).exit_code == 2


def test_schedule_writes_a_calendar(run, tmp_path):
    found = run("schedule", "cellxgene", "--person", "emil", "--ical", str(tmp_path / "emil.ics"))
    assert found.exit_code == 0, found.stderr
    assert (tmp_path / "emil.ics").read_text().startswith("BEGIN:VCALENDAR")
    assert run("schedule", "cellxgene", "--ical", "-").stdout.startswith("BEGIN:VCALENDAR")


def test_gaps_and_conflicts_say_that_there_are_none(run):
    assert run("gaps", "cellxgene").stdout == "No gaps.\n"
    assert run("conflicts").stdout == "No conflicts.\n"


def test_fairness_counts_hours(answer):
    (primary, _) = answer("fairness", "cellxgene", "--weeks", "9")["roles"]
    assert primary["coverage"] == 100
    everybody = {"amara", "ben", "chiara", "devika", "emil", "farah", "goran", "hana", "ivan"}
    assert {load["person"] for load in primary["loads"]} == everybody


def test_a_swap_is_asked_accepted_and_shown_in_every_view(run, answer, ledger):
    name = answer("swap", "ask", "cellxgene", *SWAP, *DAY, "--by", "chiara")["swaps"][0]["id"]
    at = ("--at", "2021-11-05T20:00:00Z")
    assert answer("who", "cellxgene", "--role", "primary", *at)["roles"][0]["person"]["id"] == "chiara"
    refused = run("swap", "accept", "cellxgene", name, "--by", "chiara")
    assert refused.exit_code == 2
    assert "Only ivan may accept or decline it." in refused.stderr
    assert run("swap", "accept", "cellxgene", name, "--by", "ivan").exit_code == 0
    (held,) = answer("who", "cellxgene", "--role", "primary", *at)["roles"]
    assert (held["person"]["id"], [person["id"] for person in held["instead_of"]]) == ("ivan", ["chiara"])
    assert (held["since"], held["until"]) == ("2021-11-05T16:00:00Z", "2021-11-06T16:00:00Z")
    assert "Ivan Castillo (instead of Chiara Rossi)" in run("schedule", "cellxgene", "--role", "primary").stdout
    assert answer("swap", "list", "cellxgene")["swaps"][0]["status"] == "accepted"
    assert answer("next", "cellxgene")["handoffs"][0]["at"] == "2021-11-05T16:00:00Z"


def test_an_override_is_made_listed_and_withdrawn(run, answer, ledger):
    made = answer(
        "override",
        "replace",
        "cellxgene",
        "--role",
        "primary",
        "--comes",
        "emil",
        "--goes",
        "chiara",
        *DAY,
        "--by",
        "emil",
        "--reason",
        "a wedding",
    )["overrides"][0]
    assert answer("override", "list", "cellxgene")["overrides"] == [made]
    at = ("--at", "2021-11-05T20:00:00Z")
    assert answer("who", "cellxgene", "--role", "primary", *at)["roles"][0]["person"]["id"] == "emil"
    assert run("override", "withdraw", "cellxgene", made["id"], "--by", "jules").exit_code == 0
    assert answer("who", "cellxgene", "--role", "primary", *at)["roles"][0]["person"]["id"] == "chiara"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--comes", "bem", *DAY, "--by", "ben"), "'bem' is not in the team's people. Did you mean 'ben'?"),
        (("--comes", "ben", *DAY, "--by", "nobody"), "--by: 'nobody' is not in the people of cellxgene."),
        (("--comes", "ben", "--start", "2021-11-07T01:30", "--end", "2021-11-08T09:00", "--by", "ben"), "comes twice"),
        (("--comes", "ben", "--start", "2022-03-13T02:30", "--end", "2022-03-14T09:00", "--by", "ben"), "not exist"),
        (("--comes", "ben", "--start", "soon", "--end", "later", "--by", "ben"), "'soon' is not a date with a time"),
        (("--comes", "ben", "--start", "9999-12-31T23:59", "--end", "9999-12-31T23:59", "--by", "ben"), "too far away"),
        (("--comes", "goran", *DAY, "--by", "ben"), "goran would be primary and secondary"),
    ],
)
def test_an_override_that_means_nothing_has_its_own_sentence(run, ledger, words, sentence):
    found = run("override", "set", "cellxgene", "--role", "primary", *words)
    assert found.exit_code == 2
    assert sentence in found.stderr


def test_changes_need_a_ledger(run):
    found = run("override", "list", "cellxgene")
    assert found.exit_code == 2
    assert "no ledger is named" in found.stderr


def test_lock_shows_who_moves_and_check_follows_it(run, include):
    rotations = include / "rotations" / "cellxgene.yaml"
    assert run("lock").exit_code == 0
    assert run("lock", "--check").exit_code == 0
    older = include.parent / "older.json"
    older.write_bytes((include / "rotations" / "rotations.lock.json").read_bytes())
    rotations.write_text(rotations.read_text().replace("hana, ivan]", "ivan]"))
    assert run("check").exit_code == 1
    checked = run("lock", "--check")
    assert checked.exit_code == 1
    assert "shifts move for:" in checked.stdout
    assert run("lock", "--at-once", "--effective", "2021-11-01T00:00:00Z").exit_code == 2
    assert run("lock").exit_code == 0
    assert run("check").exit_code == 0
    assert run("lock", "--check", "--against", str(older)).exit_code == 0
    saved = json.loads(older.read_text())
    saved["rotations"]["cellxgene.oncall"][0]["revision"]["members"]["first"] = 3
    older.write_text(json.dumps(saved))
    differs = run("lock", "--check", "--against", str(older))
    assert differs.exit_code == 1
    assert "The past differs: cellxgene.oncall" in differs.stdout
