"""What somebody writes becomes a schedule, or every mistake at once (issue: rollout over days)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stationmaster.config.plan_text import read_plan
from stationmaster.core.instants import first_instant, last_instant, to_local
from stationmaster.core.rollouts.checking import checked
from stationmaster.core.rollouts.days import day_named
from stationmaster.core.rollouts.plan import PlanInvalid, RolloutPlan, Separation, UnknownBatch

SHA, OTHER = "a" * 40, "b" * 40
TARGETS = ("io67a-2wj2c", "shefu-t3kr5", "uzr34-akd3s", "pjljw-kztyl", "qdvhd-os4o2", "bkfrj-6k62g", "tdb26-jop6k")
TARGETS += ("pzp6e-ekpqk", "pae4o-o6dxf")
MONDAY = date(2026, 11, 23)
EARLY = datetime(2026, 11, 22, 12, tzinfo=UTC)

REALISTIC = """\
zone: UTC
Monday:
  "9:00": [io67a]              # canary
  "11:00": [shefu, uzr34]
Tuesday:
  "7:00": [pjljw, {target: qdvhd, version: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb}, bkfrj]
Monday next week:
  "7:00": [tdb26]
"""


def plan(text: str, **changes: object) -> RolloutPlan:
    given_ = {"targets": TARGETS, "version": SHA, "zone": "UTC", "start": MONDAY, "now": EARLY} | changes
    return checked(read_plan(text), **given_)


def mistakes(text: str, **changes: object) -> list[str]:
    with pytest.raises(PlanInvalid) as refused:
        plan(text, **changes)
    assert str(refused.value).splitlines() == [str(each) for each in refused.value.mistakes]
    return [str(each) for each in refused.value.mistakes]


def test_d09_a_realistic_plan_becomes_batches_in_time() -> None:
    found = plan(REALISTIC)
    assert [(batch.number, f"{batch.at:%Y-%m-%d %H:%M}") for batch in found.batches] == [
        (1, "2026-11-23 09:00"),
        (2, "2026-11-23 11:00"),
        (3, "2026-11-24 07:00"),
        (4, "2026-11-30 07:00"),
    ]
    assert [(way.target, way.version) for way in found.batches[2].ways] == [
        ("pjljw-kztyl", SHA),
        ("qdvhd-os4o2", OTHER),
        ("bkfrj-6k62g", SHA),
    ]
    assert found.batches[1].label == "batch 2 · shefu-t3kr5, uzr34-akd3s"


def test_a_label_of_many_targets_stays_short() -> None:
    found = plan("Monday:\n  9:00: [io67a, shefu, uzr34, pjljw, qdvhd]")
    assert found.batch(1).label == "batch 1 · io67a-2wj2c, shefu-t3kr5, uzr34-akd3s and 2 more"
    with pytest.raises(UnknownBatch):
        found.batch(2)


def test_times_without_quotes_keep_their_meaning() -> None:
    """YAML 1.1 reads 9:00 as 540, 17:30 as 1050 and 00:30 as 30."""
    assert [batch.at.time() for batch in plan("Monday:\n  00:30: [io]\n  9:00: shefu\n  17:30: [uzr34]").batches] == [
        time(0, 30),
        time(9),
        time(17, 30),
    ]


@pytest.mark.parametrize(
    "text, start, expected",
    [
        ("Monday", date(2026, 11, 26), date(2026, 11, 23)),
        ("monday NEXT  week", date(2026, 11, 26), date(2026, 11, 30)),
        ("Sunday", date(2026, 11, 23), date(2026, 11, 29)),
        ("Friday in 1 week", date(2026, 11, 23), date(2026, 12, 4)),
        ("Friday in 3 weeks", date(2026, 11, 23), date(2026, 12, 18)),
        ("Monday next week", date(2026, 12, 31), date(2027, 1, 4)),
        ("Friday", date(2026, 12, 31), date(2027, 1, 1)),
        ("Thursday", date(2027, 1, 2), date(2026, 12, 31)),
        ("2027-01-04", date(2026, 11, 23), date(2027, 1, 4)),
        ("2027-02-30", date(2026, 11, 23), None),
        ("Funday", date(2026, 11, 23), None),
        ("Monday last week", date(2026, 11, 23), None),
        ("Monday in 0 weeks", date(2026, 11, 23), None),
        ("", date(2026, 11, 23), None),
    ],
)
def test_f28_days_count_from_the_week_of_the_start(text: str, start: date, expected: date | None) -> None:
    assert day_named(text, start) == expected


def test_f35_a_plan_over_a_clock_change_keeps_its_local_times() -> None:
    text = "zone: Europe/Zurich\nSaturday:\n  9:00: [io67a]\nSunday:\n  9:00: [shefu]\nMonday next week:\n  9:00: [uzr]"
    found = plan(text, start=date(2026, 10, 19), now=datetime(2026, 10, 19, tzinfo=UTC))
    assert [batch.at.hour for batch in found.batches] == [7, 8, 8]
    assert {to_local(batch.at, "Europe/Zurich").hour for batch in found.batches} == {9}


@pytest.mark.parametrize(
    "start, time_, why",
    [
        (date(2026, 3, 23), "2:30", "2026-03-29 02:30 does not exist in Europe/Zurich"),
        (date(2026, 10, 19), "2:30", "2026-10-25 02:30 comes twice in Europe/Zurich"),
    ],
)
def test_f35_a_time_that_the_clocks_skip_or_repeat_is_a_mistake(start: date, time_: str, why: str) -> None:
    text = f'zone: Europe/Zurich\nSunday:\n  "{time_}": [io67a]'
    found = mistakes(text, start=start, now=datetime(2026, 1, 1, tzinfo=UTC))
    assert found == [f"line 3: {why}. Write a time that the clocks show once on that day."]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Monday:\n  9:00: [io68a-zzzzz]", ["line 2: there is no target 'io68a-zzzzz'. Use one of the targets"]),
        ("Monday:\n  9:00: [io67a-2wj3c]", ["line 2: there is no target 'io67a-2wj3c'. Did you mean 'io67a-2wj2c'?"]),
        ("Monday:\n  9:00: [p]", ["line 2: 'p' may be any of pjljw-kztyl, pzp6e-ekpqk, pae4o-o6dxf."]),
        ("Monday:\n  9:00: ['']", ["line 2: there is no target ''."]),
        ("Monday:\n  9:00: [io67a]\n  10:00: [io67]", ["line 3: io67a-2wj2c stands on line 2 already."]),
        ("Tuesday:\n  9:00: [io67a]\nMonday:\n  9:00: [shefu]", ["line 4: Mon 23 Nov 2026 09:00 UTC is not after the"]),
        ("Monday:\n  9:00: [io67a]\n  09:00: [shefu]", ["line 3: Mon 23 Nov 2026 09:00 UTC is not after the batch on"]),
        ("Monday:\n  9:00: [io67a]\n  9:00: [shefu]", ["line 3: '9:00' stands on line 2 already. Keep one"]),
        ("Moonday:\n  9:00: [io67a]", ["line 1: 'Moonday' is no day. Write a weekday"]),
        ("Monday:\n  540: [io67a]", ["line 2: '540' is no time of day. Write hours"]),
        ("Monday:\n  24:00: [io67a]", ["line 2: '24:00' is no time of day."]),
        ("Monday:\n  9:00: []", ["line 2: the batch at 9:00 is empty."]),
        ("Monday:\n  9:00:", ["line 2: the batch at 9:00 is empty."]),
        ("Monday:", ["line 1: Monday has no batch."]),
        ("", ["line 1: the plan is empty."]),
        ("Monday:\n  9:00: [{target: io67a, version: abc}]", ["line 2: 'abc' is no version. Write the forty hex"]),
        ("Monday:\n  9:00: [{version: abc}]", ["line 2: this target has no name."]),
        ("Monday:\n  9:00: [{target: io67a, sha: abc}]", ["line 2: a target has no field 'sha'."]),
        ("zone: PST8\nMonday:\n  9:00: [io67a]", ["line 1: 'PST8' is not a time zone. Write zone:"]),
        ("- Monday", ["line 1: the plan is not written as fields."]),
        ("Monday: [io67a]", ["line 1: Monday is not written as fields. Write times"]),
        ("Monday:\n  9:00: [io67a", ["line 2: this is not YAML:"]),
        ("2026-11-20:\n  9:00: [io67a]", ["line 2: Fri 20 Nov 2026 09:00 UTC is over; it is Sun 22 Nov 2026 12:00"]),
    ],
)
def test_bad_input_is_a_sentence_with_its_line_and_a_remedy(text: str, expected: list[str]) -> None:
    found = mistakes(text)
    assert len(found) >= len(expected)
    for sentence in expected:
        assert any(each.startswith(sentence) for each in found), found
    assert all(each.count(". ") >= 1 for each in found)


def test_a_time_without_a_zone_is_a_mistake() -> None:
    assert mistakes("Monday:\n  9:00: [io67a]", zone=None)[0].startswith("line 1: the times of the plan have no zone.")


def test_all_mistakes_are_told_at_once_in_the_order_of_the_text() -> None:
    text = (
        "Monday:\n  9:00: [nobody, io67a]\n  10:00: [p]\nFunday:\n  25:00: [{target: shefu, version: xyz}]\n  7:00: []"
    )
    lines = [each.partition(":")[0] for each in mistakes(text)]
    assert lines == ["line 2", "line 3", "line 4", "line 5", "line 5", "line 6"]


def test_d09_two_targets_that_must_be_apart_may_not_come_near() -> None:
    rule = Separation(targets=frozenset({"uzr34-akd3s", "pzp6e-ekpqk"}))
    near = "Monday:\n  9:00: [uzr34]\nTuesday:\n  8:59: [pzp6e]"
    (only,) = mistakes(near, separations=[rule])
    assert only.startswith("line 4: pzp6e-ekpqk goes less than 24 hours after uzr34-akd3s. ")
    assert only.endswith("Let it go at Tue 24 Nov 2026 09:00 UTC or later.")
    assert mistakes("Monday:\n  9:00: [uzr34, pzp6e]", separations=[rule])
    assert plan(near.replace("8:59", "9:00"), separations=[rule]).batches[1].ways[0].target == "pzp6e-ekpqk"
    assert plan(near, separations=[Separation(targets=rule.targets, by=timedelta(hours=2))])


@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(0, 23), st.integers(0, 59)), unique=True, min_size=1, max_size=30
    ),
    st.sampled_from(["UTC", "Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    st.dates(date(2024, 1, 1), date(2030, 12, 31)),
)
def test_every_batch_stands_where_the_local_clock_shows_its_time(
    whens: list[tuple[int, int, int]], zone: str, start: date
) -> None:
    """Against an oracle: what was written is read off the zone's clocks again, in order, each target once."""
    names = tuple(f"t{number:02}" for number in range(30))
    monday = start - timedelta(days=start.weekday())
    wanted = []
    for days, hour, minute in sorted(whens):
        wall = datetime.combine(monday + timedelta(days=days), time(hour, minute))
        at, last = first_instant(wall, zone), last_instant(wall, zone)
        if at == last and to_local(at, zone).replace(tzinfo=None) == wall:
            wanted.append(wall)
    if not wanted:
        return
    days_of: dict[str, list[str]] = {}
    for name, wall in zip(names, wanted, strict=False):
        days_of.setdefault(f"{wall:%Y-%m-%d}", []).append(f"  {wall.hour}:{wall.minute:02}: [{name}]")
    text = "\n".join(f"{day}:\n" + "\n".join(lines) for day, lines in days_of.items())
    found = plan(text, targets=names, zone=zone, start=start, now=datetime(2020, 1, 1, tzinfo=UTC))
    assert [to_local(batch.at, zone).replace(tzinfo=None) for batch in found.batches] == wanted
    assert [batch.ways[0].target for batch in found.batches] == list(names[: len(wanted)])
    assert RolloutPlan.model_validate(found.model_dump(mode="json")) == found
    assert RolloutPlan.model_validate(found.model_dump(mode="json")).hash == found.hash


@given(st.text(max_size=200))
def test_any_text_is_a_plan_or_a_list_of_mistakes(text: str) -> None:
    """Nothing else comes out of it: a text that holds no target of ours is refused, with a line that it has."""
    assume(not any(text.find(target[:1]) >= 0 for target in TARGETS))
    with pytest.raises(PlanInvalid) as refused:
        plan(text)
    assert refused.value.mistakes
    assert refused.value.mistakes[0].line <= len(text) + 1
