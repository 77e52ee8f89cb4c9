"""The help of every command is complete, quick, and says how to leave a script in the know."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
import typer
from typer.testing import CliRunner

from stationmaster import __version__
from stationmaster.cli.main import app


def commands(group, names=()):
    """Yield every command below a group, with the words that call it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*names, name))
        else:
            yield (*names, name), command


EVERY = sorted(commands(typer.main.get_command(app)), key=lambda found: found[0])
NAMES = [" ".join(names) for names, _ in EVERY]


def test_these_are_the_commands():
    assert NAMES == [
        "adopt",
        "alerts decide",
        "alerts list",
        "assign",
        "beat",
        "bench",
        "check",
        "chore block",
        "chore done",
        "chore leave",
        "chore show",
        "chores",
        "conflicts",
        "disclose",
        "docs",
        "down",
        "drift",
        "explain",
        "fairness",
        "freeze approve",
        "freeze ask",
        "freeze exceptions",
        "freeze list",
        "gaps",
        "halt",
        "incident ack",
        "incident assign",
        "incident ladder",
        "incident list",
        "incident mitigate",
        "incident postmortem",
        "incident rate",
        "incident report",
        "incident resolve",
        "incident show",
        "incident update",
        "ledger audit",
        "ledger effects",
        "ledger lift",
        "ledger locks",
        "ledger migrate",
        "ledger release",
        "ledger settle",
        "ledger verify",
        "link",
        "load",
        "lock",
        "log add",
        "log show",
        "new chore",
        "new incident-report",
        "new service-sheet",
        "next",
        "override add",
        "override list",
        "override remove",
        "override replace",
        "override set",
        "override withdraw",
        "parity",
        "preview",
        "rehearse",
        "resume",
        "rollout abort",
        "rollout again",
        "rollout downgrade",
        "rollout leave",
        "rollout pause",
        "rollout preview",
        "rollout resume",
        "rollout status",
        "runbook debt",
        "runbook list",
        "runbook show",
        "schedule",
        "schemas",
        "silence",
        "skip",
        "stats",
        "swap accept",
        "swap ask",
        "swap cancel",
        "swap decline",
        "swap list",
        "swap suggest",
        "unskip",
        "up",
        "who",
    ]


@pytest.mark.parametrize(("names", "command"), EVERY, ids=NAMES)
def test_each_help_has_an_example_and_the_exit_codes(names, command):
    text = " ".join(str(command.help).split())
    assert f"stationmaster {' '.join(names)}" in text.partition("Example: ")[2]
    assert "Exit codes: 0 " in text


@pytest.mark.parametrize(("names", "command"), EVERY, ids=NAMES)
def test_each_argument_and_option_is_explained(names, command):
    unexplained = [
        parameter.name
        for parameter in command.params
        if parameter.name != "help" and not getattr(parameter, "help", None)
    ]
    assert unexplained == []


@pytest.mark.parametrize(("names", "command"), EVERY, ids=NAMES)
def test_each_help_is_shown(names, command):
    result = CliRunner().invoke(app, [*names, "--help"])
    assert result.exit_code == 0
    assert "Usage:" in result.stdout


def test_help_pays_for_none_of_the_heavy_imports():
    heavy = ["airflow", "sqlalchemy", "pydantic", "slack_sdk", "github", "fastapi", "yaml", "psutil"]
    program = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from stationmaster.cli.main import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        f"print([name for name in {heavy!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_version_is_told():
    assert CliRunner().invoke(app, ["--version"]).stdout == f"stationmaster {__version__}\n"


def test_an_unknown_option_is_a_usage_error():
    assert CliRunner().invoke(app, ["check", "--quickly"]).exit_code == 2
    assert click.UsageError.exit_code == 2
