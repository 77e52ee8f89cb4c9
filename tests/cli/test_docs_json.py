"""docs/cli-json.md shows what the commands write: same fields, same types."""

from __future__ import annotations

import json
import re
import shutil
from datetime import timedelta

import pytest

from stationmaster import settings
from stationmaster.config.loader import load
from stationmaster.core.alert_groups import Event
from stationmaster.core.rollouts.plan import Batch, RolloutPlan, Way
from stationmaster.core.rollouts.progress import Progress
from stationmaster.departures import spiking
from stationmaster.incidents import acknowledging, opening
from stationmaster.ledger import Ledger
from stationmaster.rollouts import records
from stationmaster.watches.alert_books import AlertBook
from stationmaster.work.context import Desk
from tests.cli import waiting_chore, waiting_train
from tests.cli.conftest import ROOT, WEDNESDAY
from tests.cli.markdown_pages import fences
from tests.cli.test_cli_check import spoil
from tests.cli.test_cli_ledger import tamper

_OPEN = ("body", "intent", "receipt", "manifest", "overloaded", "positions")
"""Objects whose fields depend on what they are about."""


def examples():
    """Return the example of each command that the page has."""
    page = (ROOT / "docs" / "cli-json.md").read_text(encoding="utf-8")
    sections = re.split(r"^## `stationmaster ", page, flags=re.MULTILINE)[1:]
    return {section.split("`")[0]: json.loads(fences(section, "json")[0]) for section in sections}


