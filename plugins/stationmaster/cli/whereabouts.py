"""Where a command finds the files, the ledger and the clock."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stationmaster import settings
from stationmaster.clock import CLOCK_FILE_VARIABLE

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig
    from stationmaster.ledger import Ledger
    from stationmaster.rehearsal.embedded.station import Station as RunningStation

HOME = Path(".station")
"""Where ``stationmaster up`` keeps its station."""

IncludeOption = Annotated[
    Path | None,
    typer.Option(
        "--include",
        help="The include/ directory. By default $STATIONMASTER_INCLUDE_DIR, or the nearest one above this directory.",
        show_default=False,
    ),
]
HomeOption = Annotated[Path, typer.Option("--home", help="The home of the station that stationmaster up runs.")]
ByOption = Annotated[
    str,
    typer.Option(
        "--by",
        help="On whose behalf: a person's id in the team's file. A shell proves nobody: the audit names your user of "
        "the operating system and the host, too, and it never counts as an approval.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON; docs/cli-json.md describes its shape.")]


def shell_actor() -> str:
    """Return who acts by a command: the operating system's user and the host, such as ``shell:amara@build-7``.

    The user is the process's, and not what the environment says.
    """
    try:
        import pwd

        user = pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, AttributeError, KeyError):
        user = str(os.getuid()) if hasattr(os, "getuid") else "unknown"
    from stationmaster.ledger.records import SHELL

    return f"{SHELL}{user}@{socket.gethostname()}"


def include_at(given: Path | None) -> Path:
    """Return the include directory that was named, else the nearest one.

    :raises IncludeMissing: there is none.
    """
    if given is None:
        return settings.include_dir(Path.cwd() / "dags")
    if not (given / "teams").is_dir():
        raise settings.IncludeMissing(f"{given} is no include directory: it has no directory teams.")
    return given.absolute()


def team_at(include: Path, name: str, *, unlocked: bool = False) -> TeamConfig:
    """Return one team; the files of the others are not read.

    :param unlocked: whether rotations may differ from the lock: for the command that locks them.
    :raises UnknownTeam: it has no file.
    :raises ConfigurationInvalid: its files hold errors.
    """
    from stationmaster.config.loader import load
    from stationmaster.config.problems import UnknownTeam

    known = sorted(path.stem for path in (include / "teams").glob("*.yaml"))
    if name not in known:
        raise UnknownTeam(f"there is no team {name!r}; the teams are {', '.join(known) or 'none'}.")
    return load(include, teams=[name], unlocked=unlocked).team(name)


def running_station(home: Path) -> RunningStation | None:
    """Return the station that runs in ``home``, None where none does or where the environment names another ledger."""
    if os.environ.get(settings.LEDGER_VARIABLE) or not home.is_dir():
        return None
    from stationmaster.rehearsal.embedded.station import running

    return running(home)


def take_over_clock(station: RunningStation | None) -> None:
    """Read the time where a running station reads it, unless the environment names a clock already."""
    if station is not None and station.clock_file is not None and not os.environ.get(CLOCK_FILE_VARIABLE):
        os.environ[CLOCK_FILE_VARIABLE] = str(station.clock_file)


def open_ledger(home: Path, *, create: bool = False) -> Ledger:
    """Return the ledger: the environment's, else the one of the station that runs in ``home``, else Airflow's.

    A running station's clock is taken over with its ledger.

    :param create: whether a SQLite file that does not exist may be made.
    :raises LedgerNotConfigured: nothing names one.
    """
    station = running_station(home)
    take_over_clock(station)
    url = _url(home) if station is None else station.ledger_url
    path = _sqlite_path(url)
    if path is not None and not create and not path.is_file():
        raise settings.LedgerNotConfigured(
            f"there is no ledger in {path}. Create it with stationmaster ledger migrate, or correct the path."
        )
    from stationmaster.ledger import Ledger

    return Ledger.at(url, through=shell_actor())


def named_ledger(home: Path) -> Ledger | None:
    """Return the ledger of the environment, or of the station that runs in ``home``; None where there is neither.

    :raises LedgerNotConfigured: one is named and is not there.
    """
    named = any(name == settings.LEDGER_VARIABLE or name.startswith("AIRFLOW") for name in os.environ)
    if running_station(home) is None and not named:
        return None
    return open_ledger(home)


def team_in_fact(team: TeamConfig, home: Path) -> TeamConfig:
    """Return the team with the overrides and swaps of the ledger, if there is one; else as its files say."""
    from stationmaster.oncall.changing import in_fact

    ledger = named_ledger(home)
    return team if ledger is None else in_fact(team, ledger)


def _url(home: Path) -> str:
    # Only an environment that has an Airflow at all is worth the seconds that importing it takes.
    if os.environ.get(settings.LEDGER_VARIABLE) or any(name.startswith("AIRFLOW") for name in os.environ):
        return settings.ledger_url()
    raise settings.LedgerNotConfigured(
        f"no ledger is named, and no station runs in {home}. Set {settings.LEDGER_VARIABLE} to its URL, such as "
        "sqlite:////absolute/path/ledger.db or postgresql://user:password@host/stationmaster, or start one with "
        "stationmaster up."
    )


def _sqlite_path(url: str) -> Path | None:
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None
