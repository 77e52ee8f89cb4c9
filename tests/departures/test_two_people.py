"""What one person may not decide: others approve it as themselves, and what does it counts them again (I4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.core.gates import Verdict
from stationmaster.core.naming import short
from stationmaster.core.transitions import Act
from stationmaster.departures import agreeing, arriving, excepting, freezing, gate_table
from stationmaster.departures.agreeing import AIRFLOW, Approval, ExceptionRefused
from stationmaster.departures.excepting import Wish
from stationmaster.work.obstacles import StepImpossible
from tests.departures.test_freezing import LINK, codes, freeze
from tests.departures.week import WEDNESDAY

RUN = "cellxgene.weekly.exception/manual-1"


@pytest.fixture
def frozen(week):
    week.ready()
    freeze(week, "hold_promotion", WEDNESDAY - timedelta(hours=1), WEDNESDAY + timedelta(hours=20))
    return week


@pytest.fixture
def rejected(week):
    """This week's manifest was taken back, and rejected."""
    week.ready()
    week.ledger.reject(aboard(week).hash, "the login is broken", week.clock(), "emil")
    return week


def aboard(week):
    return week.ledger.manifest_of(week.departure)


def ask(week, *, by="emil", once=RUN, **wish):
    return excepting.ask(week.station(), Wish(**{"why": "it must go", "link": LINK, **wish}), by=by, once=once)


def for_freeze(week, **changes):
    wish = {"act": "freeze", "departure": week.departure, "stop": "promote", "freeze": "year-end", **changes}
    return ask(week, **wish)


def lift(week, **changes):
    return ask(week, **{"act": "lift", "manifest": aboard(week).short, **changes})


def approve(week, asked, by, proof=AIRFLOW):
    return excepting.approve(week.station(), asked.departure, asked.id, by=by, proof=proof)


def standing(week, asked):
    return excepting.standing(week.station(), excepting.find(week.station(), asked.departure, asked.id))


def take_effect(week, asked):
    excepting.take_effect(week.station(), excepting.find(week.station(), asked.departure, asked.id))


def test_i4_two_others_let_a_stop_go_in_spite_of_a_freeze(frozen):
    asked = for_freeze(frozen)
    assert standing(frozen, asked).verdict is Verdict.WAIT
    for by in ("amara", "ben"):
        assert codes(gate_table.frozen(frozen.station(), frozen.departure, Act.PROMOTE)) == ["FROZEN"]
        approve(frozen, asked, by)
    assert standing(frozen, asked).opens
    assert gate_table.frozen(frozen.station(), frozen.departure, Act.PROMOTE).opens


def test_i4_an_approval_that_nothing_proves_is_refused_and_does_not_count(frozen):
    """As `freeze approve --by` wrote them up to 0.1: they stand in the ledger, and open nothing."""
    asked = for_freeze(frozen)
    with pytest.raises(ExceptionRefused, match="approved in Airflow"):
        approve(frozen, asked, "amara", proof="")
    given = tuple(Approval(person=name, at=frozen.clock()) for name in ("amara", "ben"))
    old = asked.model_copy(update={"approvals": given, "version": 2})
    assert agreeing.write(frozen.ledger, old, frozen.clock(), "ben")
    assert codes(gate_table.frozen(frozen.station(), frozen.departure, Act.PROMOTE)) == ["FROZEN"]
    assert standing(frozen, asked).verdict is Verdict.WAIT


def test_i4_what_a_shell_has_asked_for_is_brought_by_a_person_who_may_not_approve_either(frozen):
    typed = freezing.ask(frozen.station(), frozen.departure, "promote", "year-end", why="x", link=LINK, by="emil")
    asked = for_freeze(frozen, exception=typed.id, by="chiara")
    assert (asked.id, asked.asked_by, asked.brought_by) == (typed.id, "emil", "chiara")
    assert not {"emil", "chiara"} & set(excepting.approvers(frozen.station(), asked))
    for by in ("emil", "chiara"):
        with pytest.raises(ExceptionRefused, match="somebody else must approve"):
            approve(frozen, asked, by)
    assert for_freeze(frozen, exception=typed.id, by="chiara") == asked
    with pytest.raises(ExceptionRefused, match="chiara asked for"):
        for_freeze(frozen, exception=typed.id, by="ben")


def test_i4_two_people_lift_a_rejection(rejected):
    asked = lift(rejected)
    with pytest.raises(ExceptionRefused, match="0 of 1 approvals"):
        take_effect(rejected, asked)
    assert rejected.ledger.rejection(aboard(rejected).hash) is not None
    approve(rejected, asked, "amara")
    take_effect(rejected, asked)
    assert rejected.ledger.rejection(aboard(rejected).hash) is None
    line = [each for each in rejected.ledger.audit() if each.action == "manifest.rejection"][-1]
    assert (line.actor, line.body["reason"]) == ("emil", "it must go (approved by amara)")


def test_i4_who_asks_does_not_approve(rejected):
    asked = lift(rejected)
    with pytest.raises(ExceptionRefused, match="somebody else must approve"):
        approve(rejected, asked, "emil")
    assert "emil" not in excepting.approvers(rejected.station(), asked)