def shape(value, name=""):
    """Return the types of a JSON value: those of a list's members are joined, null fits anything."""
    if isinstance(value, dict):
        return "object" if name in _OPEN else {key: shape(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [joined([shape(inner) for inner in value])]
    return None if value is None else type(value).__name__


def joined(shapes):
    """Return one shape for the members of a list; fails where two of them have different fields."""
    known = [found for found in shapes if found is not None]
    if not known:
        return None
    first = known[0]
    if not isinstance(first, dict):
        return first
    assert {frozenset(found) for found in known} == {frozenset(first)}
    return {key: joined([found[key] for found in known]) for key in first}


def fits(real, example):
    """Return whether two shapes agree; what is empty or null in one of them agrees with anything."""
    if real is None or example is None:
        return True
    if isinstance(real, dict) and isinstance(example, dict):
        return real.keys() == example.keys() and all(fits(real[key], example[key]) for key in real)
    if isinstance(real, list) and isinstance(example, list):
        return fits(real[0], example[0])
    return real == example


def something_fires(ledger, include):
    """An alert that nobody has decided about, and an error that holds the train back."""
    (include / "watches").mkdir(exist_ok=True)
    shutil.copy(ROOT / "include/watches/cellxgene.yaml", include / "watches")
    desk = Desk(team=load(include, ["cellxgene"]).team("cellxgene"), ledger=ledger, now=lambda: WEDNESDAY)
    AlertBook(desk, "pages").keep(
        [Event(source="pagerduty", alert="Q1", status="firing", at=WEDNESDAY, title="it answers 502")]
    )
    spike = spiking.Spike(key="9b1d22e0", departure=waiting_train.DEPARTURE, error="E", before=1, after=90, span="1h")
    spiking.begin(ledger, "cellxgene.weekly", spike, WEDNESDAY)


@pytest.fixture
def world(ledger, include):
    """A waiting departure, a lock, a lost answer, a tampered audit and a broken file."""
    waiting_train.wait_for_quorum(ledger)
    waiting_train.lose_an_answer(ledger)
    ledger.acquire(waiting_train.LOCK, f"{waiting_train.DEPARTURE}/promote", "promote", WEDNESDAY)
    waiting_chore.open_one(ledger, include)
    something_fires(ledger, include)
    tamper("UPDATE ledger_audit SET actor = 'nobody' WHERE seq = 3")
    return include


CHORE_RUN = "cellxgene.chores/look/2021-11-03T0900"
SPAN = ("--start", "2021-11-05T09:00", "--end", "2021-11-06T09:00")
EXCEPTION = (waiting_train.DEPARTURE, "--stop", "promote", "--freeze", "year-end", "--why", "the login is broken")
SWAP = ("--role", "primary", "--giver", "chiara", "--taker", "ivan")
FROZEN = (
    "teams/cellxgene.yaml",
    "connections:",
    "freezes:\n  - {name: year-end, mode: hold_promotion, why: holidays, start: '2021-12-20 00:00',"
    " end: '2022-01-03 09:00'}\nfreeze_exceptions: {approvers: engineers, needed: 2}\nconnections:",
)
ROLLOUT = (
    (
        "teams/cellxgene.yaml",
        "  slack: slack_api_default\n",
        "  slack: slack_api_default\n  proposals: governance\n  alerts: alerts\n",
    ),
    (
        "trains/cellxgene.weekly.yaml",
        "previous_departure: hold\n",
        "previous_departure: hold\nrollout:\n  component: explorer\n  targets: {io67a: Canary, shefu: Fiduciary}\n"
        '  plan: \'Thursday: {"9:00": [io67a], "11:00": [shefu]}\'\n  vote: {channel: ops, role: primary}\n',
    ),
)
SPOILED = {
    "rollout preview": ROLLOUT,
    "rollout status": ROLLOUT,
    "freeze list": FROZEN,
    "freeze ask": FROZEN,
    "preview": FROZEN,
    "check": ("trains/cellxgene.weekly.yaml", "day: thursday", "day: thurs"),
    "gaps": (
        "teams/cellxgene.yaml",
        "    experience: 9\n",
        "    experience: 9\n    away: [{first: 2021-11-04, last: 2021-11-05}]\n",
    ),
    "conflicts": (
        "rotations/cellxgene.yaml",
        "    escalation:",
        "    overrides:\n      - {type: add, role: primary, comes: emil, start: '2021-11-10 09:00',"
        " end: '2021-11-10 17:00'}\n    escalation:",
    ),
}
"""What is written into a file for a command to find."""

COMMANDS = {
    "who": (("who", "cellxgene", "--at", "2026-03-09T16:00:00Z"), 0),
    "next": (("next", "cellxgene"), 0),
    "schedule": (("schedule", "cellxgene"), 0),
    "gaps": (("gaps", "cellxgene"), 1),
    "conflicts": (("conflicts", "cellxgene"), 1),
    "fairness": (("fairness", "cellxgene"), 0),
    "assign": (("assign", "cellxgene", "--role", "primary"), 0),
    "drift": (("drift", "cellxgene", "--role", "secondary", "--calendar", "primary.ics"), 1),
    "override set": (("override", "set", "cellxgene", "--role", "primary", "--comes", "ben", *SPAN, "--by", "ben"), 0),
    "swap ask": (("swap", "ask", "cellxgene", *SWAP, *SPAN, "--by", "chiara"), 0),
    "swap suggest": (("swap", "suggest", "cellxgene", "--role", "primary", *SPAN), 0),
    "lock": (("lock", "cellxgene", "--check"), 1),  # it was never locked
    "freeze list": (("freeze", "list", "cellxgene"), 0),
    "freeze ask": (("freeze", "ask", *EXCEPTION, "--link", "https://github.com/org/app/issues/7", "--by", "emil"), 0),
    "preview": (("preview", "--weeks", "9"), 0),
    "stats": (("stats", "cellxgene.weekly"), 0),
    "explain": (("explain", "cellxgene.weekly"), 0),
    "explain <rotation>": (("explain", "cellxgene.oncall"), 0),
    "chores": (("chores", "cellxgene"), 0),
    "chore show": (("chore", "show", CHORE_RUN), 0),
    "runbook show": (("runbook", "show", "access"), 0),
    "runbook list": (("runbook", "list", "cellxgene"), 0),
    "runbook debt": (("runbook", "debt", "cellxgene"), 1),
    "parity": (("parity", "cellxgene.weekly"), 1),  # no connection: what runs cannot be read
    "ledger verify": (("ledger", "verify"), 1),
    "ledger audit": (("ledger", "audit"), 0),
    "ledger effects": (("ledger", "effects"), 0),
    "ledger locks": (("ledger", "locks"), 0),
    "rollout preview": (("rollout", "preview", "cellxgene.weekly"), 0),
    "rollout status": (("rollout", "status", "cellxgene.weekly"), 0),
    "alerts list": (("alerts", "list", "cellxgene"), 0),
    "incident list": (("incident", "list", "cellxgene"), 0),
    "incident show": (("incident", "show", "cellxgene.incident/2021-11-03.1"), 0),
    "incident ladder": (("incident", "ladder", "cellxgene"), 0),
    "log show": (("log", "show", "cellxgene"), 0),
    "load": (("load", "cellxgene"), 0),
    "check": (("check",), 1),
}


def begin_a_rollout(ledger):
    """Two batches; the first one's target is proposed."""
    ways = [Way(target=target, version="a" * 40) for target in ("io67a", "shefu")]
    batches = tuple(Batch(number=n, at=WEDNESDAY + timedelta(hours=n), ways=(way,)) for n, way in enumerate(ways, 1))
    record = records.RolloutRecord(
        departure=waiting_train.DEPARTURE,
        number=1,
        version="a" * 40,
        plan=RolloutPlan(zone="UTC", batches=batches),
        opened_at=WEDNESDAY,
        opened_by="ben",
    )
    records.write_opened(ledger, record)
    records.write_step(ledger, record, ways[0], 1, Progress.PROPOSED, WEDNESDAY, proposal="140000")


def open_an_incident(ledger):
    """Somebody has it, and no Slack answers."""
    team = load(ROOT / "include", teams=["cellxgene"]).team("cellxgene")
    desk = Desk(team=team, ledger=ledger, now=lambda: WEDNESDAY)
    choices = {"severity": "critical", "impact": "large", "service": "portal", "kind": "outage"}
    link = "https://example.org/alert/7"
    story = opening.open_incident(desk, opening.Wanted(key="a-run", link=link, **choices), "emil")
    acknowledging.acknowledge(desk, story, desk.team.people["ben"], "cli")


def test_every_command_that_writes_json_is_described():
    assert set(examples()) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_example_has_the_shape_of_the_answer(answer, run, world, name):
    if name in SPOILED:
        edits = SPOILED[name] if isinstance(SPOILED[name][0], tuple) else (SPOILED[name],)
        for file, old, new in edits:
            text = (world / file).read_text(encoding="utf-8")
            assert old in text
            (world / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    if set(name.split()) & {"incident", "log", "load"}:
        open_an_incident(Ledger.at(settings.ledger_url()))
    if name == "rollout status":
        begin_a_rollout(Ledger.at(settings.ledger_url()))
    if name == "drift":
        assert run("schedule", "cellxgene", "--role", "primary", "--ical", "primary.ics").exit_code == 0
    words, code = COMMANDS[name]
    real, example = shape(answer(*words, code=code)), shape(examples()[name])
    assert fits(real, example), (real, example)


def test_a_different_shape_would_be_seen():
    assert not fits(shape({"a": 1}), shape({"a": "1"}))
    assert not fits(shape({"a": [{"b": 1}]}), shape({"a": [{"b": 1, "c": 2}]}))


def test_the_example_of_check_is_what_check_says(answer, world):
    line = spoil(world, "day: thursday", "day: thurs")
    (problem,) = answer("check", code=1)["problems"]
    (shown,) = examples()["check"]["problems"]
    assert problem["line"] == line
    assert {**problem, "line": 0} == {**shown, "line": 0}


def test_the_example_of_who_is_what_who_says(answer):
    found = answer("who", "cellxgene", "--role", "primary", "--at", "2026-03-09T16:00:00Z")
    assert found == examples()["who"]
