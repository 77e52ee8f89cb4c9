"""Configurations that can never work: a gate that nobody can open, a role that nobody can hold.

They are refused when they are loaded, not found out on the day of the release. Each rule has a stable code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from stationmaster.config.accounts import Account, accounts_of, only_an_id
from stationmaster.config.documents import Loc
from stationmaster.config.mistakes import Mistake
from stationmaster.config.people import Person
from stationmaster.config.rules_actors import actor_mistakes
from stationmaster.config.rules_beside import beside_mistakes
from stationmaster.config.rules_freezes import freeze_mistakes, frozen_for_ever
from stationmaster.config.rules_gates import gate_mistakes
from stationmaster.config.rules_rollouts import rollout_mistakes
from stationmaster.config.rules_rotations import of_rotation, rotation_mistakes
from stationmaster.config.team import TeamConfig

Rule = Callable[[TeamConfig], Iterator[Mistake]]

_TO_ANSWER_AND_TO_BE_TOLD: tuple[Account, ...] = ("airflow", "slack")


def rules(team: TeamConfig, now: datetime) -> list[Mistake]:
    """Return what can never work in a team whose names are all known.

    :param now: an aware instant; the rules that depend on the clocks look at the year that follows it.
    """
    found = [*freeze_mistakes(team), *rotation_mistakes(team)]
    found += [mistake for rule in _OF_PEOPLE for mistake in rule(team)]
    if any(mistake.severity == "error" for mistake in found):
        return found
    for train in team.trains.values():
        found += [*gate_mistakes(team, train, now), *actor_mistakes(team, train), *beside_mistakes(team, train)]
        found += [*frozen_for_ever(team, train, now), *rollout_mistakes(team, train, now)]
    return found


def shared_accounts(team: TeamConfig) -> Iterator[Mistake]:
    """An account has one owner: two people behind one account would have one vote, or two."""
    owners: dict[tuple[Account, str], str] = {}
    for person in team.people.values():
        for system, names in accounts_of(person).items():
            for name in names:
                means = _what_it_means(person, system)
                owner = next(
                    (
                        found
                        for kind in means
                        if (found := owners.setdefault((kind, name.lower()), person.id)) != person.id
                    ),
                    None,
                )
                if owner is not None:
                    yield Mistake(
                        "account_shared",
                        ("people", person.id, system),
                        f"the {system} account {name!r} belongs to {owner!r} already",
                        "Give each person an account of their own: one person is one vote.",
                        name,
                        source="team",
                    )


def _what_it_means(person: Person, system: Account) -> tuple[Account, ...]:
    """Return as what a name may be taken: a bare number under airflow is an id where Airflow has such (I3)."""
    return ("airflow", "airflow_id") if system == "airflow" and only_an_id(person) else (system,)


def bare_ids(team: TeamConfig) -> Iterator[Mistake]:
    """A bare number under airflow says who answers, and not who starts a run (I1)."""
    for person in team.people.values():
        if only_an_id(person):
            yield Mistake(
                "airflow_only_an_id",
                ("people", person.id, "airflow"),
                f"{person.airflow!r} is read as the user id in Airflow: no run that {person.id!r} starts is theirs",
                f'Write airflow_id: "{person.airflow}" and the user name under airflow; airflow users list shows both. '
                "If the number is the user name, add the id.",
                str(person.airflow),
                source="team",
                severity="warning",
            )


def idle_members(team: TeamConfig) -> Iterator[Mistake]:
    """A group lists only people who can act: people who left, and robots, do not count in it."""
    for group, members in team.groups.items():
        for index, name in enumerate(members):
            person = team.people[name]
            if person.bot or not person.active:
                what = "a robot" if person.bot else "no longer active"
                yield Mistake(
                    "group_member_idle",
                    ("groups", group, index),
                    f"{name!r} is {what} and cannot act for the group {group!r}",
                    "Take the name out of the group.",
                    name,
                    source="team",
                )


def unreachable_on_call(team: TeamConfig) -> Iterator[Mistake]:
    """Everybody who can be on call is active, and has an account in Airflow (to answer) and in Slack (to be told)."""
    told: set[str] = set()
    for name, entry in team.roster.items():
        for inside, member in entry.named():
            loc: Loc = ("rotations", name, *inside)
            person = team.people[member]
            missing = [system for system in _TO_ANSWER_AND_TO_BE_TOLD if not accounts_of(person)[system]]
            if member in told or (person.active and not person.bot and not missing):
                continue
            told.add(member)
            yield _cannot_be_on_call(loc, member, person.active, person.bot, missing)


def _cannot_be_on_call(loc: Loc, member: str, active: bool, bot: bool, missing: Sequence[str]) -> Mistake:
    if bot or not active:
        what = "is a robot" if bot else "is no longer active"
        return Mistake(
            "on_call_idle",
            loc,
            f"{member!r} {what} and cannot be on call",
            "Take the name out of the rotation.",
            member,
            source="rotations",
        )
    lacking = " and no ".join(missing)
    return Mistake(
        "on_call_unreachable",
        loc,
        f"{member!r} can be on call, but has no {lacking} account",
        f"Add {' and '.join(missing)} to people.{member} in the team's file.",
        member,
        source="rotations",
    )


def unreachable_by_mail(team: TeamConfig) -> Iterator[Mistake]:
    """Who is to get mail at a handoff has an address, and the team a connection to send it through (C-06)."""
    for name, entry in team.roster.items():
        if entry.notices is None or not entry.notices.mail:
            continue
        if team.connections.mail is None:
            yield of_rotation(
                "mail_without_connection",
                (name, "notices", "mail"),
                f"the rotation {name!r} sends mail, but the team has no connection for it",
                "Write connections.mail, such as smtp_default, in the team's file, or mail: false here.",
            )
        for person in entry.people:
            if team.people[person].email is None:
                yield of_rotation(
                    "mail_without_address",
                    (name, "notices", "mail"),
                    f"{person!r} can be on call, and has no mail address",
                    f"Add email to people.{person} in the team's file, or write mail: false here.",
                )


_OF_PEOPLE: tuple[Rule, ...] = (
    shared_accounts,
    bare_ids,
    idle_members,
    unreachable_on_call,
    unreachable_by_mail,
)
