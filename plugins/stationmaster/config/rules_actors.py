"""Rules about who may change production: a group in which nobody can, or whose word nobody asks for (T-01)."""

from __future__ import annotations

from collections.abc import Iterator

from stationmaster.config.mistakes import Mistake
from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig

_WHERE = ("rules", "actors")


def actor_mistakes(team: TeamConfig, train: TrainConfig) -> Iterator[Mistake]:
    """Yield why the rule about the actors of a train would keep it from production for ever, or prove nothing."""
    group = train.rules.actors
    if group is None:
        return
    able = {name for name in team.groups[group] if _can_act(team, name)}
    confirm = train.gates.confirm
    if not able:
        yield _of(
            train,
            "actors_empty",
            f"nobody in the group {group!r} can act: nothing would ever come to {train.production}",
            f"Add active people with an Airflow account to groups.{group}.",
        )
    elif confirm is None:
        yield _of(
            train,
            "actors_without_confirmation",
            f"only {group!r} may change {train.production}, but nobody is asked for the final go: the timetable would",
            "Write gates.confirm with a role that members of the group hold.",
        )
    elif not able & _confirmers(team, confirm.role):
        yield _of(
            train,
            "actors_never_confirm",
            f"nobody in the group {group!r} can hold {confirm.role!r} or stand in for it: nobody could give the final "
            "go",
            f"Let gates.confirm ask a role that members of groups.{group} hold.",
        )


def _can_act(team: TeamConfig, name: str) -> bool:
    person = team.people[name]
    return person.active and not person.bot and person.airflow is not None


def _confirmers(team: TeamConfig, role: str) -> set[str]:
    """Return everybody who can be on call in the rotation of a role: those who hold it, and the ladder."""
    return set(team.roster[team.rotation_of(role).id].people)


def _of(train: TrainConfig, code: str, message: str, remedy: str) -> Mistake:
    return Mistake(code, _WHERE, message, remedy, str(train.rules.actors), source=f"train:{train.id}")
