"""Each row of the table of gates, for each act and kind that it guards: it closes alone, and nothing is sent.

A row proves itself twice. With it, the gate that is closed keeps the act from being done, and gives the only reason.
Without it (the mutant that each row generates), the same world lets the act be done: so the test would miss the row.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from stationmaster.config.beside import FeatureBuilds
from stationmaster.config.board import Board
from stationmaster.config.freezing import FreezeEntry
from stationmaster.config.gates import SoakGate
from stationmaster.core.departure_ids import DepartureKind
from stationmaster.core.instants import IsoWeek
from stationmaster.core.manifest import Manifest
from stationmaster.core.transitions import Act
from stationmaster.departures import gate_table, holding, hotfixing, spiking, voting
from stationmaster.departures.gate_table import GATES
from stationmaster.departures.hotfixing import Wish
from stationmaster.ledger.records import DepartureState
from stationmaster.work import halting
from stationmaster.work.obstacles import StepImpossible
from tests.departures.ruled import blocked_by, changed, open_issue, rule
from tests.departures.week import EXPLORER, PORTAL, Week

TRAIN, HOTFIX, SECURITY, BUILD = DepartureKind
QA = "Ready for QA"


def codes(standing: Any) -> list[str]:
    return sorted({found.code for found in standing.blockers})


# The worlds: every gate is open, and the next step sends something.


def at_the_pinning(week: Week) -> str:
    week.open_cut()
    week.clock.move(minutes=20)
    holding.ask(week.station(), week.departure)
    week.clock.move(minutes=31)
    return "explorer"


def at_the_cut(week: Week) -> str:
    week.open_cut()
    week.clock.move(minutes=20)
    week.cut()
    return "explorer"


def at_the_promotion(week: Week) -> str:
    week.ready()
    return "explorer"


def at_a_hotfix(kind: DepartureKind) -> Callable[[Week], str]:
    def make(week: Week) -> str:
        week.clock.move(minutes=30)
        sha = week.station().forge.commits(EXPLORER, "main", 1)[0].sha
        wish = Wish(component="explorer", commits=(sha,), reason="the canvas stays white")
        week.departure = hotfixing.open_one(week.station(), kind, wish, key="a-run", by="hana").id
        hotfixing.pick(week.station(), week.departure)
        voting.open_round(week.station(), week.departure)
        for voter in ("amara", "emil"):
            week.vote(voter)
        week.clock.move(minutes=30)
        return "explorer"

    return make


def at_a_build(week: Week) -> str:
    week.staged()
    train = week.team.trains["weekly"]
    portal, explorer = train.components
    environments = {**explorer.environments, "lab": explorer.deploy("staging")}
    changed(
        week,
        environments=(*train.environments, "lab"),
        components=(portal, explorer.model_copy(update={"environments": environments})),
        feature_builds=FeatureBuilds(environment="lab"),
    )
    base = week.ledger.manifest_of(week.departure).sha_of("explorer")
    week.station().forge.move_branch(EXPLORER, "try-it", base)
    branch = week.github.push(EXPLORER, branch="try-it", title="Try it").sha
    wish = Wish(component="explorer", commits=(branch,), branch="try-it", name="try-it")
    week.departure = hotfixing.open_one(week.station(), BUILD, wish, key="a-build", by="hana").id
    hotfixing.pick(week.station(), week.departure)
    return "explorer"


def again(make: Callable[[Week], str], stop: str) -> Callable[[Week], str]:
    """The same world after a run that failed, and a person's answer that it is to be tried again."""

    def failed(week: Week) -> str:
        component = make(week)
        week.github.script_runs(EXPLORER, "deploy.yml", conclusion="failure")
        with pytest.raises(StepImpossible):
            week.deploy(stop, component)
        week.github.script_runs(EXPLORER, "deploy.yml", conclusion="success")
        week.close(stop, failed=True, why="the run failed")
        week.answer_failure(stop, component, by="hana")
        return component

    return failed


