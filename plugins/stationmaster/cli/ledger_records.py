"""``stationmaster ledger verify|audit|effects|locks``: reading the ledger, and proving that nobody rewrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stationmaster.cli.answering import FINDING, console, instant_of, plain, refusals, refuse, show_json
from stationmaster.cli.whereabouts import HOME, HomeOption, JsonOption, open_ledger

if TYPE_CHECKING:
    from stationmaster.ledger.records import Anchor

PrefixArgument = Annotated[
    str, typer.Argument(help="A path: cellxgene.weekly/2026-W34 finds it and all below it. Empty finds all.")
]


def register(ledger: typer.Typer) -> None:
    """Add the commands."""
    ledger.command()(verify)
    ledger.command()(audit)
    ledger.command()(effects)
    ledger.command()(locks)


def verify(
    anchor: Annotated[
        str | None,
        typer.Option("--anchor", help="SEQ:HASH that an earlier verify printed, kept elsewhere.", show_default=False),
    ] = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Prove that the audit is whole, and that ballots, facts, manifests and rejections say what it recorded.

    Keep the line that it prints in another place: given back with --anchor it shows a chain that was forged whole.

    Example: stationmaster ledger verify --anchor 412:9f2c…

    Exit codes: 0 whole, 1 broken, 2 no ledger.
    """
    with refusals():
        ledger = open_ledger(home)
        known = _anchor(anchor) if anchor else None
        head, breaks = ledger.head(), ledger.verify(known)
    if as_json:
        from stationmaster.cli.shapes import VerifyAnswer

        show_json(VerifyAnswer(whole=not breaks, head=head, breaks=breaks))
    else:
        out = console()
        for found in breaks:
            out.print(f"line {found.seq}: {found.problem}", style="red", soft_wrap=True)
        verdict = "The audit is whole" if not breaks else f"The audit is broken in {len(breaks)} places"
        out.print(f"{verdict}. It ends at {head.seq}:{head.hash}", soft_wrap=True)
    if breaks:
        raise typer.Exit(FINDING)


def audit(
    prefix: PrefixArgument = "",
    since: Annotated[
        str | None,
        typer.Option("--since", help="An instant with an offset; lines since then.", show_default=False),
    ] = None,
    after: Annotated[int, typer.Option("--after", min=0, help="Only lines with a higher number.")] = 0,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="At most so many, the oldest.", show_default=False)
    ] = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """List what was written to the ledger: when, by whom, what, about what; the oldest first.

    Example: stationmaster ledger audit cellxgene.weekly/2026-W34 --since 2026-08-20T00:00:00Z

    Exit codes: 0 answered, 2 no ledger, or an instant without an offset.
    """
    with refusals():
        ledger = open_ledger(home)
        instant = None if since is None else instant_of(since, "UTC")
        entries = ledger.audit(prefix, instant, after=after, limit=limit)
    if as_json:
        from stationmaster.cli.shapes import AuditAnswer

        show_json(AuditAnswer(entries=entries))
        return
    out = console()
    for entry in entries:
        what = f"{entry.seq:>6}  {entry.at:%Y-%m-%d %H:%M:%S}Z  {entry.actor}  {entry.action}  {entry.subject}"
        out.print(f"{plain(what)}  {plain(str(entry.body))}", soft_wrap=True)
    if not entries:
        out.print("Nothing was written.")


def effects(
    prefix: PrefixArgument = "",
    state: Annotated[
        list[str] | None,
        typer.Option("--state", help="INTENDED, DONE, ADOPTED or AMBIGUOUS; may be given again.", show_default=False),
    ] = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """List what the trains did to the world outside: each deploy, tag and message, with its receipt.

    AMBIGUOUS means that nobody can tell whether it happened: look at the other side, then use ledger settle.

    Example: stationmaster ledger effects cellxgene.weekly/2026-W34 --state AMBIGUOUS

    Exit codes: 0 answered, 2 no ledger, or no such state.
    """
    from stationmaster.ledger.records import EffectState

    known = [str(name) for name in EffectState]
    wanted = [name.upper() for name in state or known]
    if unknown := [name for name in wanted if name not in known]:
        refuse(f"{unknown[0]!r} is no state of an effect. Use one of {', '.join(known)}.")
    with refusals():
        found = open_ledger(home).effects(prefix, [EffectState(name) for name in wanted])
    if as_json:
        from stationmaster.cli.shapes import EffectsAnswer

        show_json(EffectsAnswer(effects=found))
        return
    out = console()
    for effect in found:
        out.print(f"{effect.state:<9}  {plain(effect.key)}  {plain(str(effect.receipt or ''))}", soft_wrap=True)
    if not found:
        out.print("There are none.")


def locks(prefix: PrefixArgument = "", home: HomeOption = HOME, as_json: JsonOption = False) -> None:
    """List the locks that are held: on what, by whom, why, since when, and the fence that ledger release asks for.

    Example: stationmaster ledger locks

    Exit codes: 0 answered, 2 no ledger.
    """
    with refusals():
        found = open_ledger(home).locks(prefix)
    if as_json:
        from stationmaster.cli.shapes import LocksAnswer

        show_json(LocksAnswer(locks=found))
        return
    out = console()
    for lock in found:
        held = f"{lock.name}  fence {lock.fence}  {lock.holder}  since {lock.since:%Y-%m-%d %H:%M}Z  {lock.reason}"
        out.print(plain(held), soft_wrap=True)
    if not found:
        out.print("Nobody holds a lock.")


def _anchor(text: str) -> Anchor:
    from stationmaster.ledger.records import Anchor

    seq, _, digest = text.partition(":")
    if not seq.isdigit() or not digest:
        refuse(f"{text!r} is no anchor. Write SEQ:HASH, as an earlier verify printed it.")
    return Anchor(seq=int(seq), hash=digest)