def test_i4_one_refusal_ends_it(rejected):
    asked = lift(rejected)
    excepting.refuse(rejected.station(), asked.departure, asked.id, by="ben", why="look at the logs first")
    assert codes(standing(rejected, asked)) == ["EXCEPTION_OVER"]
    with pytest.raises(ExceptionRefused, match="look at the logs first"):
        approve(rejected, asked, "amara")
    with pytest.raises(ExceptionRefused, match="look at the logs first"):
        take_effect(rejected, asked)


def test_i4_an_expired_request_does_nothing(rejected):
    asked = lift(rejected)
    approve(rejected, asked, "amara")
    rejected.clock.move(hours=24)
    with pytest.raises(ExceptionRefused, match="expired"):
        take_effect(rejected, asked)


def test_i4_a_rejection_that_came_anew_is_not_lifted(rejected):
    """Approved while the first one stood: the second rollback has its own reason."""
    asked, hash_ = lift(rejected), aboard(rejected).hash
    approve(rejected, asked, "amara")
    rejected.ledger.lift_rejection(hash_, "by hand", rejected.clock(), "ben")
    rejected.clock.move(minutes=1)
    rejected.ledger.reject(hash_, "again", rejected.clock(), "emil")
    with pytest.raises(ExceptionRefused, match="rejected anew"):
        take_effect(rejected, asked)
    assert rejected.ledger.rejection(hash_).reason == "again"


def test_i4_taking_effect_twice_lifts_once(rejected):
    asked, hash_ = lift(rejected), aboard(rejected).hash
    approve(rejected, asked, "amara")
    take_effect(rejected, asked)
    rejected.ledger.reject(hash_, "again", rejected.clock(), "emil")
    take_effect(rejected, asked)
    assert rejected.ledger.rejection(hash_).reason == "again"


def test_i4_two_people_adopt_what_nobody_released(week, monkeypatch):
    week.ready()
    strange = "b" * 40
    monkeypatch.setattr(excepting, "running_sha", lambda *_: strange)
    asked = ask(week, act="adopt_over", component="portal", sha=strange)
    assert arriving.adoption(week.station(), "portal", strange) is None
    approve(week, asked, "amara")
    take_effect(week, asked)
    assert arriving.adoption(week.station(), "portal", strange).over is True


def test_i4_what_runs_no_longer_is_not_adopted(week, monkeypatch):
    week.ready()
    strange = "b" * 40
    monkeypatch.setattr(excepting, "running_sha", lambda *_: strange)
    asked = ask(week, act="adopt", component="portal", sha=strange)
    approve(week, asked, "amara")
    monkeypatch.setattr(excepting, "running_sha", lambda *_: "c" * 40)
    with pytest.raises(ExceptionRefused, match="look again"):
        take_effect(week, asked)
    with pytest.raises(ExceptionRefused, match="look again"):
        ask(week, once="another run", act="adopt", component="portal", sha=strange)


def test_t01_who_may_not_change_production_neither_asks_nor_approves(rejected):
    """Who asks for it is one of the two people."""
    train = rejected.team.trains["weekly"]
    ruled = train.model_copy(update={"rules": train.rules.model_copy(update={"actors": "ship"})})
    groups = {**rejected.team.groups, "ship": ("amara", "ben")}
    rejected.team = rejected.team.model_copy(update={"groups": groups, "trains": {"weekly": ruled}})
    with pytest.raises(StepImpossible, match="ACTOR_NOT_ALLOWED"):
        lift(rejected)
    asked = lift(rejected, by="amara")
    assert excepting.approvers(rejected.station(), asked) == ("ben",)
    with pytest.raises(ExceptionRefused, match="chiara may not approve"):
        approve(rejected, asked, "chiara")
    approve(rejected, asked, "ben")
    groups = {**groups, "ship": ("ben", "chiara")}
    rejected.team = rejected.team.model_copy(update={"groups": groups})
    with pytest.raises(StepImpossible, match="ACTOR_NOT_ALLOWED"):
        take_effect(rejected, asked)


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"act": "lift", "manifest": "ffffffff"}, "names 0 manifests"),
        ({"act": "lift", "manifest": ""}, "names 0 manifests"),
        ({"act": "lift", "why": " "}, "with its reason"),
        ({"act": "adopt", "component": "portal"}, "Name the component and the commit"),
        ({"act": "everything"}, "is not one of"),
    ],
)
def test_what_cannot_be_asked_for(rejected, wish, says):
    with pytest.raises(ExceptionRefused, match=says):
        ask(rejected, **wish)


def test_what_is_not_rejected_is_not_lifted(week):
    week.ready()
    with pytest.raises(ExceptionRefused, match=f"{short(aboard(week).hash)} is not rejected"):
        lift(week)


def test_nobody_else_may_approve_is_said_at_once(rejected):
    people = {name: each.model_copy(update={"active": name == "emil"}) for name, each in rejected.team.people.items()}
    rejected.team = rejected.team.model_copy(update={"people": people})
    with pytest.raises(ExceptionRefused, match="only nobody may"):
        lift(rejected)
