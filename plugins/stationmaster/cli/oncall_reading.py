"""``stationmaster next|schedule|gaps|conflicts|fairness``: what the rotations say, with every change taken in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stationmaster.cli.answering import FINDING, console, instant_of, refusals, show_json
from stationmaster.cli.whereabouts import (
    HOME,
    HomeOption,
    IncludeOption,
    JsonOption,
    include_at,
    named_ledger,
    running_station,
    take_over_clock,
    team_at,
    team_in_fact,
)
from stationmaster.cli.who import person_of

if TYPE_CHECKING:
    from stationmaster.cli.shapes_oncall import (
        AwayShift,
        ConflictsAnswer,
        DriftAnswer,
        FairnessAnswer,
        GapsAnswer,
        HandoffAhead,
        NextAnswer,
        ScheduleAnswer,
        Substitute,
    )
    from stationmaster.config.team import TeamConfig
    from stationmaster.core.rotations.picking import Suggestion
    from stationmaster.ledger import Ledger
    from stationmaster.oncall.sources import Drift

TeamArgument = Annotated[str, typer.Argument(help="The team's id, such as cellxgene.")]
AtOption = Annotated[
    str | None,
    typer.Option("--at", help="From this instant on, with an offset. By default: now.", show_default=False),
]
WeeksOption = Annotated[int, typer.Option("--weeks", min=1, max=520, help="How far ahead.")]
RoleOption = Annotated[str | None, typer.Option("--role", help="Only this role.", show_default=False)]
_SUGGESTED = 3


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(name="next")(following)
    app.command()(schedule)
    app.command()(gaps)
    app.command()(conflicts)
    app.command()(fairness)
    app.command()(drift)


def following(
    team: TeamArgument,
    at: AtOption = None,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Tell when each rotation of a team hands over next, and to whom.

    Example: stationmaster next cellxgene

    Exit codes: 0 answered, 1 the team's files hold errors, 2 no such team, or an instant without an offset.
    """
    from stationmaster.cli.shapes_oncall import NextAnswer

    with refusals():
        found, now = team_and_now(team, include, home, at)
        ahead = sorted((_ahead(found, name, now) for name in found.roster), key=lambda each: each.at)
        answer = NextAnswer(team=found.id, at=now, zone=found.zone, handoffs=tuple(ahead))
    if as_json:
        show_json(answer)
    else:
        _show_next(found, answer)


