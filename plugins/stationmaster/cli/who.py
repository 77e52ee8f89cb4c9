"""``stationmaster who``: who holds which role, until when, and who comes next."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from stationmaster.cli.answering import console, instant_of, refusals, show_json
from stationmaster.cli.whereabouts import (
    HOME,
    HomeOption,
    IncludeOption,
    JsonOption,
    include_at,
    running_station,
    take_over_clock,
    team_at,
    team_in_fact,
)

if TYPE_CHECKING:
    from stationmaster.cli.shapes import OnCallPerson, RoleHeld, WhoAnswer
    from stationmaster.config.people import Person
    from stationmaster.config.team import TeamConfig


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(who)


def who(
    team: Annotated[str, typer.Argument(help="The team's id, such as cellxgene.")],
    role: Annotated[str | None, typer.Option("--role", help="Only this role.", show_default=False)] = None,
    at: Annotated[
        str | None, typer.Option("--at", help="An instant with an offset. By default: now.", show_default=False)
    ] = None,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Tell who holds each role of a team at an instant, until when, and who holds it next.

    The instant of a handoff belongs to the incoming person. Without --at the time is that of the running station, if
    one runs on a virtual clock, else the present.

    Example: stationmaster who cellxgene --role primary --at 2026-03-09T09:00:00-07:00

    Exit codes: 0 answered, 1 the team's files hold errors, 2 no such team or role, or an instant without an offset.
    """
    from stationmaster import clock

    with refusals():
        found = team_in_fact(team_at(include_at(include), team), home)
        if at is None:
            take_over_clock(running_station(home))
        answer = held(found, clock.now() if at is None else instant_of(at, found.zone), role)
    if as_json:
        show_json(answer)
    else:
        _show(found, answer)


def held(team: TeamConfig, at: datetime, role: str | None) -> WhoAnswer:
    """Return who holds ``role``, or each role of the team, at ``at`` (aware).

    :raises NoSuchRole: the team has no such role.
    """
    from stationmaster.cli.shapes import WhoAnswer

    if role is not None:
        team.rotation_of(role)
    roles = [name for entry in team.roster.values() for name in entry.roles if role in (None, name)]
    return WhoAnswer(team=team.id, at=at, zone=team.zone, roles=tuple(_role(team, name, at) for name in roles))


def _role(team: TeamConfig, role: str, at: datetime) -> RoleHeld:
    from stationmaster.cli.shapes import RoleHeld

    rotation = team.rotation_of(role)
    people = rotation.people_at(role, at)
    following = rotation.next_shift(role, at)
    after = None if following is None else person_of(team.people[following.person])
    if not people:
        again = rotation.next_on_call(role, at)
        return RoleHeld(
            role=role,
            rotation=rotation.id,
            person=None,
            others=(),
            instead_of=(),
            since=None,
            until=None if again is None else again[0],
            next=after if again is None else person_of(team.people[again[1][0]]),
        )
    shift = rotation.on_call(role, at)
    planned = [person for person in rotation.schedule(role).planned_at(at) if person not in people]
    return RoleHeld(
        role=role,
        rotation=rotation.id,
        person=person_of(team.people[people[0]]),
        others=tuple(person_of(team.people[person]) for person in people[1:]),
        instead_of=tuple(person_of(team.people[person]) for person in planned),
        since=shift.start,
        until=shift.end,
        next=after,
    )


def person_of(person: Person) -> OnCallPerson:
    """Return a person with the accounts that reach them."""
    from stationmaster.cli.shapes import OnCallPerson

    return OnCallPerson(
        id=person.id, name=person.name, slack=person.slack, github=person.github, airflow=person.airflow
    )


def _names(role: RoleHeld) -> str:
    if role.person is None:
        return "nobody"
    names = ", ".join(person.name for person in (role.person, *role.others))
    if not role.instead_of:
        return names
    return f"{names} (instead of {', '.join(person.name for person in role.instead_of)})"


def _show(team: TeamConfig, answer: WhoAnswer) -> None:
    from rich.table import Table

    from stationmaster.core.instants import local_text

    out = console()
    out.print(f"{team.title}, {local_text(answer.at, team.zone)}", style="bold")
    table = Table("role", "who", "until", "then", box=None, pad_edge=False)
    for role in answer.roles:
        until = "" if role.until is None else local_text(role.until, team.zone)
        table.add_row(role.role, _names(role), until, role.next.name if role.next else "nobody")
    out.print(table)