WORLDS: dict[tuple[Act, DepartureKind], Callable[[Week], str]] = {
    (Act.PIN, TRAIN): at_the_pinning,
    (Act.STAGE, TRAIN): at_the_cut,
    (Act.PROMOTE, TRAIN): at_the_promotion,
    (Act.PROMOTE, HOTFIX): at_a_hotfix(HOTFIX),
    (Act.PROMOTE, SECURITY): at_a_hotfix(SECURITY),
    (Act.PROMOTE, BUILD): at_a_build,
    (Act.STAGE_AGAIN, TRAIN): again(at_the_cut, "cut"),
    (Act.DEPLOY_AGAIN, TRAIN): again(at_the_promotion, "promote"),
    (Act.DEPLOY_AGAIN, HOTFIX): again(at_a_hotfix(HOTFIX), "promote"),
    (Act.DEPLOY_AGAIN, SECURITY): again(at_a_hotfix(SECURITY), "promote"),
    (Act.DEPLOY_AGAIN, BUILD): again(at_a_build, "promote"),
}
"""Hotfixes and builds have no cut: the rows that guard STAGE for them guard nothing that exists."""
AT_THE_CUT = (Act.PIN, Act.STAGE, Act.STAGE_AGAIN)


# The closings: each through the door by which it closes in life.


def _window(week: Week) -> None:
    week.clock.move(hours=10)


def _halt(week: Week) -> None:
    halting.halt(week.ledger, "cellxgene.weekly", why="the vault leaks", now=week.clock(), by="ben")


def _freeze(week: Week) -> None:
    start, end = week.clock() - timedelta(hours=1), week.clock() + timedelta(hours=20)
    entry = FreezeEntry(
        name="year-end", mode="all_stop", why="the year ends", start=start.isoformat(), end=end.isoformat()
    )
    week.team = week.team.model_copy(update={"freezes": (entry,)})


def _rejection(week: Week) -> None:
    week.ledger.reject(week.ledger.manifest_of(week.departure).hash, "it broke the login", week.clock(), "ben")


def _rejected_commits(week: Week) -> None:
    """An earlier departure brought one of the commits aboard, and was taken back."""
    earlier = "cellxgene.weekly/2021-W30"
    week.ledger.open_departure("cellxgene.weekly", IsoWeek.parse("2021-W30"), week.clock(), "timetable")
    passenger = next(
        each for each in week.ledger.manifest_of(week.departure).passengers if each.component == "explorer"
    )
    other = passenger.model_copy(update={"component": "elsewhere", "repository": PORTAL})
    manifest = Manifest.of([passenger, other])
    week.ledger.pin(earlier, manifest, week.clock(), "timetable")
    week.ledger.set_state(earlier, DepartureState.ROLLED_BACK, week.clock(), "ben")
    week.ledger.reject(manifest.hash, "it broke the login", week.clock(), "ben")


def _soak(week: Week) -> None:
    gates = week.team.trains["weekly"].gates
    changed(week, gates=gates.model_copy(update={"soak": SoakGate(days=30)}))


def _test_list(week: Week) -> None:
    week.checklist("staging", answer="failed")


def _checks(week: Week) -> None:
    sha = week.ledger.manifest_of(week.departure).sha_of("explorer")
    week.github.script_checks(EXPLORER, sha, "red")


def _quorum(week: Week) -> None:
    week.vote("goran", "veto", reason="the migration is broken")


def _actor(week: Week) -> None:
    rule(week, actors="managers")


def _issue(week: Week) -> None:
    rule(week, issue="required")


def _blocking_labels(week: Week) -> None:
    blocked_by(week, "release-blocker")
    open_issue(week, "It crashes", "release-blocker")


def _board(week: Week) -> None:
    changed(week, board=Board.model_validate({"repositories": [EXPLORER]}))
    open_issue(week, "Untested", QA)