def schedule(
    team: TeamArgument,
    role: RoleOption = None,
    person: Annotated[str | None, typer.Option("--person", help="Only this person.", show_default=False)] = None,
    weeks: WeeksOption = 8,
    at: AtOption = None,
    ical: Annotated[
        Path | None,
        typer.Option("--ical", help="Write an iCalendar file here, or - for standard output.", show_default=False),
    ] = None,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Show who is on call over some weeks, for a whole team, one role or one person; or write it as a calendar.

    Example: stationmaster schedule cellxgene --person emil --weeks 12 --ical emil.ics

    Exit codes: 0 answered, 1 the team's files hold errors, 2 no such team, role or person, or a bad instant.
    """
    from stationmaster.oncall.calendars import calendar_text, entries

    with refusals():
        found, now = team_and_now(team, include, home, at)
        if role is not None:
            found.rotation_of(role)
        if person is not None:
            _is_known(found, person)
        shown = entries(found, now, now + timedelta(weeks=weeks), role=role, person=person)
        if ical is not None:
            _write_calendar(ical, calendar_text(found, shown, now), len(shown))
            return
        answer = _schedule(found, now, weeks, shown)
    if as_json:
        show_json(answer)
    else:
        _show_schedule(found, answer)


def gaps(
    team: TeamArgument,
    weeks: WeeksOption = 8,
    at: AtOption = None,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Find when somebody is promised and nobody is there, and shifts whose person is away, with who could step in.

    What is promised stands under promises in the rotations file; a team that promises nothing promises each role that
    rotates at all its hours.

    Example: stationmaster gaps hausmeister --weeks 4

    Exit codes: 0 none but known ones, 1 there are some, or the files hold errors, 2 no such team, or a bad instant.
    """
    with refusals():
        found, now = team_and_now(team, include, home, at)
        answer = _gaps(found, now, now + timedelta(weeks=weeks))
    if as_json:
        show_json(answer)
    else:
        _show_gaps(found, answer)
    if not answer.ok:
        raise typer.Exit(FINDING)


def conflicts(
    teams: Annotated[list[str] | None, typer.Argument(help="The teams; by default all.", show_default=False)] = None,
    weeks: WeeksOption = 8,
    at: AtOption = None,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Find what cannot be as it is: two people in one role, one in two, in two teams at once, swaps that are stale.

    People of two teams are the same if they share a mail address or an account.

    Example: stationmaster conflicts --weeks 4

    Exit codes: 0 none, 1 there are some, or the files hold errors, 2 no such team, or a bad instant.
    """
    with refusals():
        folder = include_at(include)
        names = teams or sorted(path.stem for path in (folder / "teams").glob("*.yaml"))
        pairs = [team_and_now(name, include, home, at) for name in names]
        now = pairs[0][1]
        ledger = named_ledger(home)
        answer = _conflicts([found for found, _ in pairs], ledger, now, now + timedelta(weeks=weeks))
    if as_json:
        show_json(answer)
    else:
        _show_conflicts(answer)
    if not answer.ok:
        raise typer.Exit(FINDING)


def fairness(
    team: TeamArgument,
    role: RoleOption = None,
    weeks: WeeksOption = 52,
    at: AtOption = None,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Show what each role asks of each person: hours, shifts, nights, weekends, holidays and swaps, and how even it is.

    Quality is the mean of how much of the time somebody is there and of how alike the hours of each two people are.

    Example: stationmaster fairness cellxgene --role primary --weeks 26

    Exit codes: 0 answered, 1 the team's files hold errors, 2 no such team or role, or an instant without an offset.
    """
    with refusals():
        found, now = team_and_now(team, include, home, at)
        if role is not None:
            found.rotation_of(role)
        answer = _fairness(found, role, now, now + timedelta(weeks=weeks), named_ledger(home))
    if as_json:
        show_json(answer)
    else:
        _show_fairness(found, answer)


def drift(
    team: TeamArgument,
    role: Annotated[str, typer.Option("--role", help="The role that the calendar is about.")],
    calendar: Annotated[
        str | None,
        typer.Option("--calendar", help="An iCalendar file, or its https:// address; by default the file's source."),
    ] = None,
    weeks: WeeksOption = 8,
    at: AtOption = None,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Compare what somebody keeps elsewhere with the files: who would be on call by either.

    Without a calendar the source of the rotation's file is read, through its Airflow connection. A person is found by
    the mail address of an attendee, or by the name with which the title of an event begins.

    Example: stationmaster drift cellxgene --role primary --calendar pager.ics --weeks 4

    Exit codes: 0 they agree, 1 they do not, or the files hold errors, 2 no such team or role, or no calendar.
    """
    from stationmaster.hooks.calendar_feed import read_feed
    from stationmaster.oncall.sources import CalendarSource, FileSource, OncallSource, source_of
    from stationmaster.oncall.sources import drift as found_by

    with refusals():
        found, now = team_and_now(team, include, home, at)
        rotation = found.rotation_of(role)
        source: OncallSource
        if calendar is not None:
            source = CalendarSource(read_feed(calendar), found)
        else:
            source = source_of(found, rotation.id, role, include_at(include))
        rows = tuple(found_by(FileSource(found, role), source, now, now + timedelta(weeks=weeks)))
        answer = _drift(found, role, now, now + timedelta(weeks=weeks), rows)
    if as_json:
        show_json(answer)
    else:
        _show_drift(found, answer)
    if not answer.ok:
        raise typer.Exit(FINDING)


def team_and_now(team: str, include: Path | None, home: Path, at: str | None) -> tuple[TeamConfig, datetime]:
    """Return a team as it is in fact, and the instant that is asked about.

    :raises LookupError, ValueError: there is no such team, its files hold errors, or the ledger cannot be read.
    """
    from stationmaster import clock

    found = team_in_fact(team_at(include_at(include), team), home)
    take_over_clock(running_station(home))
    return found, clock.now() if at is None else instant_of(at, found.zone)


def substitutes_shown(suggestions: tuple[Suggestion, ...]) -> tuple[Substitute, ...]:
    """Return suggestions as they are shown."""
    from stationmaster.cli.shapes_oncall import Substitute

    return tuple(
        Substitute(
            person=each.person,
            distance_hours=None if each.distance is None else each.distance / timedelta(hours=1),
        )
        for each in suggestions
    )


def _is_known(team: TeamConfig, person: str) -> None:
    from stationmaster.oncall.overriding import people_are_known

    people_are_known(team, person)


def _ahead(team: TeamConfig, name: str, now: datetime) -> HandoffAhead:
    from stationmaster.cli.shapes_oncall import Coming, HandoffAhead

    rotation = team.rotations[name]
    at = rotation.next_handoff(now)
    return HandoffAhead(
        rotation=name,
        at=at,
        roles=tuple(
            Coming(role=role, people=tuple(person_of(team.people[each]) for each in shift.people), until=shift.end)
            for role, shift in rotation.turns_at(at).items()
            if shift.start == at
        ),
    )


def _schedule(team: TeamConfig, now: datetime, weeks: int, shown: tuple[object, ...]) -> ScheduleAnswer:
    from stationmaster.cli.shapes_oncall import ScheduleAnswer, ShiftShown
    from stationmaster.oncall.calendars import Entry

    rows = []
    for entry in shown:
        if isinstance(entry, Entry):
            planned = team.rotations[entry.rotation].schedule(entry.role).planned_at(entry.start)
            rows.append(
                ShiftShown(
                    rotation=entry.rotation,
                    role=entry.role,
                    people=entry.people,
                    instead_of=tuple(person for person in planned if person not in entry.people),
                    start=entry.start,
                    end=entry.end,
                )
            )
    return ScheduleAnswer(team=team.id, zone=team.zone, start=now, end=now + timedelta(weeks=weeks), shifts=tuple(rows))


def _write_calendar(path: Path, text: bytes, count: int) -> None:
    if str(path) == "-":
        typer.echo(text.decode(), nl=False)
        return
    path.write_bytes(text)
    console().print(f"Wrote {count} shifts to {path}.", soft_wrap=True)


def _gaps(team: TeamConfig, start: datetime, end: datetime) -> GapsAnswer:
    from stationmaster.cli.shapes_oncall import Gap, GapsAnswer
    from stationmaster.oncall.coverage import promise_gaps

    found = tuple(
        Gap(promise=what, start=span.start, end=span.end, known=known)
        for what, known, span in promise_gaps(team, start, end)
    )
    away = tuple(_away(team, start, end))
    return GapsAnswer(
        ok=not away and all(gap.known is not None for gap in found),
        team=team.id,
        zone=team.zone,
        start=start,
        end=end,
        gaps=found,
        away=away,
    )


def _away(team: TeamConfig, start: datetime, end: datetime) -> Iterator[AwayShift]:
    from stationmaster.cli.shapes_oncall import AwayShift
    from stationmaster.core.rotations.reports import uncovered
    from stationmaster.oncall.swapping import substitutes

    for rotation in team.rotations.values():
        for role in rotation.roles:
            for found in uncovered(rotation.schedule(role).timeline(start, end), team.absences):
                yield AwayShift(
                    role=role,
                    person=found.absence.person,
                    reason=found.absence.reason,
                    start=found.span.start,
                    end=found.span.end,
                    substitutes=substitutes_shown(substitutes(team, role, found.span)[:_SUGGESTED]),
                )


def _conflicts(teams: list[TeamConfig], ledger: Ledger | None, start: datetime, end: datetime) -> ConflictsAnswer:
    from stationmaster.cli.shapes_oncall import Conflict, ConflictsAnswer
    from stationmaster.oncall.coverage import conflicts_of, double_bookings

    found = [each for team in teams for each in conflicts_of(team, ledger, start, end)]
    found += double_bookings(teams, start, end)
    rows = sorted((Conflict(**each._asdict()) for each in found), key=lambda each: (each.start, each.sentence))
    return ConflictsAnswer(
        ok=not rows, teams=tuple(team.id for team in teams), start=start, end=end, conflicts=tuple(rows)
    )


def _fairness(
    team: TeamConfig, role: str | None, start: datetime, end: datetime, ledger: Ledger | None
) -> FairnessAnswer:
    from stationmaster.cli.shapes_oncall import FairnessAnswer, FeltShown, LoadShown, RoleFairness
    from stationmaster.core.rotations.reports import loads, quality
    from stationmaster.handoffs.looking_back import felt

    rows = []
    for name, entry in team.roster.items():
        rotation = team.rotations[name]
        holidays = entry.holidays.from_year(start.year)
        for held, rule in entry.roles.items():
            if rule.person is not None or role not in (None, held):
                continue
            schedule = rotation.schedule(held)
            timeline = schedule.timeline(start, end)
            people = dict.fromkeys((*entry.people, *(each for turnout in timeline for each in turnout.people)))
            turning = [each for each in people if each not in entry.fixed_people]
            report = quality(timeline)
            rows.append(
                RoleFairness(
                    role=held,
                    loads=tuple(
                        LoadShown(**load._asdict())
                        for load in loads(
                            schedule,
                            turning,
                            start,
                            end,
                            rotation.zone,
                            holidays,
                        )
                    ),
                    **report._asdict(),
                )
            )
    said = [
        FeltShown(rotation=name, **each._asdict())
        for name in team.roster
        for each in (felt(ledger, f"{team.id}.{name}") if ledger is not None else ())
    ]
    return FairnessAnswer(team=team.id, zone=team.zone, start=start, end=end, roles=tuple(rows), felt=tuple(said))


def _drift(team: TeamConfig, role: str, start: datetime, end: datetime, rows: tuple[Drift, ...]) -> DriftAnswer:
    from stationmaster.cli.shapes_oncall import DriftAnswer, DriftShown

    return DriftAnswer(
        ok=not rows,
        team=team.id,
        role=role,
        start=start,
        end=end,
        differences=tuple(DriftShown(**row._asdict()) for row in rows),
    )


def _show_drift(team: TeamConfig, answer: DriftAnswer) -> None:
    from stationmaster.core.instants import local_text

    out = console()
    for row in answer.differences:
        span = f"{local_text(row.start, team.zone)} – {local_text(row.end, team.zone)}"
        files, source = (_names(team, people) or "nobody" for people in (row.files, row.source))
        out.print(f"{span}  {files} by the files, {source} by the source", soft_wrap=True)
    if answer.ok:
        out.print("They agree.")


def _show_next(team: TeamConfig, answer: NextAnswer) -> None:
    from rich.table import Table

    from stationmaster.core.instants import local_text

    table = Table("handoff", "rotation", "role", "comes on call", "until", box=None, pad_edge=False)
    for handoff in answer.handoffs:
        for place, role in enumerate(handoff.roles):
            when = local_text(handoff.at, team.zone) if place == 0 else ""
            name = handoff.rotation if place == 0 else ""
            people = ", ".join(person.name for person in role.people)
            table.add_row(when, name, role.role, people, local_text(role.until, team.zone))
    console().print(table)


def _names(team: TeamConfig, people: tuple[str, ...]) -> str:
    return ", ".join(team.people[person].name if person in team.people else person for person in people)


def _show_schedule(team: TeamConfig, answer: ScheduleAnswer) -> None:
    from rich.table import Table

    from stationmaster.core.instants import local_text

    table = Table("from", "until", "role", "who", box=None, pad_edge=False)
    for shift in answer.shifts:
        who = _names(team, shift.people)
        if shift.instead_of:
            who += f" (instead of {_names(team, shift.instead_of)})"
        table.add_row(local_text(shift.start, team.zone), local_text(shift.end, team.zone), shift.role, who)
    console().print(table)


def _show_gaps(team: TeamConfig, answer: GapsAnswer) -> None:
    from stationmaster.core.instants import local_text

    out = console()
    for gap in answer.gaps:
        known = f" (known: {gap.known})" if gap.known else ""
        span = f"{local_text(gap.start, team.zone)} – {local_text(gap.end, team.zone)}"
        out.print(f"{span}  nobody for {gap.promise}{known}", soft_wrap=True)
    for away in answer.away:
        span = f"{local_text(away.start, team.zone)} – {local_text(away.end, team.zone)}"
        could = ", ".join(_names(team, (each.person,)) for each in away.substitutes) or "nobody"
        why = f" ({away.reason})" if away.reason else ""
        who = _names(team, (away.person,))
        out.print(f"{span}  {who} is {away.role} and away{why}; could step in: {could}", soft_wrap=True)
    if not answer.gaps and not answer.away:
        out.print("No gaps.")


def _show_conflicts(answer: ConflictsAnswer) -> None:
    out = console()
    for found in answer.conflicts:
        out.print(f"{found.start:%Y-%m-%d %H:%MZ} – {found.end:%Y-%m-%d %H:%MZ}  {found.sentence}", soft_wrap=True)
    if answer.ok:
        out.print("No conflicts.")


def _show_fairness(team: TeamConfig, answer: FairnessAnswer) -> None:
    from rich.table import Table

    out = console()
    for role in answer.roles:
        title = f"{role.role}: quality {role.total} % (covered {role.coverage} %, balanced {role.balance} %)"
        out.print(title, style="bold")
        table = Table("who", "shifts", "hours", "nights", "weekends", "holidays", "swaps", box=None, pad_edge=False)
        for load in role.loads:
            hours = (load.hours, load.night_hours, load.weekend_hours, load.holiday_hours)
            swaps = f"-{load.swaps_given} +{load.swaps_taken}" if load.swaps_given or load.swaps_taken else ""
            table.add_row(_names(team, (load.person,)), str(load.shifts), *(f"{each:g}" for each in hours), swaps)
        out.print(table)
    for each in answer.felt:
        who = _names(team, (each.person,))
        out.print(
            f"{who} said of {each.answers} shifts of {each.rotation}: {each.load:g} of 5, woken {each.nights} times.",
            soft_wrap=True,
        )
