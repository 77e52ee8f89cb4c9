"""Of a security hotfix nobody hears but its own channel, whatever else has to name it (D-15)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.core.manifest import Manifest
from stationmaster.core.transitions import Act
from stationmaster.departures import (
    bringing_home,
    cutting,
    gate_table,
    hotfixing,
    logbook,
    mandates,
    ruling,
    telling,
    train_log,
)
from stationmaster.departures.legs import take_lock
from stationmaster.departures.obstacles import obstacle
from stationmaster.ledger.errors import LockHeld
from stationmaster.ledger.records import DepartureState
from stationmaster.oncall_log import log
from stationmaster.work import secrecy
from tests.departures.ruled import comments, issues, open_issue, rule
from tests.departures.test_hotfixes import SECRET_CHANNEL, SECURITY, codes, running, ship, start
from tests.departures.week import EXPLORER, OPS, Week

WHY = "remote code execution"


@pytest.fixture
def secret(week: Week) -> Week:
    """A security hotfix that is ready to go, from a branch that main does not have."""
    week.clock.move(minutes=30)
    station = week.station()
    station.forge.move_branch(EXPLORER, "mend", running(week))
    sha = week.github.push(EXPLORER, branch="mend", title="Close CVE-2021-44228").sha
    start(week, sha, kind=SECURITY, branch="mend", reason=WHY)
    return week


def leaks(text: str) -> bool:
    return any(word in text.lower() for word in ("security", "cve", "remote", "hana"))


def told(standing) -> str:
    return " ".join(f"{found.sentence} {found.how} {found.who} {found.subject}" for found in standing.blockers)


def test_d15_a_cut_that_waits_for_it_does_not_say_for_what(secret):
    ship(secret, "amara", "ben")
    standing = bringing_home.to_branch(secret.station(), secret.departure)
    assert secret.departure in told(standing), "its own channel is told all of it"
    found = cutting.select(secret.station()).standing
    assert codes(found) == ["HOTFIX_NOT_ON_MAIN"]
    assert not leaks(told(found))
    assert "A hotfix that only its own channel knows runs on prod, and main does not have it yet" in told(found)
    hotfixing.disclose(secret.station(), secret.departure, why="fixed everywhere", by="hana")
    assert secret.departure in told(cutting.select(secret.station()).standing)


def test_d15_a_lock_that_it_holds_does_not_say_who_holds_it(secret):
    leg = secret.leg("promote", "explorer")
    take_lock(secret.station(), leg)
    with pytest.raises(LockHeld) as held:
        secret.ledger.acquire(leg.lock, "cellxgene.weekly/2021-W42/promote", "promote", secret.clock())
    found = obstacle(secret.station(), held.value)
    assert found.code == "ENVIRONMENT_LOCKED"
    assert not leaks(found.sentence)


def test_d15_a_train_that_waits_for_its_lock_does_not_say_who_holds_it(week):
    week.ready()
    hotfix = week.ledger.open_beside(
        "cellxgene.weekly", week.ledger.departure(week.departure).week, SECURITY, week.clock(), "hana", key="run-1"
    )
    leg = week.leg("promote", "explorer")
    week.ledger.acquire(leg.lock, f"{hotfix.id}/promote", f"promote of {hotfix.id}", week.clock())
    standing = week.look("gates", stop="promote", component="explorer")
    assert codes(standing) == ["ENVIRONMENT_LOCKED"]
    assert not leaks(standing.blockers[0].sentence)


def test_d15_a_train_that_carries_what_was_taken_back_does_not_say_of_what_and_why(week):
    week.ready()
    hotfix = week.ledger.open_beside(
        "cellxgene.weekly", week.ledger.departure(week.departure).week, SECURITY, week.clock(), "hana", key="run-1"
    )
    passengers = week.ledger.manifest_of(week.departure).passengers
    manifest = Manifest.of([each for each in passengers if each.component == "explorer"])
    week.ledger.pin(hotfix.id, manifest, week.clock(), "hana")
    week.ledger.set_state(hotfix.id, DepartureState.ROLLED_BACK, week.clock(), "hana")
    week.ledger.reject(manifest.hash, f"{hotfix.id} was rolled back: {WHY}", week.clock(), "hana")
    found = gate_table.standing(week.station(), week.departure, Act.PROMOTE)
    assert codes(found) == ["REJECTED_ABOARD"]
    assert not leaks(told(found))


def test_d15_what_is_said_outside_its_thread_goes_to_its_own_channel_until_it_is_disclosed(secret):
    station = secret.station()
    assert (
        telling.tell_publicly(station, secret.departure, "exception/fx-0123456789a1/asked", WHY).channel
        == SECRET_CHANNEL
    )
    hotfixing.disclose(station, secret.departure, why="fixed everywhere", by="hana")
    assert telling.tell_publicly(station, secret.departure, "exception/fx-0123456789a2/asked", "x").channel == OPS
    assert (
        telling.tell_publicly(station, "cellxgene.weekly/2021-W42", "exception/fx-0123456789a3/asked", "x").channel
        == OPS
    )


def test_d15_what_slack_did_not_hear_is_said_again_in_its_own_channel(secret):
    secret.slack_down()
    assert telling.tell_publicly(secret.station(), secret.departure, "promote/started", WHY) is None
    secret.slack_down(down=False)
    secret.clock.move(minutes=5)
    telling.tell_again(secret.station())
    public = " ".join(message.text for message in secret.slack.messages.get(OPS, []))
    private = " ".join(message.text for message in secret.slack.messages.get(SECRET_CHANNEL, []))
    assert not leaks(public)
    assert WHY in private


@pytest.mark.parametrize("mode", ["written", "required"])
def test_d15_no_issue_hears_of_it(secret, mode):
    rule(secret, issue=mode)
    number = open_issue(secret)
    if mode == "required":
        ruling.give_link(secret.station(), secret.departure, f"#{number}", by="hana")
    before = len(issues(secret))
    logbook.write(secret.station(), secret.departure)
    secret.ledger.set_state(secret.departure, DepartureState.DONE, secret.clock(), "stationmaster", "promoted")
    logbook.follow(secret.station(), secret.departure)
    assert len(issues(secret)) == before
    assert comments(secret, number) == []


def test_d15_the_on_call_log_does_not_say_that_a_train_goes_back_to_it(secret):
    fields = {"number": 1, "act": Act.TAKE_BACK, "by": "ben", "why": "it burns", "ways": {}, "named": "", "run": ""}
    mandate = mandates.Mandate(**fields, seq=1, to=secret.departure)
    train_log.note_rollback(secret.station(), "cellxgene.weekly/2021-W42", mandate)
    now = secret.clock()
    (entry,) = log.entries(secret.station(), now - timedelta(hours=1), now + timedelta(hours=1))
    assert not leaks(entry.text)
    assert "a hotfix that only its own channel knows" in entry.text


@pytest.mark.parametrize(
    "name", ["cellxgene.weekly/2021-W42", "cellxgene.weekly/2021-W42.hotfix-1", "amara", "dre.weekly", "a/b/c", ""]
)
def test_whatever_else_bears_a_name_is_called_by_it(week, name):
    assert secrecy.named(week.station(), name) == name
    assert secrecy.reason(week.station(), name, "because") == "because"
