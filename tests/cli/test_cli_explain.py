"""``stationmaster explain``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stationmaster import clock, settings
from stationmaster.core.blockers import blocker
from stationmaster.ledger.records import DepartureState
from tests.cli import waiting_train
from tests.cli.conftest import WEDNESDAY


@pytest.fixture
def waiting(ledger):
    waiting_train.wait_for_quorum(ledger)
    return ledger


def tasks(explanation):
    return [why["task"] for departure in explanation["departures"] for why in departure["blockers"]]


def test_every_waiting_task_says_code_sentence_whom_since_until_and_how(answer, waiting):
    found = answer("explain", "cellxgene.weekly")
    (departure,) = found["departures"]
    assert (found["train"], found["at"]) == ("cellxgene.weekly", "2021-11-03T16:12:00Z")
    assert (departure["departure"], departure["state"]) == (waiting_train.DEPARTURE, "GATED")
    assert departure["manifest"]["chanzuckerberg/single-cell-explorer"] == waiting_train.EXPLORER
    quorum = next(why for why in departure["blockers"] if why["code"] == "QUORUM_MISSING")
    assert quorum["task"] == "promote/wait_for_the_quorum"
    assert [person["name"] for person in quorum["who"]] == ["Amara Osei", "Emil Novak", "Farah Haddad"]
    assert quorum["since"] == "2021-11-03T16:00:00Z"
    assert quorum["clears_at"] is None
    held = next(why for why in departure["blockers"] if why["code"] == "HOLD_ASKED")
    assert held["clears_at"] == "2021-10-28T16:30:00Z"


def test_the_next_openings_are_those_of_the_timetable_across_the_clock_change(answer, waiting):
    """C-09, C-11: Thursday 4 November 09:00 PDT and, after the clocks change, Wednesday 10 November 09:00 PST."""
    opens = {stop["stop"]: stop["opens_at"] for stop in answer("explain", "cellxgene.weekly")["next"]}
    assert opens == {"cut": "2021-11-04T16:00:00Z", "promote": "2021-11-10T17:00:00Z"}


def test_a_dag_id_narrows_it_to_its_stop(answer, waiting):
    found = answer("explain", "cellxgene.weekly.promote")
    assert all(task.startswith("promote/") for task in tasks(found))
    assert len(tasks(found)) == 4
    assert [stop["stop"] for stop in found["next"]] == ["promote"]
    assert tasks(answer("explain", "cellxgene.weekly.cut")) == ["cut/ask_whom_to_wait_for"]


def test_a_departure_that_is_over_still_says_what_was_in_its_way(answer, waiting):
    waiting.set_state(waiting_train.DEPARTURE, DepartureState.MISSED, WEDNESDAY, "timetable", "no quorum")
    assert answer("explain", "cellxgene.weekly")["departures"] == []
    (departure,) = answer("explain", waiting_train.DEPARTURE)["departures"]
    assert (departure["state"], departure["why"]) == ("MISSED", "no quorum")
    assert "QUORUM_MISSING" in [why["code"] for why in departure["blockers"]]


def test_people_read_alike_reasons_once_with_local_times(run, waiting):
    text = run("explain", "cellxgene.weekly").stdout
    assert text.startswith("cellxgene.weekly, Wed 3 Nov 2021 09:12 PDT")
    assert text.count("BALLOT_OPEN") == 1
    assert "for    Amara Osei, Emil Novak, Farah Haddad" in text
    assert "since  Wed 3 Nov 2021 09:00 PDT (for 12m)" in text
    assert "until  Thu 28 Oct 2021 09:30 PDT, by itself" in text
    assert "Next promote: Wed 10 Nov 2021 09:00 PST, conducted by" in text


def test_f65_text_from_outside_cannot_move_the_cursor(run, waiting):
    waiting.set_state(waiting_train.DEPARTURE, DepartureState.PROMOTING, WEDNESDAY, "amara", "go \x1b[2J[red] on")
    text = run("explain", "cellxgene.weekly").stdout
    assert "\x1b" not in text
    assert "[red] on" in text


HANDOFF = "cellxgene.oncall/2021-11-01T16:00Z"


@pytest.fixture
def unconfirmed(ledger):
    found = blocker("ACCESS_UNCONFIRMED", who=("chiara",), person="Chiara Rossi", items="Sentry")
    ledger.set_blockers(f"{HANDOFF}/handoff/check_access/primary", [found], WEDNESDAY)
    return ledger


@pytest.mark.parametrize("about", ["cellxgene.oncall", "cellxgene.oncall.handoff", HANDOFF])
def test_c07_a_rotation_says_what_its_handoff_waits_for_and_who_is_next(answer, unconfirmed, about):
    found = answer("explain", about)
    assert (found["rotation"], found["handoff"]["handoff"]) == ("cellxgene.oncall", HANDOFF)
    assert (found["handoff"]["start"], found["handoff"]["end"]) == ("2021-11-01T16:00:00Z", "2021-11-08T17:00:00Z")
    (why,) = found["handoff"]["blockers"]
    assert (why["task"], why["code"]) == ("handoff/check_access/primary", "ACCESS_UNCONFIRMED")
    assert why["who"] == [{"id": "chiara", "name": "Chiara Rossi"}]
    holders = {holder["role"]: holder["person"]["id"] for holder in found["handoff"]["holders"]}
    assert (holders["primary"], holders["tertiary"]) == ("chiara", "jules")
    assert found["next"]["at"] == "2021-11-08T17:00:00Z"
    assert found["next"]["holders"][0]["person"]["id"] == holders["secondary"]


def test_an_earlier_handoff_can_be_asked_about(answer, unconfirmed):
    found = answer("explain", "cellxgene.oncall/2021-10-25T16:00Z")
    assert (found["handoff"]["holders"][0]["person"]["id"], found["handoff"]["blockers"]) == ("farah", [])


def test_people_read_who_holds_the_roles_and_who_is_next(run, unconfirmed):
    text = run("explain", "cellxgene.oncall").stdout
    assert "cellxgene.oncall/2021-11-01T16:00Z, until Mon 8 Nov 2021 09:00 PST" in text
    assert "  primary   Chiara Rossi" in text
    assert "ACCESS_UNCONFIRMED  Chiara Rossi has not said" in text
    assert "Next handoff: Mon 8 Nov 2021 09:00 PST, to " in text


def test_nothing_under_way_is_said(run, ledger):
    assert "No departure is under way." in run("explain", "cellxgene.weekly").stdout


@pytest.mark.parametrize(
    ("about", "told"),
    [
        ("cellxgene", "names no train"),
        ("cellxgene.weekly.hot", "names no train"),
        ("cellxgene.daily", "cellxgene has no train 'daily'; it has weekly"),
        ("night.weekly", "there is no team 'night'; the teams are cellxgene."),
        ("cellxgene.weekly/2021-W54", "is not a departure"),
        ("cellxgene.weekly.handoff", "cellxgene has no rotation 'weekly'; it has oncall"),
        ("cellxgene.oncall/2021-11-01T", "Write it as cellxgene.oncall/2026-03-09T16:00Z."),
        ("cellxgene.weekly/2021-W40", "the newest are: cellxgene.weekly/2021-W43."),
    ],
)
def test_what_does_not_exist_is_refused_with_what_does(run, waiting, about, told):
    result = run("explain", about, "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr


def test_without_a_ledger_it_says_how_to_name_one(run):
    result = run("explain", "cellxgene.weekly")
    assert result.exit_code == 2
    assert "Set STATIONMASTER_LEDGER_URL" in result.stderr


def test_a_mistyped_path_makes_no_new_ledger(run, monkeypatch, tmp_path):
    monkeypatch.setenv(settings.LEDGER_VARIABLE, f"sqlite:///{tmp_path / 'typo' / 'ledger.db'}")
    result = run("explain", "cellxgene.weekly")
    assert result.exit_code == 2
    assert "there is no ledger in" in result.stderr
    assert not (tmp_path / "typo").exists()


def test_a_database_without_a_ledger_says_migrate(run, monkeypatch, tmp_path):
    (tmp_path / "bare.db").touch()
    monkeypatch.setenv(settings.LEDGER_VARIABLE, f"sqlite:///{tmp_path / 'bare.db'}")
    result = run("explain", "cellxgene.weekly")
    assert result.exit_code == 2
    assert "stationmaster ledger migrate" in result.stderr


def test_a_database_that_cannot_be_reached_is_told_without_its_password(run, monkeypatch):
    monkeypatch.setenv(settings.LEDGER_VARIABLE, "postgresql://ledger:hunter2@127.0.0.1:1/ledger?connect_timeout=2")
    result = run("explain", "cellxgene.weekly")
    assert result.exit_code == 2
    assert result.stderr.startswith("stationmaster: ")
    assert "hunter2" not in result.stderr


def test_a_running_station_lends_its_ledger_and_its_clock(answer, waiting, monkeypatch, tmp_path):
    """The note under the home leads there, while the supervisor that holds its lock lives."""
    from stationmaster.rehearsal.embedded.station import Station, sole_supervisor, write_note

    home = tmp_path / ".station"
    home.mkdir()
    url = os.environ[settings.LEDGER_VARIABLE]
    monkeypatch.setenv(settings.LEDGER_VARIABLE, "")
    face = Path(os.environ[clock.CLOCK_FILE_VARIABLE])
    monkeypatch.setenv(clock.CLOCK_FILE_VARIABLE, "")
    address = "http://127.0.0.1"
    with sole_supervisor(home):
        write_note(
            Station(
                supervisor=os.getpid(),
                ports={},
                airflow_url=address,
                github_url=address,
                slack_url=address,
                ledger_url=url,
                database="sqlite",
                users=(),
                passwords_file=home / "passwords.json",
                clock_file=face,
                home=home,
            )
        )
        found = answer("explain", "cellxgene.weekly")
    assert found["at"] == "2021-11-03T16:12:00Z"
    assert found["departures"][0]["departure"] == waiting_train.DEPARTURE
