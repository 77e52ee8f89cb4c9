"""A rollback whose process is killed before or after each of its writes ends as if nothing had happened (F01 … F04)."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from stationmaster.departures import rolling_back
from stationmaster.departures.mandates import present
from stationmaster.ledger import Ledger
from stationmaster.ledger.errors import EffectBusy, EffectRefused, EffectUnknown
from stationmaster.ledger.records import DepartureState
from tests.departures import test_crash_points
from tests.departures.test_crash_points import KILLED, SharedClock, in_a_child, seen
from tests.departures.test_rolling_back import ask
from tests.departures.week import EXPLORER, PORTAL, Week, new_week

_POINTS = 20


def take_back(week: Week) -> None:
    """The form and its task, as they go on after a crash."""
    if present(week.station(), week.departure) is None:
        ask(week)
    for _ in range(120):
        try:
            if rolling_back.advance(week.station(), week.departure).opens:
                return
        except (EffectUnknown, EffectBusy, EffectRefused):
            week.clock.move(minutes=3)
        week.clock.move(seconds=30)
    raise AssertionError(week.ledger.departure(week.departure))


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_f02_a_kill_at_each_write_of_a_way_back_changes_nothing_about_how_it_ends(
    boards, sqlite_template, tmp_path, monkeypatch, after: bool
) -> None:
    """The portal is on production, the explorer is being deployed: it is stopped, and the portal goes back."""
    monkeypatch.setattr(test_crash_points, "play", take_back)

    def fresh(name: str) -> tuple[Week, str, str | None]:
        path = tmp_path / f"{name}.db"
        shutil.copyfile(sqlite_template, path)
        url = f"sqlite:///{path}"
        week = new_week(boards, Ledger.at(url), clock=SharedClock(datetime(2021, 10, 21, 16, 0, tzinfo=UTC)))
        week.ready()
        before = week.github.deployed(PORTAL, "prod")
        week.deploy("promote", "portal")
        week.verify("promote", "portal")
        week.advance("promote", "explorer")
        week.github.script_runs(EXPLORER, "deploy.yml", duration=timedelta(hours=9))
        return week, url, before

    week, url, before = fresh("undisturbed")
    assert in_a_child(week, url, None) == 0
    expected = seen(week)
    assert expected["state"] is DepartureState.ROLLED_BACK
    assert expected["locks"] == ()
    assert week.github.deployed(PORTAL, "prod") == before
    reached = 0
    for point in range(1, _POINTS):
        week, url, before = fresh(f"point-{point}")
        ended = in_a_child(week, url, point, after=after)
        if ended == 0:
            break
        assert ended == KILLED
        reached += 1
        week.clock.move(seconds=timedelta(minutes=3).total_seconds())
        assert in_a_child(week, url, None) == 0, f"it does not go on after a kill at write {point}"
        assert seen(week) == expected, f"write {point}"
        assert week.github.deployed(PORTAL, "prod") == before
        assert week.ledger.verify() == ()
    assert 4 <= reached < _POINTS - 1
