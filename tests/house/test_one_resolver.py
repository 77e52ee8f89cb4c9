"""Nothing but the resolver asks Airflow's names of a person or of a run: a second reading would be a second truth."""

from __future__ import annotations

import re

import pytest

from tests.house.test_layers import ROOT

HOME = ROOT / "plugins" / "stationmaster"
READERS = {
    "triggering_user_name": {"work/identity.py", "operators/run_marks.py"},
    "responded_by_user": {"operators/actors.py", "triggers/answers.py", "work/identity.py"},
}
"""What Airflow proves, and where it is read: answers.py hands it on as Airflow does; run_marks.py tells runs apart."""
OF_A_PERSON = {
    "config/accounts.py",
    "config/people.py",
    "config/rules.py",
    "config/rules_actors.py",
    "config/rules_gates.py",
    "work/identity.py",
    "cli/who.py",
}
"""Where ``person.airflow`` stands: in the files' rules, in the resolver, and in what is only shown."""


def found(pattern: str) -> set[str]:
    files = (file for file in HOME.rglob("*.py") if "rehearsal" not in file.parts)
    return {str(file.relative_to(HOME)) for file in files if re.search(pattern, file.read_text())}


@pytest.mark.parametrize("name", READERS)
def test_one_place_reads_what_airflow_proves(name):
    assert found(rf"\b{name}\b") == READERS[name]


def test_nobody_else_reads_a_persons_airflow_names():
    assert found(r"\w\.airflow(_id)?\b") <= OF_A_PERSON
