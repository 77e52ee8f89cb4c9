"""A command acts in somebody's name, and the audit says who typed it (I4)."""

from __future__ import annotations

import os
import pwd
import socket

import pytest
import typer

from stationmaster.cli.asked_about import require_person
from stationmaster.cli.whereabouts import open_ledger, shell_actor, team_at
from stationmaster.ledger import Ledger
from tests.cli import waiting_train
from tests.cli.conftest import WEDNESDAY

TYPED = f"shell:{pwd.getpwuid(os.getuid()).pw_name}@{socket.gethostname()}"


@pytest.fixture
def waiting(ledger):
    waiting_train.wait_for_quorum(ledger)
    return ledger


def test_i4_the_actor_is_the_systems_user_and_not_what_the_environment_says(monkeypatch):
    for name in ("USER", "LOGNAME", "USERNAME", "SUDO_USER"):
        monkeypatch.setenv(name, "emil")
    assert shell_actor() == TYPED


def test_i4_what_a_command_writes_names_who_typed_it_and_for_whom(run, waiting):
    before = waiting.head().seq
    assert run("skip", waiting_train.DEPARTURE, "--why", "not good", "--by", "emil").exit_code == 0
    lines = waiting.audit(after=before)
    assert {line.actor for line in lines} >= {f"{TYPED} for emil"}
    assert all(line.actor.startswith(f"{TYPED} for ") for line in lines)
    assert waiting.departure(waiting_train.DEPARTURE).changed_by == "emil"
    assert waiting.verify() == ()


def test_t01_a_command_skips_for_nobody_who_may_not_change_production(run, include, waiting):
    train = include / "trains" / "cellxgene.weekly.yaml"
    train.write_text(train.read_text() + "\nrules:\n  actors: managers\n")
    refused = run("skip", waiting_train.DEPARTURE, "--why", "not good", "--by", "emil")
    assert (refused.exit_code, "ACTOR_NOT_ALLOWED" in refused.stderr) == (2, True)
    assert waiting.departure(waiting_train.DEPARTURE).state == "GATED"
    assert run("skip", waiting_train.DEPARTURE, "--why", "not good", "--by", "jules").exit_code == 0
    refused = run("unskip", waiting_train.DEPARTURE, "--why", "it is good", "--by", "emil")
    assert (refused.exit_code, "ACTOR_NOT_ALLOWED" in refused.stderr) == (2, True)
    assert waiting.departure(waiting_train.DEPARTURE).state == "SKIPPED"


@pytest.mark.parametrize(
    ("changed", "why"),
    [({"active": False}, "no longer active"), ({"bot": True}, "a robot"), (None, "not in the people")],
)
def test_a_command_acts_in_the_name_of_somebody_who_is_there(include, capsys, changed, why):
    team = team_at(include, "cellxgene")
    require_person(team, "emil")
    others = {name: person for name, person in team.people.items() if name != "emil"}
    emil = {} if changed is None else {"emil": team.people["emil"].model_copy(update=changed)}
    with pytest.raises(typer.Exit):
        require_person(team.model_copy(update={"people": {**others, **emil}}), "emil")
    assert why in capsys.readouterr().err


def test_i4_every_line_of_the_commands_ledger_names_the_shell(ledger, tmp_path):
    opened = open_ledger(tmp_path)
    opened.record("crew.weekly", "kind", "", {}, WEDNESDAY, "stationmaster")
    assert ledger.audit()[-1].actor == f"{TYPED} for stationmaster"
    assert ledger.audit()[-1].in_the_name_of == "stationmaster"


@pytest.mark.parametrize("actor", ["emil", "timetable", "waiting for nobody"])
def test_an_actor_of_a_task_is_itself(ledger, actor):
    fact_by = Ledger.at(str(ledger._engine.url))
    fact_by.record("crew.weekly", "kind", "", {}, WEDNESDAY, actor)
    assert (ledger.audit()[-1].actor, ledger.audit()[-1].in_the_name_of) == (actor, actor)
