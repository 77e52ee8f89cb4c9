"""Schedules of layers and changes against a plain re-computation, and the laws of timelines (R15 … R33)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from stationmaster.core.instants import Weekday
from stationmaster.core.rotations.changes import Cover, Override, OverrideType, Stint, Temporary, contradictions
from stationmaster.core.rotations.schedule import BackwardsSpan, Layer, Schedule
from stationmaster.core.rotations.windows import Window, is_open
from tests.core.rotations.making import revision, rotation

START = datetime(2024, 3, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
PEOPLE = "abcd"
people = st.sampled_from(PEOPLE)
hours = st.integers(0, 24 * 14)


@st.composite
def spans(draw: st.DrawFn) -> tuple[datetime, datetime]:
    first, last = sorted(draw(st.sets(hours, min_size=2, max_size=2)))
    return START + first * HOUR, START + last * HOUR


@st.composite
def overrides(draw: st.DrawFn) -> Override:
    start, end = draw(spans())
    kind = draw(st.sampled_from(OverrideType))
    return Override(
        id=draw(st.text("xyz", min_size=1, max_size=2)),
        type=kind,
        people=() if kind is OverrideType.REMOVE else (draw(people),),
        remove=draw(people) if kind in (OverrideType.REPLACE, OverrideType.REMOVE) else None,
        start=start,
        end=end,
        priority=draw(st.integers(0, 2)),
        created_at=draw(st.one_of(st.none(), hours.map(lambda hour: START + hour * HOUR))),
    )


@st.composite
def covers(draw: st.DrawFn) -> Cover:
    start, end = draw(spans())
    giver, taker = draw(st.permutations(PEOPLE))[:2]
    return Cover(id=draw(st.text("xyz", max_size=2)), giver=giver, taker=taker, start=start, end=end)


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    days = draw(st.sets(st.sampled_from(Weekday), min_size=1))
    opens, closes = (time(draw(st.integers(0, 23))) for _ in range(2))
    windows = (Window(days=tuple(sorted(days)), start=opens, end=closes, zone="Europe/Zurich"),)
    if draw(st.booleans()):
        plan = rotation("a b c", kind="daily", zone="Europe/Zurich").plan
        return Layer(plan=plan, windows=windows if draw(st.booleans()) else (), priority=draw(st.integers(0, 2)))
    return Layer(people=(draw(people),), windows=windows, priority=draw(st.integers(0, 2)))


@st.composite
def temporaries(draw: st.DrawFn) -> Temporary:
    start, end = draw(spans())
    stints = tuple(
        Stint(people=(draw(people),), start=begins, end=ends) for begins, ends in draw(st.lists(spans(), max_size=2))
    )
    return Temporary(id=draw(st.text("xyz", max_size=2)), start=start, end=end, stints=stints)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    return Schedule(
        mode=draw(st.sampled_from(["union", "priority"])),
        layers=tuple(draw(st.lists(layers(), min_size=1, max_size=3))),
        overrides=tuple(draw(st.lists(overrides(), max_size=5, unique_by=lambda each: each.id))),
        covers=tuple(draw(st.lists(covers(), max_size=3, unique_by=lambda each: each.id))),
        temporary=tuple(draw(st.lists(temporaries(), max_size=2, unique_by=lambda each: each.id))),
    )


def by_hand(schedule: Schedule, at: datetime) -> set[str]:
    """Who is on call, by the words of the rules and nothing else."""
    for temporary in sorted(schedule.temporary, key=lambda each: each.strength, reverse=True):
        if temporary.start <= at < temporary.end:
            return {name for stint in temporary.stints if stint.start <= at < stint.end for name in stint.people}
    active: list[tuple[int, set[str]]] = []
    for layer in schedule.layers:
        if not layer.windows or is_open(layer.windows, at):
            names = set(layer.people) if layer.plan is None else set(layer.plan.people_at("primary", at))
            if names:
                active.append((layer.priority, names))
    highest = max((priority for priority, _ in active), default=0)
    found = {name for priority, names in active if schedule.mode == "union" or priority == highest for name in names}
    takers: dict[str, str] = {}
    for cover in sorted(schedule.covers, key=lambda each: each.strength):
        if cover.start <= at < cover.end:
            takers[cover.giver] = cover.taker
    found = {takers.get(name, name) for name in found}
    now = sorted((each for each in schedule.overrides if each.start <= at < each.end), key=lambda each: each.strength)
    sets = [each for each in now if each.type is OverrideType.SET]
    if sets:
        found = set(sets[-1].people)
    leaves = {str(each.remove): each.people for each in now if each.remove is not None}
    found = {kept for name in found for kept in leaves.get(name, (name,))}
    return found | {name for each in now if each.type is OverrideType.ADD for name in each.people}


@settings(deadline=None)
@given(schedules(), st.lists(st.integers(0, 24 * 14 * 4), min_size=1, max_size=20))
def test_who_is_on_call_follows_the_rules(schedule: Schedule, quarters: list[int]) -> None:
    for quarter in quarters:
        at = START + quarter * timedelta(minutes=15)
        assert set(schedule.people_at(at)) == by_hand(schedule, at)
        assert list(schedule.people_at(at)) == sorted(schedule.people_at(at))


@settings(deadline=None)
@given(schedules(), spans())
def test_a_timeline_fills_its_span_and_says_what_each_instant_says(
    schedule: Schedule, span: tuple[datetime, datetime]
) -> None:
    found = schedule.timeline(*span)
    assert (found[0].start, found[-1].end) == span
    assert all(one.end == other.start and one.people != other.people for one, other in pairwise(found))
    for turnout in found:
        middle = turnout.start + (turnout.end - turnout.start) / 2
        last = turnout.end - timedelta(microseconds=1)
        assert {schedule.people_at(at) for at in (turnout.start, middle, last)} == {turnout.people}


@settings(deadline=None)
@given(schedules(), hours)
def test_the_next_change_is_the_first(schedule: Schedule, hour: int) -> None:
    at = START + hour * HOUR
    change = schedule.next_change(at)
    end = at + timedelta(days=5)
    timeline = schedule.timeline(at, end)
    if len(timeline) > 1:
        assert change == timeline[0].end
    else:
        assert change is None or change >= end


def test_an_empty_span_has_no_timeline_and_a_backward_one_is_refused() -> None:
    schedule = Schedule(layers=(Layer(people=("a",)),))
    assert schedule.timeline(START, START) == ()
    with pytest.raises(BackwardsSpan):
        schedule.timeline(START, START - HOUR)


def test_r33_two_people_who_swap_with_each_other_change_places() -> None:
    span = (START, START + 48 * HOUR)
    swapped = (
        Cover(id="1", giver="a", taker="b", start=span[0], end=span[1]),
        Cover(id="2", giver="b", taker="a", start=span[0], end=span[1]),
    )
    schedule = Schedule(layers=(Layer(people=("a",)),), covers=swapped)
    assert schedule.people_at(START) == ("b",)


@pytest.mark.parametrize(
    ("kind", "people", "remove"),
    [("set", (), None), ("set", ("a",), "b"), ("replace", ("a",), None), ("add", ("a",), "b"), ("remove", ("a",), "b")],
)
def test_an_override_that_says_too_little_or_too_much_is_refused(
    kind: OverrideType, people: tuple[str, ...], remove: str | None
) -> None:
    with pytest.raises(ValidationError):
        Override(type=kind, people=people, remove=remove, start=START, end=START + HOUR)


def test_an_override_of_no_length_is_refused() -> None:
    with pytest.raises(ValidationError, match="ends after it starts"):
        Override(type=OverrideType.SET, people=("a",), start=START, end=START)


def test_r27_equals_that_say_different_things_contradict_each_other() -> None:
    def override(name: str, person: str, begins: int, ends: int, priority: int = 0) -> Override:
        return Override(
            id=name,
            type=OverrideType.SET,
            people=(person,),
            start=START + begins * HOUR,
            end=START + ends * HOUR,
            priority=priority,
        )

    one, other = override("1", "a", 0, 4), override("2", "b", 2, 6)
    (found,) = contradictions((one, other))
    assert (found.winner, found.loser) == (other, one)
    assert (found.start, found.end) == (START + 2 * HOUR, START + 4 * HOUR)
    assert Schedule(overrides=(one, other)).people_at(found.start) == ("b",)
    assert contradictions((one, override("2", "b", 4, 6))) == ()
    assert contradictions((one, override("2", "a", 2, 6))) == ()
    assert contradictions((one, override("2", "b", 2, 6, priority=1))) == ()


def test_r67_a_revision_takes_over_at_once_or_at_the_next_handoff() -> None:
    from stationmaster.core.rotations.plan import Plan

    changed_at = datetime(2021, 10, 6, 12, tzinfo=UTC)
    old = revision("ada ben cleo")
    at_once = Plan(id="r", revisions=(old, revision("dev", effective_from=changed_at)))
    later = Plan(id="r", revisions=(old, revision("dev", effective_from=changed_at, takes_over="at_handoff")))
    handoff = datetime(2021, 10, 11, 16, tzinfo=UTC)
    for plan, takes_over in ((at_once, changed_at), (later, handoff)):
        assert plan.people_at("primary", takes_over - HOUR) == ("ada",)
        assert plan.people_at("primary", takes_over) == ("dev",)
        assert plan.turn_at(takes_over).start == takes_over
        assert plan.turn_at(takes_over - HOUR).end == takes_over


def test_revisions_out_of_order_are_refused() -> None:
    from stationmaster.core.rotations.plan import Plan

    at = datetime(2021, 10, 6, tzinfo=UTC)
    for several in (
        (revision("ada", effective_from=at),),
        (revision("ada"), revision("ben")),
        (revision("ada"), revision("ben", effective_from=at), revision("dev", effective_from=at)),
    ):
        with pytest.raises(ValidationError):
            Plan(id="r", revisions=several)
