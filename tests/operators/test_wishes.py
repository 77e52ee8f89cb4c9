"""A form is carried out soon after it was filled in, or never: whoever touches its run later only looks (F71)."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from stationmaster.departures import mandates
from stationmaster.ledger.records import DepartureState
from stationmaster.operators import wishes
from stationmaster.rollouts import records, speaking
from tests.departures.test_going_back import prod, promoted, shas, three
from tests.departures.test_hotfixes import on_main
from tests.departures.week import EXPLORER, PORTAL
from tests.handoffs.conftest import boards, ledger, monday
from tests.operators.runs import Run
from tests.operators.test_changing_tasks import ASK, OVERRIDE, SPAN, SWAP
from tests.operators.test_changing_tasks import form as change
from tests.operators.test_going_back_tasks import run as back
from tests.operators.test_going_back_tasks import start
from tests.operators.test_handing_over import shift
from tests.operators.test_hotfix_tasks import fill_in
from tests.operators.test_hotfix_tasks import run as hotfix
from tests.operators.test_rolling_out_tasks import form
from tests.rollouts.conftest import board, rolling
from tests.rollouts.making import DEPARTURE

__all__ = [
    "back", "board", "boards", "change", "form", "hotfix", "ledger", "monday", "promoted", "rolling", "shift", "three",
]  # fmt: skip

NEWEST = "cellxgene.weekly/2021-W44"
OLD, REFUSED = "this form is too old", "this form was refused when it was filled in"


def script(week: Any, conclusion: str) -> None:
    for repo, workflow in ((PORTAL, "deploy-happy-stack.yml"), (EXPLORER, "deploy.yml")):
        week.github.script_runs(repo, workflow, conclusion=conclusion)


# The rollback.


def test_f71_a_rollback_that_was_never_carried_out_is_over_after_an_hour(back):
    before = prod(back.week)
    start(back)  # go_back is marked as success before it runs
    back.week.clock.move(days=5)
    found = back.drive("go_back")  # and is cleared
    assert (found.kind, OLD in found.text, "Fill the form in again" in found.text) == ("failed", True, True)
    assert prod(back.week) == before
    assert back.week.ledger.departure(NEWEST).state is DepartureState.DONE
    assert mandates.mandates(back.week.station(), NEWEST) == ()


def test_f71_within_the_hour_it_is_carried_out(back):
    start(back)
    back.week.clock.move(minutes=59)
    assert back.drive("go_back").kind == "done"
    assert prod(back.week) == shas(back.week.manifests[1])


def test_f71_a_rollback_that_has_begun_is_followed_however_late(back):
    start(back)
    assert back.start("go_back").kind == "deferred"
    back.week.clock.move(days=2)
    assert back.drive("go_back").kind == "done"


def test_f71_a_rollback_that_was_refused_stays_refused(back):
    week = back.week
    start(back)
    assert back.start("go_back").kind == "deferred"
    second = Run(week=week, stop="rollback", asked=back.asked, user="amara")
    start(second, to="2021-W42", reason="older")
    found = second.start("go_back")
    assert (found.kind, "on its way back already" in found.text) == ("failed", True)
    script(week, "failure")
    assert back.drive("go_back").kind == "failed"
    script(week, "success")
    before = prod(week)
    found = second.drive("go_back")  # cleared, minutes later
    assert (found.kind, REFUSED in found.text, "on its way back already" in found.text) == ("failed", True, True)
    assert prod(week) == before
    assert [each.by for each in mandates.mandates(week.station(), NEWEST)] == ["emil"]


def aged(run: Run, monkeypatch: pytest.MonkeyPatch, days: int = 5) -> None:
    """Airflow says that the run was started days before the try."""
    real, begun = run.context, datetime(2021, 11, 1, tzinfo=UTC)

    def context(task_id: str) -> dict[str, Any]:
        found = real(task_id)
        found["dag_run"].run_after, found["ti"].start_date = begun, begun + timedelta(days=days)
        return found

    monkeypatch.setattr(run, "context", context)


def test_f71_a_form_whose_first_task_was_marked_is_too_old_by_airflows_clock(back, monkeypatch):
    aged(back, monkeypatch)
    found = start(back)
    assert (found.kind, OLD in found.text) == ("failed", True)
    assert "Clear it first" in back.start("go_back").text
    assert back.week.ledger.departure(NEWEST).state is DepartureState.DONE


# The rollout.


def test_f71_a_rollout_that_was_refused_is_opened_by_nobody_later(form):
    rolling = form.rolling
    form.params["dry_run"] = False
    rolling.open()
    form.params["plan"] = 'Friday:\n  "9:00": [bkfrj]'
    form.run("check_the_plan")
    with pytest.raises(AirflowFailException, match="open"):
        form.run("open_the_rollout")
    station = rolling.station()
    speaking.say(station, speaking.open_record(station), "abort", why="the version is bad", by="bojan")
    with pytest.raises(AirflowFailException, match=REFUSED):
        form.run("open_the_rollout")
    assert records.newest(rolling.ledger, DEPARTURE).number == 1


def test_f71_a_rollout_that_was_never_opened_is_over_after_an_hour(form):
    form.params["dry_run"] = False
    form.run("check_the_plan")
    form.rolling.clock.move(days=1)
    with pytest.raises(AirflowFailException, match=OLD):
        form.run("open_the_rollout")
    assert records.newest(form.rolling.ledger, DEPARTURE) is None


# The hotfix.


def test_f71_a_hotfix_that_was_refused_is_put_on_top_by_nobody_later(hotfix):
    fill_in(hotfix, on_main(hotfix.week), branch="mend")
    assert hotfix.start("open_departure").kind == "done"
    assert "has no branch" in hotfix.start("put_the_commits_on_top").text
    hotfix.week.station().forge.move_branch(EXPLORER, "mend", hotfix.params["commits"][0])
    found = hotfix.start("put_the_commits_on_top")
    assert (found.kind, REFUSED in found.text) == ("failed", True)
    assert hotfix.week.ledger.manifest_of(hotfix.xcoms["open_departure", "departure"]) is None


def test_f71_the_commits_of_a_hotfix_are_put_on_top_soon_or_never(hotfix):
    fill_in(hotfix, on_main(hotfix.week))
    assert hotfix.start("open_departure").kind == "done"
    before = len(hotfix.week.github.writes(applied=True))
    hotfix.week.clock.move(days=5)
    found = hotfix.start("put_the_commits_on_top")
    assert (found.kind, OLD in found.text) == ("failed", True)
    assert len(hotfix.week.github.writes(applied=True)) == before
    assert hotfix.week.ledger.manifest_of(hotfix.xcoms["open_departure", "departure"]) is None


# Skipping.


def test_f71_a_skip_that_was_never_carried_out_skips_no_later_week(week, monkeypatch):
    monkeypatch.setattr("stationmaster.departures.station.Station", lambda **fields: week.station())
    monkeypatch.setattr("stationmaster.clock.now", week.clock)
    skip = Run(week=week, stop="cut", asked=[], user="farah", params={"skip_reason": "nobody is here"})
    aged(skip, monkeypatch)
    found = skip.start("open_departure")
    assert (found.kind, OLD in found.text) == ("failed", True)
    opened = week.ledger.departures(week.team.trains["weekly"].key)
    assert all(each.state is not DepartureState.SKIPPED for each in opened)


# Who is on call.


@pytest.mark.parametrize(
    "what, task, filled, wrong",
    [
        ("override", "make_the_override", OVERRIDE, {"comes": ["nobody"]}),
        ("swap", ASK, SWAP, {"taker": "nobody"}),
    ],
)
def test_f71_a_change_of_who_is_on_call_that_was_refused_stays_refused(change, what, task, filled, wrong):
    run = change(what, **{**filled, **wrong}, **SPAN)
    assert run.start(task).kind == "failed"
    run.params |= filled
    found = run.start(task)
    assert (found.kind, REFUSED in found.text) == ("failed", True)


# The two clocks.


class Desk:
    def __init__(self) -> None:
        self.at = datetime(2021, 11, 1, 12, tzinfo=UTC)
        self.kept: dict[str, Any] = {}
        self.ledger = self

    def now(self) -> datetime:
        return self.at

    def fact(self, about: str, kind: str, run: str) -> Any:
        return self.kept.get(run)

    def record_once(self, about: str, kind: str, run: str, value: Any, *_: Any, **__: Any) -> None:
        self.kept.setdefault(run, SimpleNamespace(value=value))


def context(age: timedelta = timedelta(0)) -> Any:
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    run = SimpleNamespace(run_after=begun, triggering_user_name="emil")
    return {"dag_run": run, "ti": SimpleNamespace(start_date=begun + age, task_id="a_task", log_url="")}


@pytest.mark.parametrize("ours, airflows, open_", [(59, 59, True), (61, 1, False), (1, 61, False)])
def test_f71_a_form_is_good_for_an_hour_by_either_clock(ours, airflows, open_):
    desk, done = Desk(), []
    since = desk.at - timedelta(minutes=ours)
    carried_out = wishes.deciding(desk, context(timedelta(minutes=airflows)), "dag/run", about="x", since=since)
    with nullcontext() if open_ else pytest.raises(AirflowFailException, match=OLD), carried_out:
        done.append(1)
    assert bool(done) is open_


def test_f71_what_waits_in_its_own_try_was_not_touched():
    desk, done = Desk(), []
    with wishes.deciding(desk, context(timedelta(days=9)), "dag/run", about="x", event={"settled": "PASS"}):
        done.append(1)
    assert done


def test_f71_what_only_passes_decides_nothing():
    desk = Desk()
    with pytest.raises(TimeoutError), wishes.deciding(desk, context(), "dag/run", about="x"):
        raise TimeoutError("GitHub is away")
    with wishes.deciding(desk, context(), "dag/run", about="x"):
        assert desk.kept == {}
