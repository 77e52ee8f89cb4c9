"""What fires, decisions, silences and heartbeats on the command line (D-17, D-18, C-28)."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest

from stationmaster.checks import run as look
from stationmaster.config.checks_by_machine import HeartbeatCheck
from stationmaster.config.loader import load
from stationmaster.core.alert_groups import Event, key_of
from stationmaster.departures import spiking
from stationmaster.watches.alert_books import AlertBook
from stationmaster.work.context import Desk
from tests.cli.conftest import ROOT, WEDNESDAY


@pytest.fixture
def desk(include, ledger) -> Desk:
    (include / "watches").mkdir(exist_ok=True)
    shutil.copy(ROOT / "include/watches/cellxgene.yaml", include / "watches/cellxgene.yaml")
    return Desk(team=load(include, ["cellxgene"]).team("cellxgene"), ledger=ledger, now=lambda: WEDNESDAY)


@pytest.fixture
def key(desk: Desk) -> str:
    event = Event(
        source="pagerduty",
        alert="Q1",
        status="firing",
        at=WEDNESDAY,
        title="\x1b[31mdown",
        cluster="prod",
        severity="high",
    )
    AlertBook(desk, "pages").keep([event])
    return key_of("prod", "high")


def test_d18_what_fires_is_listed_and_decided(run, answer, key) -> None:
    (group,) = answer("alerts", "list", "cellxgene")["groups"]
    assert (group["key"], group["undecided"]) == (key, ["\x1b[31mdown"])
    shown = run("alerts", "list", "cellxgene").stdout
    assert key in shown
    assert "\x1b" not in shown
    done = run("alerts", "decide", "cellxgene", key, "leave", "--why", "known", "--by", "ben")
    assert done.exit_code == 0, done.stderr
    (group,) = answer("alerts", "list", "cellxgene")["groups"]
    assert group["undecided"] == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("deadbeef", "act", "--by", "ben"), "no alert of 'deadbeef' fires"),
        (("KEY", "ignore", "--by", "ben"), "is no decision"),
        (("KEY", "act", "--by", "nobody"), "is not in the people"),
    ],
)
def test_d18_a_decision_that_cannot_be_is_refused(run, key, words, says) -> None:
    found = run("alerts", "decide", "cellxgene", *(key if word == "KEY" else word for word in words))
    assert found.exit_code == 2
    assert says in found.stderr


def test_c28_an_error_that_holds_a_train_is_listed(desk, answer) -> None:
    spike = spiking.Spike(
        key="abcd1234", departure="cellxgene.weekly/2021-W43", error="E: x", before=1, after=90, span="1h"
    )
    spiking.begin(desk.ledger, "cellxgene.weekly", spike, WEDNESDAY)
    (error,) = answer("alerts", "list", "cellxgene")["errors"]
    assert error["key"] == "abcd1234"


@pytest.mark.parametrize(
    "issue", ["7", "torvalds/linux#7", "https://github.com/chanzuckerberg/single-cell-infra/pull/7"]
)
def test_c28_nothing_is_silenced_without_an_issue_of_the_team(run, key, issue) -> None:
    found = run("silence", "cellxgene", key, "--issue", issue, "--by", "ben")
    assert found.exit_code == 2
    assert "issue" in found.stderr


def test_d17_a_heartbeat_is_alive_and_goes_missing(desk, run) -> None:
    check = HeartbeatCheck(kind="heartbeat", name="nightly", every=timedelta(hours=1))
    assert look(desk, check, "x").ok is False
    assert run("beat", "cellxgene", "nightly").exit_code == 0
    assert look(desk, check, "x").ok is True
    desk.now = lambda: WEDNESDAY + timedelta(hours=2)
    missing = look(desk, check, "x")
    assert missing.ok is False
    assert "missing" in missing.sentence
    assert run("beat", "cellxgene", "Nightly Backup").exit_code == 2