def _spikes(week: Week) -> None:
    spike = spiking.Spike(
        key="9b1d22e0", departure="cellxgene.weekly/2021-W41", error="E", before=1, after=90, span="1h"
    )
    spiking.begin(week.ledger, "cellxgene.weekly", spike, week.clock())


def _confirmation(week: Week) -> None:
    week.confirm(choice="no_go")


def _fits(week: Week) -> None:
    newer = week.github.push(EXPLORER, title="Newer")
    made = week.station().forge.create_deployment(EXPLORER, newer.sha, "prod", key="by-hand")
    week.station().forge.set_deployment_status(EXPLORER, made.id, "success")


def _previous(week: Week) -> None:
    """Last week's departure is half in production."""
    found = week.ledger.open_departure("cellxgene.weekly", IsoWeek.parse("2021-W30"), week.clock(), "timetable")
    week.ledger.set_state(found.id, DepartureState.PARTIAL, week.clock(), "ben")


def _hold(week: Week) -> None:
    """Somebody asks to wait for a pull request that is open."""
    pulls = week.github.repository(EXPLORER).record.pulls.values()
    number = next(pull.number for pull in pulls if pull.state == "open")
    week.reply("devika", f"please wait for explorer#{number}")


CLOSINGS: dict[str, tuple[Callable[[Week], None], set[str]]] = {
    "previous": (_previous, {"PREVIOUS_PARTIAL"}),
    "hold": (_hold, {"HELD_FOR_PULL_REQUEST"}),
    "window": (_window, {"MISSED_WINDOW"}),
    "halt": (_halt, {"HALTED"}),
    "freeze": (_freeze, {"FROZEN"}),
    "rejection": (_rejection, {"MANIFEST_REJECTED"}),
    "rejected_commits": (_rejected_commits, {"REJECTED_ABOARD"}),
    "soak": (_soak, {"SOAKING"}),
    "test_list": (_test_list, {"CHECKLIST_FAILED"}),
    "checks": (_checks, {"CHECKS_RED"}),
    "quorum": (_quorum, {"VETOED"}),
    "actor": (_actor, {"ACTOR_NOT_ALLOWED"}),
    "asker": (_actor, {"ACTOR_NOT_ALLOWED"}),
    "issue": (_issue, {"ISSUE_MISSING"}),
    "blocking_labels": (_blocking_labels, {"RELEASE_BLOCKED"}),
    "board": (_board, {"BOARD_UNTESTED"}),
    "spikes": (_spikes, {"ERROR_SPIKE"}),
    "confirmation": (_confirmation, {"CONFIRMATION_REFUSED"}),
    "fits": (_fits, {"WOULD_DOWNGRADE", "NOT_CONTAINING_PROD"}),
}

COMBINATIONS = [
    pytest.param(gate.name, act, kind, id=f"{gate.name}-{act.name}-{kind}")
    for gate in GATES
    for act in sorted(gate.acts)
    for kind in DepartureKind
    if kind in gate.kinds and (act, kind) in WORLDS
]


def sent(week: Week) -> int:
    pinned = week.ledger.manifest_of(week.departure) is not None
    return len(week.dispatches()) + len(week.github.writes(path="/git/refs")) + pinned


def advance(week: Week, act: Act, component: str) -> Any:
    """Take the step of an act; what is pinned is sent nowhere, and stands in the ledger."""
    if act is not Act.PIN:
        return week.advance("cut" if act in AT_THE_CUT else "promote", component)
    standing = gate_table.standing(week.station(), week.departure, act, how=gate_table.How.ACT)
    if standing.opens:
        week.cut()
    return standing


