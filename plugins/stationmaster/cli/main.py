"""The ``stationmaster`` command. Each group of commands is a module; what a command needs is imported when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from stationmaster import __version__
from stationmaster.cli import (
    checking,
    chores,
    departures_by_hand,
    explaining,
    freezes,
    generating,
    halting,
    incidents,
    ledger_records,
    ledger_writes,
    linking,
    new,
    oncall_log,
    oncall_reading,
    oncall_writing,
    parity,
    previewing,
    rehearsing,
    rollouts,
    runbooks,
    running,
    stats,
    watching,
    who,
)

_HELP = """
Release trains on Airflow, written as YAML and Markdown.

Exit codes: 0 all is well; 1 a finding (an error in a file, a broken ledger, a broken invariant, a stale page);
2 the command cannot be carried out as it was given.

With --json a command writes one JSON object to standard output and nothing else; docs/cli-json.md describes each.
"""

app = typer.Typer(
    name="stationmaster",
    help=_HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
ledger = typer.Typer(
    name="ledger",
    help="Read, prove and settle the ledger: the durable record of every departure.",
    no_args_is_help=True,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"stationmaster {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Hold the options of the command itself."""


_DEPARTURES = (freezes, halting, departures_by_hand, linking, rollouts, previewing, parity, stats, explaining)
_DUTY = (chores, runbooks, incidents, oncall_log, watching, new)
for group in (checking, who, oncall_reading, oncall_writing, *_DEPARTURES, *_DUTY):
    group.register(app)
ledger_records.register(ledger)
ledger_writes.register(ledger)
app.add_typer(ledger)
for group in (generating, running, rehearsing):
    group.register(app)
