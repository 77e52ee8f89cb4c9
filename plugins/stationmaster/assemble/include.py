"""All DAGs of an ``include/`` directory."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stationmaster.config.loader import load

if TYPE_CHECKING:
    from airflow.sdk import DAG


class ConfigurationMistakes(ValueError):
    """What is wrong under ``include/``, one mistake a line, each with its file and line."""


def dags_of(include: Path, *, dag_file: Path | str | None = None, only: str | None = None) -> Iterator[DAG]:
    """Yield the DAGs of every team that loads without an error.

    :param dag_file: the file of the bundle that defines them: its tasks find an ``include/`` of the same bundle from
        there, wherever it is unpacked to. Without it they hold the absolute path.
    :param only: a DAG id; only this one is built, since the file is parsed again at the start of every task (fact 26).
    """
    from stationmaster.assemble.chores import chore_dags
    from stationmaster.assemble.escalation import escalation_dags
    from stationmaster.assemble.incidents import incident_dags
    from stationmaster.assemble.measures import measures_dags
    from stationmaster.assemble.rollouts import rollout_dags
    from stationmaster.assemble.rotations import rotation_dags
    from stationmaster.assemble.sources import source_dags
    from stationmaster.assemble.trains import train_dags
    from stationmaster.assemble.upgrades import upgrade_dags
    from stationmaster.assemble.watches import AREA as WATCH
    from stationmaster.assemble.watches import watch_dags
    from stationmaster.core.chores import AREA as CHORES
    from stationmaster.operators.files import Reading, just_read

    # <team>.<train>.<stop>: no other train is read, however many there are, and no chore or watch of another DAG.
    team_id, _, rest = only.partition(".") if only else ("", "", "")
    name, _, chore = rest.partition(".")
    entries: dict[str, Collection[str]] = {"chores": (chore,) if name == CHORES else ()}
    if name != WATCH:
        entries["watches"] = ()
    wanted: dict[str, Any] = {"trains": [name], "entries": entries} if team_id else {}
    found = load(include, teams=[team_id] if team_id else None, **wanted)
    for team in found.teams.values():
        if team_id:
            just_read(Reading.of(include, team_id, **{**wanted, "trains": team.trains}), team)
        for train in team.trains.values():
            yield from train_dags(include, team, train, dag_file=dag_file, only=only)
            yield from rollout_dags(include, team, train, dag_file=dag_file, only=only)
        for entry in team.roster.values():
            yield from rotation_dags(include, team, entry, dag_file=dag_file, only=only)
        yield from escalation_dags(include, team, dag_file=dag_file, only=only)
        yield from incident_dags(include, team, dag_file=dag_file, only=only)
        yield from source_dags(include, team, dag_file=dag_file, only=only)
        yield from upgrade_dags(include, team, dag_file=dag_file, only=only)
        yield from measures_dags(include, team, dag_file=dag_file, only=only)
        yield from chore_dags(include, team, dag_file=dag_file, only=only)
        yield from watch_dags(include, team, dag_file=dag_file, only=only)


def raise_problems(include: Path) -> None:
    """Raise if any team's files hold an error.

    :raises ConfigurationMistakes: with every mistake.
    """
    errors = load(include).errors
    if errors:
        raise ConfigurationMistakes("\n".join(str(problem) for problem in errors))
