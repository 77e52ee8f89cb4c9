"""The bench of many trains: they load, each DAG is found alone, and the figures are those of the middle."""

from __future__ import annotations

import shutil

from stationmaster.assemble.include import dags_of
from stationmaster.config.loader import load
from stationmaster.rehearsal.bench_parse import Parsing
from stationmaster.rehearsal.bench_trains import measure, middle, write_trains
from tests.rehearsal.good_week import INCLUDE


def bundle(tmp_path):
    shutil.copytree(INCLUDE, tmp_path / "include")
    return tmp_path, tmp_path / "include" / "trains" / "cellxgene.weekly.yaml"


def test_the_copies_are_trains_and_the_last_one_is_named(tmp_path):
    team, train = bundle(tmp_path)
    assert write_trains(team, train, 1) == "cellxgene.weekly"
    assert write_trains(team, train, 4) == "cellxgene.weekly-0003"
    found = load(team / "include", ["cellxgene"])
    assert found.problems == ()
    assert list(found.team("cellxgene").trains) == ["weekly-0001", "weekly-0002", "weekly-0003", "weekly"]
    only = [dag.dag_id for dag in dags_of(team / "include", only="cellxgene.weekly-0003.promote")]
    assert only == ["cellxgene.weekly-0003.promote"]


def test_each_count_is_measured_whole_and_for_one_dag(tmp_path):
    team, train = bundle(tmp_path)
    asked = []

    def parse(dag_id):
        asked.append(dag_id)
        return Parsing(float(len(asked)), 1.0, 100.0)

    rows = measure(team, train, (1, 3), parse, 2)
    assert asked == [None, None, *["cellxgene.weekly.promote"] * 2, None, None, *["cellxgene.weekly-0002.promote"] * 2]
    assert [(row.trains, row.whole.whole, row.one.whole) for row in rows] == [(1, 1.5, 3.5), (3, 5.5, 7.5)]


def test_the_middle_of_each_figure():
    assert middle([Parsing(1, 9, 5), Parsing(3, 1, 5), Parsing(2, 2, 8)]) == Parsing(2, 2, 5)
