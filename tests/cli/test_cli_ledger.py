"""``stationmaster ledger …``."""

from __future__ import annotations

import os
import sqlite3

import pytest

from stationmaster import settings
from stationmaster.cli.whereabouts import shell_actor
from stationmaster.ledger.records import EffectState
from tests.cli import waiting_train
from tests.cli.conftest import WEDNESDAY

BY = ("--by", "emil", "--why", "looked at the Actions page")


@pytest.fixture
def waiting(ledger):
    waiting_train.wait_for_quorum(ledger)
    return ledger


@pytest.fixture
def lost(waiting):
    waiting_train.lose_an_answer(waiting)
    return waiting


def tamper(statement):
    path = os.environ[settings.LEDGER_VARIABLE].removeprefix("sqlite:///")
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()


def test_a_whole_ledger_verifies_and_shows_the_end_of_its_audit(answer, waiting):
    found = answer("ledger", "verify")
    assert (found["whole"], found["breaks"]) == (True, [])
    assert found["head"]["seq"] == waiting.head().seq


def test_a_line_that_was_edited_is_found(answer, waiting):
    tamper("UPDATE ledger_audit SET actor = 'nobody' WHERE seq = 3")
    found = answer("ledger", "verify", code=1)
    assert found["whole"] is False
    assert {"seq": 3, "problem": "the line was changed after it was written"} in found["breaks"]


def test_a_broken_ledger_is_a_finding_for_people_too(run, waiting):
    tamper("DELETE FROM ledger_audit WHERE seq = 3")
    result = run("ledger", "verify")
    assert result.exit_code == 1
    assert "line 3: lines 3 to 3 are missing" in result.stdout


def test_an_anchor_that_was_kept_elsewhere_is_compared(run, waiting):
    head = waiting.head()
    assert run("ledger", "verify", "--anchor", f"{head.seq}:{head.hash}").exit_code == 0
    assert run("ledger", "verify", "--anchor", f"{head.seq}:{'0' * 64}").exit_code == 1
    assert run("ledger", "verify", "--anchor", "yesterday").exit_code == 2


def test_the_audit_is_listed_by_path_instant_and_number(answer, run, waiting):
    entries = answer("ledger", "audit", waiting_train.DEPARTURE)["entries"]
    assert entries[0]["action"] == "departure.opened"
    assert {entry["subject"].startswith(waiting_train.DEPARTURE) for entry in entries} == {True}
    later = answer("ledger", "audit", "--since", "2021-11-03T00:00:00Z")["entries"]
    assert later
    assert all(entry["at"] >= "2021-11-03" for entry in later)
    assert len(answer("ledger", "audit", "--after", "2", "--limit", "1")["entries"]) == 1
    assert run("ledger", "audit", "--since", "2021-11-03").exit_code == 2
    assert "departure.opened" in run("ledger", "audit").stdout


def test_effects_are_listed_by_state(answer, run, lost):
    assert [effect["key"] for effect in answer("ledger", "effects", "--state", "ambiguous")["effects"]] == [
        waiting_train.LOST_KEY
    ]
    assert len(answer("ledger", "effects", waiting_train.DEPARTURE)["effects"]) == 2
    refused = run("ledger", "effects", "--state", "maybe")
    assert refused.exit_code == 2
    assert "INTENDED, DONE, ADOPTED, AMBIGUOUS" in refused.stderr
    assert "7123" in run("ledger", "effects").stdout


def test_f02_a_person_settles_what_happened_with_a_receipt_that_the_train_can_follow(run, lost):
    result = run("ledger", "settle", waiting_train.LOST_KEY, "--happened", "--receipt", '{"run_id": 7200}', *BY)
    assert result.exit_code == 0, result.stderr
    effect = lost.effect(waiting_train.LOST_KEY)
    assert effect.state is EffectState.ADOPTED
    assert effect.receipt == {
        "run_id": 7200,
        "workflow": "deploy.yml",
        "key": waiting_train.LOST_KEY,
        "since": effect.intended_at.isoformat(),
    }
    line = lost.audit(waiting_train.LOST_KEY)[-1]
    assert line.actor == f"{shell_actor()} for emil"
    assert (line.in_the_name_of, line.action, line.body["why"]) == (
        "emil",
        "effect.settled",
        "looked at the Actions page",
    )
    assert line.at == WEDNESDAY


