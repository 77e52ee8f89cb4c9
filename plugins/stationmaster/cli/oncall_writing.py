"""``stationmaster swap|override|lock``: what changes who is on call. Every change names who made it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stationmaster.cli.answering import FINDING, console, refusals, refuse, show_json
from stationmaster.cli.oncall_reading import TeamArgument, substitutes_shown, team_and_now
from stationmaster.cli.whereabouts import (
    HOME,
    ByOption,
    HomeOption,
    IncludeOption,
    JsonOption,
    include_at,
    open_ledger,
    team_at,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stationmaster.cli.shapes_oncall import AssignAnswer, LockAnswer, OverridesAnswer, RotationLocked, SwapsAnswer
    from stationmaster.config.team import TeamConfig
    from stationmaster.core.rotations.windows import Span
    from stationmaster.oncall.assigning import Assignment
    from stationmaster.oncall.locking import Locking
    from stationmaster.oncall.records import OverrideRecord, SwapRecord

ReasonOption = Annotated[str, typer.Option("--reason", help="Why. Stands in the audit.")]
StartOption = Annotated[
    str, typer.Option("--start", help="A local time in the rotation's zone, 2026-03-09T09:00, or one with an offset.")
]
EndOption = Annotated[str, typer.Option("--end", help="Likewise; the first instant that is not of it any more.")]
NeededRole = Annotated[str, typer.Option("--role", help="The role, such as primary.")]
IdArgument = Annotated[str, typer.Argument(help="The id, as list shows it.")]
_AHEAD_HELP = "How many weeks ahead the changes are shown."

swap = typer.Typer(
    name="swap",
    help="Ask for a swap, answer one, list them, or find somebody to ask. The taker accepts.",
    no_args_is_help=True,
)
override = typer.Typer(
    name="override", help="Put somebody else on call for a while, take that back, or list it.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    swap.command(name="ask")(ask_swap)
    swap.command(name="accept")(accept_swap)
    swap.command(name="decline")(decline_swap)
    swap.command(name="cancel")(cancel_swap)
    swap.command(name="list")(list_swaps)
    swap.command(name="suggest")(suggest_swap)
    override.command(name="set")(set_override)
    override.command(name="replace")(replace_override)
    override.command(name="add")(add_override)
    override.command(name="remove")(remove_override)
    override.command(name="withdraw")(withdraw_override)
    override.command(name="list")(list_overrides)
    app.add_typer(swap)
    app.add_typer(override)
    app.command()(lock)
    app.command()(assign)


def ask_swap(
    team: TeamArgument,
    role: NeededRole,
    giver: Annotated[str, typer.Option("--giver", help="Who is on call then and gives the time away.")],
    taker: Annotated[str, typer.Option("--taker", help="Who is asked to take it.")],
    start: StartOption,
    end: EndOption,
    by: ByOption,
    back_start: Annotated[
        str | None, typer.Option("--back-start", help="What the giver takes in return.", show_default=False)
    ] = None,
    back_end: Annotated[str | None, typer.Option("--back-end", help="Its end.", show_default=False)] = None,
    reason: ReasonOption = "",
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Ask somebody to take a shift or a part of one, perhaps for one of theirs. Nothing changes until they accept.

    Example: stationmaster swap ask cellxgene --role primary --giver emil --taker ben --start 2026-12-14T09:00
    --end 2026-12-21T09:00 --by emil

    Exit codes: 0 asked, 1 the team's files hold errors, 2 it is refused: the sentence says why.
    """
    from stationmaster.oncall.swapping import ask

    with refusals():
        found, now = team_and_now(team, include, home, None)
        if (back_start is None) != (back_end is None):
            refuse("a swap back needs both --back-start and --back-end.")
        record = ask(
            open_ledger(home),
            found,
            role=role,
            giver=giver,
            taker=taker,
            span=_span(found, role, start, end),
            back=_span(found, role, back_start, back_end) if back_start and back_end else None,
            now=now,
            by=_member(found, by),
            reason=reason,
        )
        answer = _swaps(found, [record], now)
    _out_swaps(found, answer, as_json=as_json)


