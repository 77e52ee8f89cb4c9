"""What an installation sees of the incident DAGs: ids, order, forms, looks, effects: a contract (F69)."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from stationmaster.assemble.include import dags_of
from stationmaster.core.incidents import Kind
from stationmaster.incidents import deploys, records, waiting
from stationmaster.ledger.records import DepartureState
from stationmaster.work.waits import UnknownLook
from tests.assemble.test_contracts_of_dags import HEADINGS, described
from tests.departures.week import INCLUDE
from tests.golden_files import assert_golden
from tests.incidents.test_incident_reports import opened
from tests.operators.runs import DAG_FILE

TEAMS = ("cellxgene", "dre", "hausmeister", "operate-first", "threefold")


def dag_of(team):
    (dag,) = dags_of(INCLUDE, dag_file=DAG_FILE, only=f"{team}.incident")
    return dag


@pytest.mark.parametrize("team", ["cellxgene", "hausmeister"])
def test_f69_ids_order_rules_and_forms_are_a_contract(team):
    assert_golden(f"dag_{team}_incident", described(dag_of(team)))


@pytest.mark.parametrize("team", TEAMS)
def test_every_team_has_one_with_whole_documentation_short_retries_and_a_form_that_needs_no_typing(team):
    dag = dag_of(team)
    assert [heading for heading in HEADINGS if f"**{heading}**" not in (dag.doc_md or "")] == []
    assert "# Something is broken" in (dag.doc_md or "")
    assert all(task.retries >= 3 and task.retry_delay.total_seconds() <= 10 for task in dag.tasks)
    dag.params.validate()


def test_f69_looks_and_kinds_outlive_releases(office):
    assert sorted(waiting.LOOKS) == ["question", "rung"]
    assert [kind.value for kind in Kind] == [
        "opened", "paged", "passed_on", "acknowledged", "assigned", "rated", "updated", "mitigated", "resolved",
        "called_off", "reopened", "examined", "reported", "postmortem",
    ]  # fmt: skip
    with pytest.raises(UnknownLook):
        waiting.look(office.desk(), "gone", "cellxgene.incident/2024-03-12.1", {})


def test_a_team_without_the_section_has_none(office):
    from stationmaster.assemble.incidents import incident_dags

    assert list(incident_dags(INCLUDE, office.team.model_copy(update={"incidents": None}))) == []


def test_c18_c32_the_way_back_is_shown_of_what_production_got_lately_and_of_nothing_else(office):
    lately = "cellxgene.weekly/2024-W10"
    for name, days in ((lately, 0), ("cellxgene.weekly/2024-W09", 7), ("other.weekly/2024-W10", 0)):
        train, _, week = name.partition("/")
        office.clock.move(days=-days)
        at = office.clock()
        office.clock.move(days=days)
        from stationmaster.core.instants import IsoWeek

        office.ledger.open_departure(train, IsoWeek.parse(week), at, "timetable")
        office.ledger.set_state(name, DepartureState.DONE, at, "emil", "verified")
    office.clock.move(hours=2)
    story = opened(office)
    (suspect,) = deploys.suspects(office.desk(), story)
    assert (suspect.departure, suspect.dag) == (lately, "cellxgene.weekly.rollback")
    (line,) = deploys.offer(office.desk(), story)
    assert "/dags/cellxgene.weekly.rollback" in line
    assert records.story(office.desk(), story.id).under_way


def test_d15_the_way_back_of_a_security_hotfix_is_shown_and_it_is_not_named(office):
    from stationmaster.core.departure_ids import DepartureKind
    from stationmaster.core.instants import IsoWeek

    week, kind = IsoWeek.parse("2024-W10"), DepartureKind.SECURITY_HOTFIX
    hotfix = office.ledger.open_beside("cellxgene.weekly", week, kind, office.clock(), "hana", key="run-1")
    office.ledger.set_state(hotfix.id, DepartureState.DONE, office.clock(), "hana", "promoted")
    (line,) = deploys.offer(office.desk(), opened(office))
    assert "security" not in line
    assert "a hotfix that only its own channel knows" in line
    assert "/dags/cellxgene.weekly.rollback" in line


def test_parsing_the_incident_dags_loads_no_ledger_no_forge_and_no_chat():
    code = (
        "import sys, json; from pathlib import Path; from stationmaster.assemble.include import dags_of\n"
        f"list(dags_of(Path({str(INCLUDE)!r}), dag_file={str(DAG_FILE)!r}, only='threefold.incident'))\n"
        "heavy = ('sqlalchemy.orm', 'github', 'slack_sdk', 'stationmaster.ledger', 'stationmaster.incidents.records')\n"
        "print(json.dumps([name for name in heavy if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout.strip().splitlines()[-1])
    assert "stationmaster.incidents.records" not in loaded
    assert "stationmaster.ledger" not in loaded
    assert "github" not in loaded
