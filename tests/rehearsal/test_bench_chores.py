"""The chores of the bench are real ones: they load, each is a DAG, and one is found alone; no number is judged here."""

from __future__ import annotations

from stationmaster.assemble.include import dags_of
from stationmaster.config.loader import load
from stationmaster.rehearsal.bench import _one_team
from stationmaster.rehearsal.bench_chores import measure, write_copies
from stationmaster.rehearsal.bench_parse import Parsing
from stationmaster.rehearsal.bench_station import TEAM
from tests.rehearsal.good_week import INCLUDE


def test_the_copies_load_and_the_last_is_a_dag(tmp_path):
    team = _one_team(INCLUDE, tmp_path / "team")
    last = write_copies(team / "include", TEAM, 12)
    found = load(team / "include")
    assert (list(found.teams), found.problems) == ([TEAM], ())
    assert sum(name.startswith("copy-") for name in found.team(TEAM).chores) == 12
    assert [dag.dag_id for dag in dags_of(team / "include", only=last)] == [last]
    assert write_copies(team / "include", TEAM, 3) == f"{TEAM}.chores.copy-0002"
    assert sum(name.startswith("copy-") for name in load(team / "include").team(TEAM).chores) == 3


def test_each_count_is_parsed_whole_and_with_one_dag_wanted():
    asked: list[str | None] = []

    def parse(dag_id):
        asked.append(dag_id)
        return Parsing(1.0, 1.0, 1.0)

    rows = measure(lambda count: f"last-of-{count}", (10, 1000), parse, 2)
    assert [row.chores for row in rows] == [10, 1000]
    assert asked == [None, None, "last-of-10", "last-of-10", None, "last-of-1000", "last-of-1000"]
