"""``stationmaster ledger settle|release|lift|migrate``: what only a person may decide; each names who and why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stationmaster import clock
from stationmaster.cli.answering import console, refusals, refuse
from stationmaster.cli.whereabouts import HOME, ByOption, HomeOption, open_ledger, shell_actor
from stationmaster.core.naming import names, short

if TYPE_CHECKING:
    from stationmaster.ledger import Ledger
    from stationmaster.ledger.records import Effect

WhyOption = Annotated[str, typer.Option("--why", help="What you saw, with a link. Stands in the audit.")]


def register(ledger: typer.Typer) -> None:
    """Add the commands."""
    ledger.command()(settle)
    ledger.command()(release)
    ledger.command()(lift)
    ledger.command()(migrate)


def settle(
    key: Annotated[str, typer.Argument(help="The effect's key, as ledger effects lists it.")],
    by: ByOption,
    why: WhyOption,
    happened: Annotated[
        bool, typer.Option("--happened/--did-not-happen", help="What you found on the other side.", show_default=False)
    ],
    receipt: Annotated[
        str | None,
        typer.Option(
            "--receipt",
            help='With --happened: JSON that identifies it. A workflow run: {"run_id": 123}. '
            'A message: {"channel": "C…", "ts": "…"}. A branch or tag: {"ref": "…", "sha": "…"}.',
            show_default=False,
        ),
    ] = None,
    home: HomeOption = HOME,
) -> None:
    """Say what became of an ambiguous effect, after you looked: it happened, or it did not and may be done again.

    Example: stationmaster ledger settle KEY --happened --receipt '{"run_id": 7123}' --by emil --why "run 7123 is ours"

    Exit codes: 0 settled, 2 there is nothing to decide, or the receipt does not identify it.
    """
    _named(by, why)
    with refusals():
        ledger = open_ledger(home)
        effect = ledger.effect(key)
        if effect is None:
            refuse(f"nobody ever intended the effect {key!r}. List them with stationmaster ledger effects.")
        settled = ledger.settle(key, _receipt(effect, happened, receipt), by, why, clock.now())
    again = "" if happened else ": it may be done again"
    console().print(f"{settled.key} is {settled.state}{again}.", soft_wrap=True)


def release(
    name: Annotated[str, typer.Argument(help="The lock's name, as ledger locks lists it.")],
    fence: Annotated[
        int, typer.Option("--fence", help="The fence that ledger locks shows: you release what you looked at.")
    ],
    by: ByOption,
    why: WhyOption,
    home: HomeOption = HOME,
) -> None:
    """Take a lock from a holder that is certainly gone; whoever still carries its fence can do nothing any more.

    Example: stationmaster ledger release org/app/prod --fence 7 --by emil --why "its run was deleted"

    Exit codes: 0 released, 2 that fence does not hold it.
    """
    _named(by, why)
    with refusals():
        open_ledger(home).release(name, fence, clock.now(), by, why)
    console().print(f"{name} is free.", soft_wrap=True)


def lift(
    manifest: Annotated[str, typer.Argument(help="The rejected manifest: its hash, or the first 8 digits or more.")],
    by: ByOption,
    why: WhyOption,
    home: HomeOption = HOME,
) -> None:
    """Say where two people lift the rejection of a manifest. A command lifts nothing, whoever types it.

    Example: stationmaster ledger lift 1a2b3c4d --by emil --why "the fault was in the database, not in the release"

    Exit codes: 0 never, 2 always: the sentence says what to do.
    """
    _named(by, why)
    with refusals():
        ledger = open_ledger(home)
        found = _rejected(ledger, manifest)
        refuse(
            f"Two people lift a rejection, each as themselves, and {shell_actor()} types this for {by}. Start the "
            f"train's exception form in Airflow (lift, manifest {short(found)}): another person is asked to approve it."
        )


def migrate(home: HomeOption = HOME) -> None:
    """Create the ledger's tables, or bring them to this release. Harmless when they are, and when processes race.

    Example: STATIONMASTER_LEDGER_URL=sqlite:////srv/ledger.db stationmaster ledger migrate

    Exit codes: 0 up to date, 2 no ledger is named, or a newer release migrated it.
    """
    with refusals():
        changed = open_ledger(home, create=True).migrate()
    console().print("The ledger is ready." if changed else "Nothing to do: the ledger is up to date.")


def _named(by: str, why: str) -> None:
    if not by.strip() or not why.strip():
        refuse("--by and --why may not be empty: the audit keeps who decided, and on what grounds.")


def _receipt(effect: Effect, happened: bool, text: str | None) -> dict[str, Any] | None:
    """Return the receipt as the steps of a train read it, None for an effect that did not happen."""
    if not happened:
        if text is not None:
            refuse("--receipt belongs to --happened: what did not happen has none.")
        return None
    given = _json_object(text)
    if "workflow" in effect.intent:
        since = effect.intended_at.isoformat()
        given = {"workflow": effect.intent["workflow"], "key": effect.key, "since": since, **given}
        needed: dict[str, type] = {"run_id": int}
    else:
        needed = {"channel": str, "ts": str} if "text" in effect.intent else {}
    for name, kind in needed.items():
        if not isinstance(given.get(name), kind):
            refuse(f"the receipt needs {name}, {'a number' if kind is int else 'a text'}; it is {text}.")
    return given


def _json_object(text: str | None) -> dict[str, Any]:
    try:
        value = json.loads(text or "")
    except ValueError:
        value = None
    if not isinstance(value, dict) or not value:
        refuse("--happened needs --receipt, a JSON object that identifies the effect; see ledger settle --help.")
    return value


def _rejected(ledger: Ledger, manifest: str) -> str:
    """Return the whole hash of the one rejected manifest that begins so."""
    lines = [entry for entry in ledger.audit() if entry.action == "manifest.rejection"]
    found = sorted({entry.subject for entry in lines if names(manifest, entry.subject)})
    if len(found) != 1:
        refuse(
            f"{manifest!r} names {len(found)} rejected manifests. Write 8 digits or more; "
            "ledger audit lists them as manifest.rejection."
        )
    return found[0]
