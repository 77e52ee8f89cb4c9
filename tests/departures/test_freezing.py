"""A freeze holds trains, lets rollbacks go, and gives way to an exception once (F32 … F34)."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from stationmaster.config.freezing import FreezeEntry, FreezeExceptions
from stationmaster.config.team import TeamConfig
from stationmaster.core.gates import Verdict
from stationmaster.core.transitions import Act
from stationmaster.departures import explaining, freezing, gate_table, rolling_back
from stationmaster.departures.agreeing import AIRFLOW
from stationmaster.departures.freezing import ExceptionRefused, UnknownException
from tests.departures.week import THURSDAY, WEDNESDAY

LINK = "https://github.com/chanzuckerberg/single-cell-explorer/issues/7"


def freeze(week, mode, start, end, *, rule=True, name="year-end"):
    """Put a freeze into the team's file."""
    entry = FreezeEntry(name=name, mode=mode, why="the year ends", start=start.isoformat(), end=end.isoformat())
    exceptions = FreezeExceptions(approvers="engineers", needed=2, expires="2h") if rule else None
    week.team = week.team.model_copy(update={"freezes": (entry,), "freeze_exceptions": exceptions})


@pytest.fixture
def frozen(week):
    """Wednesday, everything is ready, and production is frozen until Thursday morning."""
    week.ready()
    freeze(week, "hold_promotion", WEDNESDAY - timedelta(hours=1), WEDNESDAY + timedelta(hours=20))
    return week


def codes(standing):
    return [found.code for found in standing.blockers]


def ask(week, stop="promote", **changes):
    fields = {"why": "the login is broken", "link": LINK, "by": "emil", **changes}
    return freezing.ask(week.station(), week.departure, stop, "year-end", **fields)


def approve(week, name, by):
    return freezing.approve(week.ledger, week.team, week.departure, name, now=week.clock(), by=by, proof=AIRFLOW)


def test_f32_a_freeze_holds_a_promotion_that_has_every_vote(frozen):
    standing = frozen.advance("promote", "portal")
    assert (standing.verdict, codes(standing)) == (Verdict.WAIT, ["FROZEN"])
    assert standing.blockers[0].clears_at == WEDNESDAY + timedelta(hours=20)
    assert frozen.dispatches() == []


def test_f33_it_goes_on_by_itself_when_the_freeze_ends_with_every_gate_asked_again(frozen):
    frozen.clock.to(WEDNESDAY + timedelta(hours=20))
    standing = frozen.advance("promote", "portal")
    assert "FROZEN" not in codes(standing)
    assert frozen.dispatches() == [] or standing.gate == "run"


def test_a_held_promotion_goes_when_the_freeze_is_short(week):
    week.ready()
    freeze(week, "all_stop", WEDNESDAY - timedelta(hours=1), WEDNESDAY + timedelta(minutes=10))
    assert codes(week.advance("promote", "portal")) == ["FROZEN"]
    week.clock.to(WEDNESDAY + timedelta(minutes=10))
    assert week.advance("promote", "portal").gate == "run"
    assert len(week.dispatches()) == 1


@pytest.mark.parametrize(
    "mode, waits", [("no_cut", True), ("hold_promotion", False), ("hotfix_only", True), ("all_stop", True)]
)
def test_each_mode_at_the_cut(week, mode, waits):
    week.open_cut()
    freeze(week, mode, THURSDAY - timedelta(hours=1), THURSDAY + timedelta(hours=1))
    assert ("FROZEN" in codes(week.look("opening", stop="cut"))) is waits


def test_f33_what_is_half_done_is_finished(frozen):
    freeze(frozen, "all_stop", WEDNESDAY + timedelta(minutes=5), WEDNESDAY + timedelta(hours=20))
    frozen.deploy("promote", "portal")
    frozen.verify("promote", "portal")
    frozen.clock.to(max(frozen.clock(), WEDNESDAY + timedelta(minutes=6)))
    assert gate_table.frozen(frozen.station(), frozen.departure, Act.PROMOTE).opens
    assert frozen.deploy("promote", "explorer").opens


def test_f34_a_rollback_is_exempt_and_that_is_written_down(frozen):
    frozen.team = frozen.team.model_copy(update={"freezes": ()})
    for component in ("portal", "explorer"):
        frozen.deploy("promote", component)
    frozen.verify("promote", "portal")
    freeze(frozen, "all_stop", WEDNESDAY - timedelta(hours=1), WEDNESDAY + timedelta(hours=20))
    frozen.break_down()
    for _ in range(80):
        if rolling_back.advance(frozen.station(), frozen.departure).verdict is Verdict.PASS:
            break
        frozen.clock.move(seconds=45)
    assert frozen.ledger.departure(frozen.departure).state == "ROLLED_BACK"
    fact = frozen.ledger.fact(frozen.departure, freezing.EXEMPT)
    assert fact.value == {"freezes": ["year-end"], "freeze_exempt": "rollback"}