def accept_swap(
    team: TeamArgument,
    name: IdArgument,
    by: ByOption,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Accept a swap on behalf of the taker, who is on call from then on. --by is believed; the audit names your user.

    Example: stationmaster swap accept cellxgene sw-1a2b3c4d --by ben

    Exit codes: 0 accepted, 1 the team's files hold errors, 2 it is refused: the sentence says why.
    """
    _answered(team, name, by, include, home, accept=True, as_json=as_json)


def decline_swap(
    team: TeamArgument,
    name: IdArgument,
    by: ByOption,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Decline a swap on behalf of the taker. --by is believed; the audit names your user, too.

    Example: stationmaster swap decline cellxgene sw-1a2b3c4d --by ben

    Exit codes: 0 declined, 1 the team's files hold errors, 2 it is refused: the sentence says why.
    """
    _answered(team, name, by, include, home, accept=False, as_json=as_json)


def cancel_swap(
    team: TeamArgument,
    name: IdArgument,
    by: ByOption,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Take a swap back: the giver while it is open, either of the two before it begins.

    Example: stationmaster swap cancel cellxgene sw-1a2b3c4d --by emil

    Exit codes: 0 cancelled, 1 the team's files hold errors, 2 it is refused: the sentence says why.
    """
    from stationmaster.oncall.swapping import cancel

    with refusals():
        found, now = team_and_now(team, include, home, None)
        record = cancel(open_ledger(home), found, name, now=now, by=_member(found, by))
        answer = _swaps(found, [record], now)
    _out_swaps(found, answer, as_json=as_json)


def list_swaps(
    team: TeamArgument, include: IncludeOption = None, home: HomeOption = HOME, as_json: JsonOption = False
) -> None:
    """List the swaps of a team, with what has become of each.

    Example: stationmaster swap list cellxgene

    Exit codes: 0 answered, 1 the team's files hold errors, 2 no such team, or no ledger.
    """
    from stationmaster.oncall.records import swaps_of

    with refusals():
        found, now = team_and_now(team, include, home, None)
        ledger = open_ledger(home)
        records = [record for name in found.roster for record in swaps_of(ledger, f"{found.id}.{name}")]
        answer = _swaps(found, records, now)
    _out_swaps(found, answer, as_json=as_json)


def suggest_swap(
    team: TeamArgument,
    role: NeededRole,
    start: StartOption,
    end: EndOption,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Say who could take a time: nobody who is on call or away then; first whoever is furthest from a shift of theirs.

    Example: stationmaster swap suggest cellxgene --role primary --start 2026-12-24T09:00 --end 2026-12-28T09:00

    Exit codes: 0 answered, 1 the team's files hold errors, 2 no such team or role, or a time that is none.
    """
    from stationmaster.cli.shapes_oncall import SuggestAnswer
    from stationmaster.oncall.swapping import substitutes

    with refusals():
        found, _ = team_and_now(team, include, home, None)
        span = _span(found, role, start, end)
        suggestions = substitutes_shown(substitutes(found, role, span))
        answer = SuggestAnswer(team=found.id, role=role, start=span.start, end=span.end, substitutes=suggestions)
    if as_json:
        show_json(answer)
        return
    for each in answer.substitutes:
        far = "no shift near" if each.distance_hours is None else f"{each.distance_hours / 24:g} days from the nearest"
        console().print(f"{found.people[each.person].name} ({each.person}): {far}", soft_wrap=True)
    if not answer.substitutes:
        console().print("Nobody: everybody is on call or away then.")


def set_override(
    team: TeamArgument,
    role: NeededRole,
    comes: Annotated[list[str], typer.Option("--comes", help="Who is on call, and nobody else; may be repeated.")],
    start: StartOption,
    end: EndOption,
    by: ByOption,
    reason: ReasonOption = "",
    priority: Annotated[int, typer.Option("--priority", help="Of two that contradict, the higher counts.")] = 0,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Put these people on call in place of everybody.

    Example: stationmaster override set cellxgene --role primary --comes ben --start 2026-12-24T09:00
    --end 2026-12-26T09:00 --by ben --reason "covers Christmas"

    Exit codes: 0 in force, 1 the team's files hold errors, 2 it is refused: the sentence says why.
    """
    _made(team, "set", role, comes, None, start, end, by, reason, priority, include, home, as_json)


def replace_override(
    team: TeamArgument,
    role: NeededRole,
    comes: Annotated[list[str], typer.Option("--comes", help="Who comes on call; may be repeated.")],
    goes: Annotated[str, typer.Option("--goes", help="Who goes, wherever they are on call in that time.")],
    start: StartOption,
    end: EndOption,
    by: ByOption,
    reason: ReasonOption = "",
    priority: Annotated[int, typer.Option("--priority", help="Of two that contradict, the higher counts.")] = 0,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Put one person in the place of another, where that one is on call.

    Example: stationmaster override replace cellxgene --role primary --comes ben --goes emil --start 2026-12-24T09:00
    --end 2026-12-26T09:00 --by ben

    Exit codes: 0 in force, 1 the team's files hold errors, 2 it is refused: the sentence says why.
    """
    _made(team, "replace", role, comes, goes, start, end, by, reason, priority, include, home, as_json)


def add_override(
    team: TeamArgument,
    role: NeededRole,
    comes: Annotated[list[str], typer.Option("--comes", help="Who comes on call, too; may be repeated.")],
    start: StartOption,
    end: EndOption,
    by: ByOption,
    reason: ReasonOption = "",
    priority: Annotated[int, typer.Option("--priority", help="Of two that contradict, the higher counts.")] = 0,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Put one more person on call.

    Example: stationmaster override add cellxgene --role primary --comes ben --start 2026-12-24T09:00
    --end 2026-12-26T09:00 --by ben

    Exit codes: 0 in force, 1 the team's files hold errors, 2 it is refused: the sentence says why.
    """
    _made(team, "add", role, comes, None, start, end, by, reason, priority, include, home, as_json)


def remove_override(
    team: TeamArgument,
    role: NeededRole,
    goes: Annotated[str, typer.Option("--goes", help="Who goes, wherever they are on call in that time.")],
    start: StartOption,
    end: EndOption,
    by: ByOption,
    reason: ReasonOption = "",
    priority: Annotated[int, typer.Option("--priority", help="Of two that contradict, the higher counts.")] = 0,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Take one person off call; if nobody is left, stationmaster gaps says so.

    Example: stationmaster override remove cellxgene --role primary --goes emil --start 2026-12-24T09:00
    --end 2026-12-26T09:00 --by jules

    Exit codes: 0 in force, 1 the team's files hold errors, 2 it is refused: the sentence says why.
    """
    _made(team, "remove", role, [], goes, start, end, by, reason, priority, include, home, as_json)


def withdraw_override(
    team: TeamArgument,
    name: IdArgument,
    by: ByOption,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Take an override back. One that has begun ends now; what has been stays as it was.

    Example: stationmaster override withdraw cellxgene ov-1a2b3c4d --by ben

    Exit codes: 0 withdrawn, 1 the team's files hold errors, 2 there is none of that id, or it is over.
    """
    from stationmaster.oncall.overriding import withdraw

    with refusals():
        found, now = team_and_now(team, include, home, None)
        record = withdraw(open_ledger(home), found, name, now=now, by=_member(found, by))
    _out_overrides(found, _overrides(found, [record]), as_json=as_json)


def list_overrides(
    team: TeamArgument, include: IncludeOption = None, home: HomeOption = HOME, as_json: JsonOption = False
) -> None:
    """List the overrides that were made by command or form; those of the file stand in the file.

    Example: stationmaster override list cellxgene

    Exit codes: 0 answered, 1 the team's files hold errors, 2 no such team, or no ledger.
    """
    from stationmaster.oncall.records import overrides_of

    with refusals():
        found, _ = team_and_now(team, include, home, None)
        ledger = open_ledger(home)
        records = [record for name in found.roster for record in overrides_of(ledger, f"{found.id}.{name}")]
    _out_overrides(found, _overrides(found, records), as_json=as_json)


def assign(
    team: TeamArgument,
    role: NeededRole,
    weeks: Annotated[int, typer.Option("--weeks", min=1, max=52, help="How many weeks ahead.")] = 8,
    apply: Annotated[bool, typer.Option("--apply", help="Put what moves in force, as overrides.")] = False,
    by: Annotated[
        str | None, typer.Option("--by", help="With --apply: on whose behalf, as of the other commands.")
    ] = None,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Give the shifts of a role out anew: each to whoever has waited longest, is not away and has no other role then.

    Without --apply it only shows who would have what. Shifts that nobody can take stay as they are.

    Example: stationmaster assign cellxgene --role primary --weeks 8 --apply --by jules

    Exit codes: 0 shown or done, 1 the team's files hold errors, 2 it is refused: the sentence says why.
    """
    from stationmaster.oncall.assigning import apply as put_in_force
    from stationmaster.oncall.assigning import assignments

    with refusals():
        found, now = team_and_now(team, include, home, None)
        rows = assignments(found, role, now, now + timedelta(weeks=weeks))
        if apply:
            if by is None:
                refuse("--apply needs --by: a change is made in somebody's name.")
            put_in_force(open_ledger(home), found, role, rows, now, _member(found, by))
        answer = _assigned(found, role, rows, applied=apply)
    if as_json:
        show_json(answer)
    else:
        _show_assigned(found, answer)


def lock(
    team: Annotated[str | None, typer.Argument(help="The team; by default all.", show_default=False)] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if there is a change.")] = False,
    effective: Annotated[
        str | None,
        typer.Option("--effective", help="From when a change counts, with an offset; else now.", show_default=False),
    ] = None,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="Replace who is on call then at once, not at the next handoff.")
    ] = False,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            help="An older rotations.lock.json, as of the branch that is merged to: exit 1 if the past differs.",
            show_default=False,
        ),
    ] = None,
    include: IncludeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make what the files say of the rotations a new revision, and show whose shifts move in the next thirteen weeks.

    The past is what earlier revisions say, and never changes. A rotation that was never locked is as its file says;
    once it is, a file that says something else is an error until it is locked again.

    Example: stationmaster lock cellxgene --check

    Exit codes: 0 locked, or nothing to lock; 1 --check or --against found something, or the files hold errors;
    2 no such team, or an instant that has been.
    """
    with refusals():
        folder = include_at(include)
        names = [team] if team else sorted(path.stem for path in (folder / "teams").glob("*.yaml"))
        answer, differs = _lock(folder, names, effective, check=check, at_once=at_once, against=against)
    if as_json:
        show_json(answer)
    else:
        _show_lock(answer)
        if differs:
            console().print(f"The past differs: {differs}.", soft_wrap=True)
    if not answer.ok:
        raise typer.Exit(FINDING)


def _answered(team: str, name: str, by: str, include: Path | None, home: Path, *, accept: bool, as_json: bool) -> None:
    from stationmaster.oncall.swapping import answer

    with refusals():
        found, now = team_and_now(team, include, home, None)
        record = answer(open_ledger(home), found, name, accept=accept, now=now, by=_member(found, by))
        shown = _swaps(found, [record], now)
    _out_swaps(found, shown, as_json=as_json)


def _made(
    team: str,
    kind: str,
    role: str,
    comes: list[str],
    goes: str | None,
    start: str,
    end: str,
    by: str,
    reason: str,
    priority: int,
    include: Path | None,
    home: Path,
    as_json: bool,
) -> None:
    from stationmaster.core.rotations.changes import OverrideType
    from stationmaster.oncall.overriding import make

    with refusals():
        found, now = team_and_now(team, include, home, None)
        span = _span(found, role, start, end)
        record = make(
            open_ledger(home),
            found,
            kind=OverrideType(kind),
            role=role,
            comes=tuple(comes),
            goes=goes,
            start=span.start,
            end=span.end,
            now=now,
            by=_member(found, by),
            reason=reason,
            priority=priority,
        )
    _out_overrides(found, _overrides(found, [record]), as_json=as_json)


def _member(team: TeamConfig, by: str) -> str:
    if by not in team.people:
        from stationmaster.config.mistakes import did_you_mean

        refuse(f"--by: {by!r} is not in the people of {team.id}. {did_you_mean(by, team.people)}")
    return by


def _span(team: TeamConfig, role: str, start: str, end: str) -> Span:
    """Return the span that two texts name; a local time is of the role's rotation.

    :raises UncertainTime: it does not exist, or comes twice.
    """
    from stationmaster.core.instants import exact_instant, moment_of
    from stationmaster.core.rotations.windows import Span

    zone = team.rotation_of(role).zone

    def instant(text: str) -> datetime:
        try:
            return exact_instant(moment_of(text), zone)
        except ValueError as error:
            if type(error).__module__.startswith("stationmaster."):
                raise
            refuse(f"{text!r} is not a date with a time. Write it as 2026-03-09T09:00, or with an offset.")

    return Span(instant(start), instant(end))


def _assigned(team: TeamConfig, role: str, rows: tuple[Assignment, ...], *, applied: bool) -> AssignAnswer:
    from stationmaster.cli.shapes_oncall import AssignAnswer, Assigned

    shown = tuple(
        Assigned(start=row.start, end=row.end, present=row.present, person=row.person, moves=row.moves) for row in rows
    )
    return AssignAnswer(team=team.id, role=role, applied=applied, shifts=shown)


def _show_assigned(team: TeamConfig, answer: AssignAnswer) -> None:
    from rich.table import Table

    from stationmaster.core.instants import local_text

    names = {name: person.name for name, person in team.people.items()}
    table = Table("from", "until", "now", "would be" if not answer.applied else "is", box=None, pad_edge=False)
    for row in answer.shifts:
        new = "stays: nobody can" if row.person is None else names[row.person] if row.moves else "stays"
        span = (local_text(row.start, team.zone), local_text(row.end, team.zone))
        table.add_row(*span, ", ".join(names.get(each, each) for each in row.present), new)
    console().print(table)


def _swaps(team: TeamConfig, records: Iterable[SwapRecord], now: datetime) -> SwapsAnswer:
    from stationmaster.cli.shapes_oncall import SwapsAnswer, SwapShown
    from stationmaster.oncall.swapping import status_of

    hidden = {"rotation", "shift_start", "answered_by", "answered_at", "asked_in", "version"}
    return SwapsAnswer(
        team=team.id,
        swaps=tuple(
            SwapShown.model_validate(record.model_dump(exclude=hidden) | {"status": status_of(team, record, now)})
            for record in records
        ),
    )


def _overrides(team: TeamConfig, records: Iterable[OverrideRecord]) -> OverridesAnswer:
    from stationmaster.cli.shapes_oncall import OverridesAnswer, OverrideShown

    return OverridesAnswer(
        team=team.id,
        overrides=tuple(
            OverrideShown(
                id=record.id,
                type=record.override.type,
                role=record.override.role,
                comes=record.override.people,
                goes=record.override.remove,
                start=record.override.start,
                end=record.override.end,
                priority=record.override.priority,
                reason=record.reason,
                asked_by=record.asked_by,
                asked_at=record.asked_at,
                in_force=record.in_force,
            )
            for record in records
        ),
    )


def _out_swaps(team: TeamConfig, answer: SwapsAnswer, *, as_json: bool) -> None:
    if as_json:
        show_json(answer)
        return
    from stationmaster.core.instants import local_text

    out = console()
    for each in answer.swaps:
        zone = team.rotation_of(each.role).zone
        span = f"{local_text(each.start, zone)} – {local_text(each.end, zone)}"
        back = ""
        if each.back_start is not None and each.back_end is not None:
            back = f", for {local_text(each.back_start, zone)} – {local_text(each.back_end, zone)}"
        what = f"{each.giver} gives {each.role} to {each.taker}, {span}{back}"
        out.print(f"{each.id}  {each.status}: {what}", soft_wrap=True)
    if not answer.swaps:
        out.print("No swaps.")


def _out_overrides(team: TeamConfig, answer: OverridesAnswer, *, as_json: bool) -> None:
    if as_json:
        show_json(answer)
        return
    from stationmaster.core.instants import local_text

    out = console()
    for each in answer.overrides:
        zone = team.rotation_of(each.role).zone
        span = f"{local_text(each.start, zone)} – {local_text(each.end, zone)}"
        who = ", ".join(each.comes)
        what = {
            "set": f"{who} alone",
            "replace": f"{who} for {each.goes}",
            "add": f"{who} too",
            "remove": f"without {each.goes}",
        }[each.type]
        state = "" if each.in_force else " (withdrawn)"
        out.print(f"{each.id}  {each.role}: {what}, {span}, by {each.asked_by}{state}", soft_wrap=True)
    if not answer.overrides:
        out.print("No overrides.")


def _lock(
    folder: Path, names: list[str], effective: str | None, *, check: bool, at_once: bool, against: Path | None
) -> tuple[LockAnswer, str | None]:
    from stationmaster import clock
    from stationmaster.cli.shapes_oncall import LockAnswer
    from stationmaster.config.rotations_lock import LockFile, read_lock, write_lock
    from stationmaster.oncall.locking import first_difference, locking

    now = clock.now().replace(microsecond=0)
    before = lock_file = read_lock(folder)
    shown = []
    for name in names:
        team = team_at(folder, name, unlocked=True)
        counts_from = now if effective is None else _instant(effective, team.zone)
        for rotation in team.roster:
            found = locking(
                lock_file,
                team,
                rotation,
                now=now,
                effective=counts_from,
                takes_over="at_once" if at_once else "at_handoff",
            )
            shown.append(_locked(team, found, lock_file))
            if found.added is not None:
                lock_file = lock_file.with_revision(f"{team.id}.{rotation}", found.added)
    changed = lock_file != before
    if changed and not check:
        write_lock(folder, lock_file)
    differs = None
    if against is not None:
        old = LockFile.model_validate_json(against.read_bytes())
        differs = first_difference(old, lock_file, now)
    ok = differs is None and not (check and changed)
    return LockAnswer(ok=ok, written=changed and not check, rotations=tuple(shown)), differs


def _instant(text: str, zone: str) -> datetime:
    from stationmaster.cli.answering import instant_of

    return instant_of(text, zone)


def _locked(team: TeamConfig, found: Locking, lock_file: object) -> RotationLocked:
    from stationmaster.cli.shapes_oncall import MoveShown, RotationLocked
    from stationmaster.config.rotations_lock import LockFile

    known = len(lock_file.revisions(f"{team.id}.{found.rotation}")) if isinstance(lock_file, LockFile) else 0
    return RotationLocked(
        rotation=f"{team.id}.{found.rotation}",
        state=found.state,
        revisions=known + (found.added is not None),
        effective_from=found.added.revision.effective_from if found.added is not None else None,
        affected=found.affected,
        moves=tuple(
            MoveShown(role=role, before=move.before, after=move.after, start=move.span.start, end=move.span.end)
            for role, several in found.moves.items()
            for move in several
        ),
    )


def _show_lock(answer: LockAnswer) -> None:
    out = console()
    for each in answer.rotations:
        what = {"unchanged": "is as it was locked", "first": "is locked for the first time"}.get(
            each.state, f"changes from {each.effective_from} on" if each.effective_from else "changes"
        )
        out.print(f"{each.rotation} {what}.", soft_wrap=True)
        if each.affected:
            out.print(f"  shifts move for: {', '.join(each.affected)}", soft_wrap=True)
        for move in each.moves:
            span = f"{move.start:%Y-%m-%d %H:%MZ} – {move.end:%Y-%m-%d %H:%MZ}"
            before, after = ", ".join(move.before) or "nobody", ", ".join(move.after) or "nobody"
            out.print(f"  {span}  {move.role}: {before} → {after}", soft_wrap=True)
