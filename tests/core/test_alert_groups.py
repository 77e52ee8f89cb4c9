"""Which alerts fire, in which order their words ever came (D-16, D-18)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

from stationmaster.core.alert_groups import Decided, Event, groups_of, named, standing_alerts, undecided

NOON = datetime(2024, 3, 11, 12, tzinfo=UTC)


def _event(alert: str, minute: int = 0, status: str = "firing", **more: str) -> Event:
    at = NOON + timedelta(minutes=minute)
    return Event(source="pagerduty", alert=alert, status=status, at=at, title=alert, **more)


def test_d18_the_order_in_which_events_come_changes_nothing() -> None:
    events = [
        _event("a"), _event("a", 5, "resolved"), _event("a", 9), _event("b"), _event("b", 0, "resolved"), _event("a"),
    ]  # fmt: skip
    expected = standing_alerts(events)
    assert {name: event.status for name, event in expected.items()} == {
        "pagerduty/a": "firing",
        "pagerduty/b": "resolved",
    }
    assert all(standing_alerts(order) == expected for order in permutations(events))


def test_d18_alerts_are_grouped_by_cluster_and_severity_the_worst_first() -> None:
    events = [
        _event("a", cluster="io67a", severity="warning"),
        _event("b", cluster="io67a", severity="critical"),
        _event("c", cluster="io67a", severity="critical"),
        _event("d", cluster="shefu", severity="critical"),
        _event("e", cluster="shefu", severity="odd"),
        _event("f", 0, "resolved", cluster="gone", severity="critical"),
    ]
    found = groups_of(events, ["critical", "warning"])
    assert [(group.cluster, group.severity, len(group.alerts)) for group in found] == [
        ("io67a", "critical", 2),
        ("shefu", "critical", 1),
        ("io67a", "warning", 1),
        ("shefu", "odd", 1),
    ]
    assert len({group.key for group in found}) == 4


def test_d18_a_decision_covers_what_was_known_and_not_what_comes_or_comes_again() -> None:
    first, second = _event("a"), _event("b", 1)
    (group,) = groups_of([first, second])
    decided = Decided("leave", "anouk", frozenset({named(first)}))
    assert undecided(group, None) == (first, second)
    assert undecided(group, decided) == (second,)
    (again,) = groups_of([first, _event("a", 5, "resolved"), _event("a", 9)])
    assert [event.at for event in undecided(again, decided)] == [NOON + timedelta(minutes=9)]
