"""The bench of the engine compares like with like; whether it is fast enough is the bench's to say, not a test's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from stationmaster.rehearsal import bench_who


def test_three_libraries_name_the_same_people() -> None:
    ours = bench_who.by_engine(bench_who.rotation())
    calendar, rule = bench_who.by_calendar(), bench_who.by_rule()
    for year in bench_who.AGES:
        for at in bench_who.instants(year, 40):
            assert ours(at) == rule(at) == calendar(at)


def test_overrides_of_others_change_nobody() -> None:
    plain, changed = (bench_who.by_engine(bench_who.rotation(overrides=count)) for count in (0, 500))
    assert all(plain(at) == changed(at) for at in bench_who.instants(2025, 200))


def test_every_bound_of_the_issue_is_measured() -> None:
    rows = {row.what: row for row in bench_who.measure(quick=True)}
    assert len(rows) == 10
    assert {row.times for what, row in rows.items() if "recurring" in what and what.startswith("who")} == {20}
    assert all(row.ours > 0 and row.theirs > 0 for row in rows.values())


def test_many_teams_are_loaded_and_answered(tmp_path: Path) -> None:
    (row,) = bench_who.cold_teams(tmp_path, (3, 9))
    assert "9" in row.what
    assert row.ours > 0


def test_a_row_is_kept_when_it_is_fast_enough() -> None:
    assert bench_who.Row("", 1, 20, 20).kept
    assert not bench_who.Row("", 1, 19, 20).kept


def test_instants_are_the_same_each_time_and_within_their_year() -> None:
    found = bench_who.instants(2035, 50)
    assert found == bench_who.instants(2035, 50)
    assert all(datetime(2035, 1, 1, tzinfo=UTC) < at < datetime(2035, 12, 31, tzinfo=UTC) for at in found)
    assert max(found) - min(found) > timedelta(days=200)