def test_f02_what_did_not_happen_may_be_done_again(run, lost):
    result = run("ledger", "settle", waiting_train.LOST_KEY, "--did-not-happen", *BY)
    assert result.exit_code == 0, result.stderr
    assert lost.effect(waiting_train.LOST_KEY).state is EffectState.INTENDED
    again = run("ledger", "settle", waiting_train.LOST_KEY, "--did-not-happen", *BY)
    assert again.exit_code == 2
    assert "nothing for a person to decide" in again.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--happened",),
        ("--happened", "--receipt", "7200"),
        ("--happened", "--receipt", "{}"),
        ("--happened", "--receipt", '{"run": 7200}'),
        ("--happened", "--receipt", '{"run_id": "7200"}'),
        ("--did-not-happen", "--receipt", '{"run_id": 7200}'),
        (),
    ],
)
def test_a_receipt_that_identifies_nothing_is_refused(run, lost, arguments):
    result = run("ledger", "settle", waiting_train.LOST_KEY, *arguments, *BY)
    assert result.exit_code == 2
    assert lost.effect(waiting_train.LOST_KEY).state is EffectState.AMBIGUOUS


def test_a_message_is_settled_by_its_channel_and_ts(run, waiting):
    key = f"{waiting_train.DEPARTURE}/tell/promote/started"

    def lose():
        raise ConnectionError("reset")

    with pytest.raises(RuntimeError):
        waiting.perform(key, intent={"text": "x", "channel": "C1"}, now=lambda: WEDNESDAY, look_up=None, act=lose)
    assert run("ledger", "settle", key, "--happened", "--receipt", '{"ts": "1.2"}', *BY).exit_code == 2
    receipt = '{"channel": "C1", "ts": "1.2"}'
    assert run("ledger", "settle", key, "--happened", "--receipt", receipt, *BY).exit_code == 0


@pytest.mark.parametrize("command", [("settle", waiting_train.LOST_KEY, "--did-not-happen"), ("lift", "1" * 8)])
def test_who_and_why_are_never_left_out(run, lost, command):
    assert run("ledger", *command).exit_code == 2
    blank = run("ledger", *command, "--by", "emil", "--why", " ")
    assert blank.exit_code == 2
    assert "--by and --why may not be empty" in blank.stderr


def test_f30_a_lock_is_released_by_the_fence_that_was_looked_at(answer, run, waiting):
    waiting.acquire(waiting_train.LOCK, "cellxgene.weekly/2021-W43/promote", "promote", WEDNESDAY)
    (lock,) = answer("ledger", "locks")["locks"]
    assert "promote" in run("ledger", "locks").stdout
    stale = run("ledger", "release", waiting_train.LOCK, "--fence", str(lock["fence"] + 1), *BY)
    assert stale.exit_code == 2
    assert waiting.lock(waiting_train.LOCK) is not None
    assert run("ledger", "release", waiting_train.LOCK, "--fence", str(lock["fence"]), *BY).exit_code == 0
    assert waiting.lock(waiting_train.LOCK) is None
    assert answer("ledger", "locks")["locks"] == []


def test_i4_a_command_lifts_no_rejection_and_says_where_two_people_do(run, waiting):
    manifest = waiting_train.MANIFEST
    waiting.reject(manifest.hash, "rolled back", WEDNESDAY, "stationmaster")
    assert run("ledger", "lift", manifest.hash[:4], *BY).exit_code == 2
    assert run("ledger", "lift", "f" * 8, *BY).exit_code == 2
    refused = run("ledger", "lift", manifest.short, *BY)
    assert refused.exit_code == 2
    assert f"{shell_actor()} types this for emil" in " ".join(refused.stderr.split())
    assert f"lift, manifest {manifest.short}" in " ".join(refused.stderr.split())
    assert waiting.rejection(manifest.hash) is not None


def test_migrate_makes_a_ledger_and_then_has_nothing_to_do(run, monkeypatch, tmp_path):
    path = tmp_path / "new" / "ledger.db"
    monkeypatch.setenv(settings.LEDGER_VARIABLE, f"sqlite:///{path}")
    assert run("ledger", "migrate").stdout == "The ledger is ready.\n"
    assert path.is_file()
    assert run("ledger", "migrate").stdout == "Nothing to do: the ledger is up to date.\n"
    assert run("ledger", "verify").exit_code == 0
