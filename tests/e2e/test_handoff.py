"""A handoff on a real Airflow: who comes on call is told once, and asked for access (C-06, C-07)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stationmaster.core.rotations.changes import OverrideType
from stationmaster.handoffs.shift_desk import ShiftDesk
from stationmaster.oncall.changing import in_fact
from stationmaster.oncall.overriding import make
from stationmaster.operators.handing_over import CheckAccessOperator
from tests.e2e.conftest import Answer, Town
from tests.e2e.test_weekly_train import Nobody, wait_for

pytestmark = pytest.mark.airflow
DAG_ID = "cellxgene.oncall.handoff"
HELP = "C94RQ5SBV"
ITEMS = ("sentry", "datadog", "datadog-hosted-cellxgene-prod")


def test_c06_c07_whoever_comes_on_call_is_told_once_and_asked_for_access(town: Town, answer: Answer) -> None:
    """C-06, C-07: the primary lacks Datadog at first, help is asked for, and then has it."""
    town.api.wait_parsed([DAG_ID], timeout=60)
    desk = ShiftDesk(team=town.team, rotation="oncall", ledger=town.ledger, now=lambda: town.conductor.now)
    town.conductor.set_clock(desk.rotation.next_handoff(town.conductor.now))
    handoff = desk.handoff_at(town.conductor.now)
    assert handoff.start == town.conductor.now
    people = {role: desk.person(handoff, role) for role in handoff.shifts}
    run = town.conductor.start(DAG_ID)

    def waits(label: str) -> bool:
        return label in town.tasks(run) and town.tasks(run)[label].state == "deferred"

    town.conductor.lead([run], Nobody(), until=lambda: waits("check_access[0]") and waits("check_access[1]"))
    named = {task.label: task.rendered_map_index for task in town.tasks(run).values() if task.map_index >= 0}
    assert [named[f"tell_the_shift[{index}]"] for index in range(3)] == [person.name for person in people.values()]
    assert named["check_access[0]"] == people["primary"].name
    codes = {found.code for several in town.ledger.blockers(handoff.id).values() for found in several}
    assert codes == {"ACCESS_UNCONFIRMED"}

    everything, form = CheckAccessOperator.EVERYTHING, dict.fromkeys(ITEMS, True)
    primary, secondary = str(people["primary"].airflow), str(people["secondary"].airflow)
    lacking = {**form, "datadog-hosted-cellxgene-prod": False}
    answer(secondary, run, "check_access", everything, **form)

    def missing() -> bool:
        every = [found.code for several in town.ledger.blockers(handoff.id).values() for found in several]
        return "ACCESS_MISSING" in every

    # At once: an answer that fails its try is taken by the next (fact 3).
    answer(primary, run, "check_access", CheckAccessOperator.MISSING, **lacking)
    wait_for(missing, within=180)
    wait_for(lambda: waits("check_access[0]"))
    answer(primary, run, "check_access", everything, **form)
    (ended,) = town.conductor.lead([run], Nobody())
    assert ended.state == "success", town.tasks(run)

    messages = town.slack.get("/_control/state").raise_for_status().json()["messages"]
    told = [message["text"] for message in messages[town.team.channels["ops"].id] if "you are *" in message["text"]]
    for person in people.values():
        assert sum(person.mention in text.split(":", 3)[2] for text in told) == 1, told
    assert len([message for message in messages[HELP] if people["primary"].mention in message["text"]]) == 1
    mails = town.slack.get("/_control/mail").raise_for_status().json()["mails"]
    ours = [mail for mail in mails if mail["key"].startswith(f"{handoff.id}/")]
    assert sorted(mail["recipients"][0] for mail in ours) == sorted(str(person.email) for person in people.values())
    assert town.ledger.blockers(handoff.id) == {}
    assert town.ledger.verify() == ()


def test_r24_an_override_is_handed_over_when_it_begins_and_when_it_ends(town: Town) -> None:
    """Made while its run is under way, as the command makes it; the run follows the shift to the next handoff."""
    dag_id = "cellxgene.oncall.changes"
    town.api.wait_parsed([dag_id], timeout=60)
    desk = ShiftDesk(team=town.team, rotation="oncall", ledger=town.ledger, now=lambda: town.conductor.now)
    town.conductor.set_clock(desk.rotation.next_handoff(town.conductor.now))
    began = town.conductor.now
    run = town.conductor.start(dag_id)

    def waits() -> bool:
        task = town.tasks(run).get("follow_the_shift")
        return task is not None and task.state == "deferred"

    town.conductor.lead([run], Nobody(), until=waits)
    subject = f"{desk.handoff_at(began).id}/changes/follow_the_shift"
    assert [found.code for found in town.ledger.blockers(subject)[subject]] == ["SHIFT_WATCHED"]
    holders = {shift.person for shift in desk.rotation.turns_at(began).values()}
    members = town.team.rotations["oncall"].plan.newest.members.everybody
    substitute = next(name for name in members if name not in holders)
    start, end = began + timedelta(days=2), began + timedelta(days=3)
    override = {"kind": OverrideType.SET, "role": "primary", "comes": (substitute,), "goes": None}
    make(town.ledger, town.team, **override, start=start, end=end, now=began, by=substitute)
    (ended,) = town.conductor.lead([run], Nobody())
    assert ended.state == "success", town.tasks(run)
    assert town.conductor.now >= desk.rotation.next_handoff(end)

    primary = town.team.on_call("primary", began).person
    messages = town.slack.get("/_control/state").raise_for_status().json()["messages"][town.team.channels["ops"].id]
    told = {}
    for at, name in ((start, substitute), (end, primary)):
        mention = town.team.people[name].mention
        told[name] = [
            datetime.fromtimestamp(float(message["ts"]), tz=UTC)
            for message in messages
            if f"{mention}: you are *primary*" in message["text"] and float(message["ts"]) >= start.timestamp()
        ]
        assert len(told[name]) == 1, (name, told)
        assert timedelta(0) <= told[name][0] - at < timedelta(minutes=1)
    assert town.ledger.verify() == ()


def test_r30_a_swap_is_asked_for_with_a_form_and_only_the_taker_may_accept(town: Town, answer: Answer) -> None:
    """The giver fills the form in, the taker accepts, and both DAGs say who is on call."""
    forms = ["cellxgene.oncall.swap", "cellxgene.oncall.override"]
    town.api.wait_parsed(forms, timeout=60)
    rotation = town.team.rotations["oncall"]
    town.conductor.set_clock(rotation.next_handoff(town.conductor.now))
    shift = rotation.next_shift("primary", town.conductor.now)
    assert shift is not None
    busy = {held.person for at in (town.conductor.now, shift.start) for held in rotation.turns_at(at).values()}
    taker = next(name for name in rotation.plan.newest.members.everybody if name not in busy)
    giver, end = shift.person, shift.start + timedelta(days=1)
    form = {"role": "primary", "giver": giver, "taker": taker, "start": shift.start.isoformat(), "end": end.isoformat()}
    with town.airflow.api(str(town.team.people[giver].airflow)) as api:
        run = api.trigger(forms[0], conf=form, run_id=f"form__{town.conductor.now:%Y-%m-%dT%H%M%S}")

    def waits() -> bool:
        task = town.tasks(run).get("answer_the_swap")
        return task is not None and task.state == "deferred"

    town.conductor.lead([run], Nobody(), until=waits)
    answer(str(town.team.people[taker].airflow), run, "answer_the_swap", "Accept")
    (ended,) = town.conductor.lead([run], Nobody())
    assert ended.state == "success", town.tasks(run)
    team = in_fact(town.team, town.ledger)
    assert team.on_call("primary", shift.start).person == taker
    assert team.on_call("primary", end).person == giver

    later = end + timedelta(days=1)
    for comes, span, state in (([taker], (end, later), "success"), ([taker], (later, end), "failed")):
        conf = {"type": "set", "role": "primary", "comes": comes, "goes": "", "reason": "the form's test"}
        conf |= {"start": span[0].isoformat(), "end": span[1].isoformat()}
        with town.airflow.api(str(town.team.people[giver].airflow)) as api:
            run = api.trigger(forms[1], conf=conf, run_id=f"form__{state}__{town.conductor.now:%Y-%m-%dT%H%M%S}")
        (ended,) = town.conductor.lead([run], Nobody())
        assert ended.state == state, town.tasks(run)
    assert in_fact(town.team, town.ledger).on_call("primary", end).person == taker
    assert in_fact(town.team, town.ledger).on_call("primary", later).person == giver