def test_f32_two_others_approve_and_the_stop_goes_once(frozen):
    exception = ask(frozen)
    assert codes(frozen.advance("promote", "portal")) == ["FROZEN"]
    approve(frozen, exception.id, "amara")
    assert codes(frozen.advance("promote", "portal")) == ["FROZEN"]
    approve(frozen, exception.id, "ben")
    standing = gate_table.frozen(frozen.station(), frozen.departure, Act.PROMOTE)
    assert (standing.verdict, standing.bypass.who) == (Verdict.BYPASSED, "amara and ben")
    assert freezing.used_at(frozen.ledger, exception) is None
    assert frozen.advance("promote", "portal").gate == "run"
    assert freezing.used_at(frozen.ledger, exception) == frozen.clock()
    with pytest.raises(ExceptionRefused, match="used already"):
        approve(frozen, exception.id, "chiara")


def test_f32_an_exception_is_for_one_stop_of_one_departure(frozen):
    exception = ask(frozen, stop="cut")
    for by in ("amara", "ben"):
        approve(frozen, exception.id, by)
    assert codes(frozen.advance("promote", "portal")) == ["FROZEN"]
    with pytest.raises(UnknownException):
        freezing.approve(
            frozen.ledger,
            frozen.team,
            "cellxgene.weekly/2021-W43",
            exception.id,
            now=frozen.clock(),
            by="ben",
            proof=AIRFLOW,
        )


def test_f32_an_expired_exception_opens_nothing(frozen):
    exception = ask(frozen)
    approve(frozen, exception.id, "amara")
    frozen.clock.move(hours=2)
    with pytest.raises(ExceptionRefused, match="expired"):
        approve(frozen, exception.id, "ben")
    assert not gate_table.frozen(frozen.station(), frozen.departure, Act.PROMOTE).opens


def test_f32_approvals_expire_together_with_the_exception(frozen):
    exception = ask(frozen)
    for by in ("amara", "ben"):
        approve(frozen, exception.id, by)
    frozen.clock.move(hours=2)
    assert not gate_table.frozen(frozen.station(), frozen.departure, Act.PROMOTE).opens


@pytest.mark.parametrize(
    "by, says", [("emil", "somebody else must approve"), ("jules", "may not approve"), ("mallory", "may not approve")]
)
def test_f32_whoever_asked_and_strangers_do_not_approve(frozen, by, says):
    exception = ask(frozen)
    with pytest.raises(ExceptionRefused, match=says):
        approve(frozen, exception.id, by)


def test_f32_one_person_counts_once(frozen):
    exception = ask(frozen)
    approve(frozen, exception.id, "amara")
    with pytest.raises(ExceptionRefused, match="counts once"):
        approve(frozen, exception.id, "amara")


def test_f32_an_approver_who_left_the_group_counts_no_more(frozen):
    exception = ask(frozen)
    for by in ("amara", "ben"):
        approve(frozen, exception.id, by)
    groups = {
        **frozen.team.groups,
        "engineers": tuple(name for name in frozen.team.groups["engineers"] if name != "ben"),
    }
    frozen.team = frozen.team.model_copy(update={"groups": groups})
    assert codes(gate_table.frozen(frozen.station(), frozen.departure, Act.PROMOTE)) == ["FROZEN"]


@pytest.mark.parametrize(
    "changes, says",
    [
        ({"why": " "}, "with its reason"),
        ({"link": "see Slack"}, "is no link"),
        ({"by": "mallory"}, "not in the people"),
    ],
)
def test_an_exception_needs_reason_link_and_name(frozen, changes, says):
    with pytest.raises(ExceptionRefused, match=says):
        ask(frozen, **changes)


def test_f32_a_team_without_the_rule_allows_none(frozen):
    freeze(frozen, "all_stop", WEDNESDAY, WEDNESDAY + timedelta(days=1), rule=False)
    with pytest.raises(ExceptionRefused, match="allows no exceptions"):
        ask(frozen)


def test_explain_names_the_freeze(frozen):
    explained = explaining.explain(frozen.station())
    text = explained.model_dump_json()
    assert "FROZEN" in text


def test_f72_a_team_with_freezes_survives_a_triggers_arguments(week):
    freeze(week, "all_stop", WEDNESDAY, WEDNESDAY + timedelta(days=1))
    weekly = FreezeEntry(
        name="weekend",
        mode="all_stop",
        why="no changes",
        weekly=[{"opens": {"day": "thursday", "at": "00:00"}, "closes": {"day": "sunday", "at": "00:00"}}],
    )
    days = FreezeEntry(name="days", mode="no_cut", why="days off", holidays={"country": "US"})
    team = week.team.model_copy(update={"freezes": (*week.team.freezes, weekly, days)})
    back = TeamConfig.model_validate(json.loads(json.dumps(team.model_dump(mode="json"))))
    assert back == team
    assert back.freezes_of("weekly") == team.freezes_of("weekly")
