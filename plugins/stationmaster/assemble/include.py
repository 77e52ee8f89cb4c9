"""All DAGs of an ``include/`` directory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stationmaster.config.loader import load

if TYPE_CHECKING:
    from airflow.sdk import DAG

    from stationmaster.config.team import TeamConfig


class ConfigurationMistakes(ValueError):
    """What is wrong under ``include/``, one mistake a line, each with its file and line."""


class Subject(StrEnum):
    """What a file under ``dags/`` is about. Airflow parses a file whole for each gate of it that opens: the more files
    there are, the less that is.
    """

    TRAINS = "trains"
    """Each team's trains, and what it does around them: handoffs, incidents, upgrades, measures. No chore is read."""
    CHORES = "chores"
    """Each team's chores and watches. No train is read: a mistake in one of them stops no chore."""


def dags_of(
    include: Path,
    *subjects: Subject,
    dag_file: Path | str | None = None,
    only: str | None = None,
) -> Iterator[DAG]:
    """Yield the DAGs of every team that loads without an error.

    :param subjects: what they are about (default: all).
    :param dag_file: the file of the bundle that defines them: its tasks find an ``include/`` of the same bundle from
        there, wherever it is unpacked to. Without it they hold the absolute path.
    :param only: a DAG id; only this one is built, since the file is parsed again at the start of every task (fact 26).
    """
    for subject in subjects or tuple(Subject):
        build = _trains if subject is Subject.TRAINS else _chores
        yield from build(include, dag_file, only)


def _trains(include: Path, dag_file: Path | str | None, only: str | None) -> Iterator[DAG]:
    from stationmaster.assemble.escalation import escalation_dags
    from stationmaster.assemble.incidents import incident_dags
    from stationmaster.assemble.measures import measures_dags
    from stationmaster.assemble.rollouts import rollout_dags
    from stationmaster.assemble.rotations import rotation_dags
    from stationmaster.assemble.sources import source_dags
    from stationmaster.assemble.trains import train_dags
    from stationmaster.assemble.upgrades import upgrade_dags

    # <team>.<train>.<stop>: no other train is read, however many there are.
    trains = only.split(".")[1:2] if only else None
    for team in _teams(include, only, {"trains": trains, "entries": {"chores": (), "watches": ()}}):
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


def _chores(include: Path, dag_file: Path | str | None, only: str | None) -> Iterator[DAG]:
    from stationmaster.assemble.chores import chore_dags
    from stationmaster.assemble.watches import AREA as WATCH
    from stationmaster.assemble.watches import watch_dags
    from stationmaster.core.chores import AREA as CHORES

    entries: dict[str, Collection[str]] = {}
    if only:
        # <team>.chores.<chore> or <team>.watch: no other chore is read, and for a chore no watch.
        area, *chore = only.split(".", 2)[1:] or [""]
        if area not in (CHORES, WATCH):
            return
        entries = {"chores": chore, "watches": ()} if area == CHORES else {"chores": ()}
    for team in _teams(include, only, {"trains": (), "entries": entries}):
        yield from chore_dags(include, team, dag_file=dag_file, only=only)
        yield from watch_dags(include, team, dag_file=dag_file, only=only)


def _teams(include: Path, only: str | None, wanted: Mapping[str, Any]) -> Iterable[TeamConfig]:
    """Read every team, or the one whose DAG is wanted: its task asks for the same in a moment."""
    from stationmaster.operators.files import Reading, just_read

    if not only:
        return load(include, **wanted).teams.values()
    team_id = only.partition(".")[0]
    found = load(include, teams=[team_id], **wanted)
    for team in found.teams.values():
        just_read(Reading.of(include, team_id, **{**wanted, "trains": team.trains}), team)
    return found.teams.values()


def raise_problems(include: Path) -> None:
    """Raise if any team's files hold an error.

    :raises ConfigurationMistakes: with every mistake.
    """
    errors = load(include).errors
    if errors:
        raise ConfigurationMistakes("\n".join(str(problem) for problem in errors))