TO_STAGING, TO_PRODUCTION = {Act.STAGE, Act.STAGE_AGAIN}, {Act.PROMOTE, Act.DEPLOY_AGAIN}
HOTFIXES = {HOTFIX, SECURITY}
GUARDED = {
    "window": (TO_PRODUCTION, {TRAIN}),
    "previous": ({Act.PIN, *TO_STAGING}, {TRAIN}),
    "hold": ({Act.PIN}, {TRAIN}),
    "halt": (TO_STAGING | TO_PRODUCTION, {TRAIN, BUILD, *HOTFIXES}),
    "freeze": (TO_STAGING | TO_PRODUCTION, {TRAIN, BUILD, *HOTFIXES}),
    "rejection": (TO_STAGING | TO_PRODUCTION, {TRAIN, *HOTFIXES}),
    "rejected_commits": (TO_PRODUCTION, {TRAIN, *HOTFIXES}),
    "soak": (TO_PRODUCTION, {TRAIN}),
    "test_list": (TO_PRODUCTION, {TRAIN}),
    "checks": (TO_PRODUCTION, HOTFIXES),
    "quorum": (TO_PRODUCTION, {TRAIN, *HOTFIXES}),
    "actor": (TO_PRODUCTION, {TRAIN}),
    "asker": (TO_PRODUCTION, HOTFIXES),
    "issue": (TO_PRODUCTION, {TRAIN, *HOTFIXES}),
    "blocking_labels": (TO_PRODUCTION, {TRAIN}),
    "board": (TO_PRODUCTION, {TRAIN}),
    "spikes": (TO_PRODUCTION, {TRAIN}),
    "confirmation": (TO_PRODUCTION, {TRAIN}),
    "fits": (TO_PRODUCTION, {TRAIN, *HOTFIXES}),
}
"""What each gate guards, written a second time: a row that loses an act would take its own test with it (G2)."""


def test_g2_each_gate_guards_what_it_should():
    assert {gate.name: (set(gate.acts), set(gate.kinds)) for gate in GATES} == GUARDED


def test_every_row_is_tried_for_everything_that_it_guards():
    assert {gate.name for gate in GATES} == set(CLOSINGS)
    tried = {tuple(param.values) for param in COMBINATIONS}
    wanted = {(gate.name, act, kind) for gate in GATES for act in gate.acts for kind in gate.kinds}
    assert {act for _, act, _ in wanted} == {Act.PIN, Act.STAGE, Act.PROMOTE, Act.STAGE_AGAIN, Act.DEPLOY_AGAIN}
    missing = wanted - tried
    none = {(act, each) for act in AT_THE_CUT for each in (HOTFIX, SECURITY, BUILD)}
    assert {(act, kind) for _, act, kind in missing} <= none


@pytest.mark.parametrize(("world", "kind"), WORLDS.items(), ids=lambda value: "")
def test_a_world_with_every_gate_open_sends(week, world, kind):
    component = kind(week)
    before = sent(week)
    standing = advance(week, world[0], component)
    assert world[0] is Act.PIN or standing.gate == "run", standing
    assert sent(week) > before


@pytest.mark.parametrize(("name", "act", "kind"), COMBINATIONS)
def test_a_closed_gate_alone_keeps_the_act_and_without_its_row_it_is_done(week, monkeypatch, tried, name, act, kind):
    component = WORLDS[act, kind](week)
    close, reasons = CLOSINGS[name]
    close(week)
    before, state = sent(week), week.ledger.departure(week.departure).state
    held = advance(week, act, component)
    assert not held.opens
    assert codes(held), "it says why"
    assert set(codes(held)) <= reasons, "it closes alone"
    assert sent(week) == before
    assert week.ledger.departure(week.departure).state is state
    assert week.ledger.locks() == (), "a refusal leaves no lock behind"

    monkeypatch.setattr(gate_table, "GATES", tuple(gate for gate in GATES if gate.name != name))
    advance(week, act, component)
    assert sent(week) > before, "without its row the act is done: the row is what kept it"
    tried("combinations of a gate, an act and a kind were tried, each with and without its row", 1)
