"""What every command shares: where it writes, its exit codes, and how it says that it cannot."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from pydantic import BaseModel
    from rich.console import Console

FINDING = 1
"""Exit code: the command found what it looks for, such as an error in a file."""
USAGE = 2
"""Exit code: the command cannot be carried out as it was given."""

_WIDTH = 120
_SHOWN_BYTES = 60


def console() -> Console:
    """Return the console for people; wide enough for a log where it is no terminal.

    Whatever it prints, a line or a cell of a table, stays on its line and moves no cursor (F65, S5).
    """
    from rich.console import Console
    from rich.text import Text

    class PlainConsole(Console):
        def render_str(self, text: str, **options: Any) -> Text:
            return super().render_str(plain(text), **options)

    width = None if sys.stdout.isatty() else _WIDTH
    return PlainConsole(highlight=False, markup=False, emoji=False, width=width)


def refuse(sentence: str, *, code: int = USAGE) -> NoReturn:
    """Say on standard error why the command cannot be carried out, and leave."""
    said = "\n".join(plain(line) for line in sentence.split("\n"))
    typer.echo(f"stationmaster: {said}", err=True)
    raise typer.Exit(code)


def show_json(answer: BaseModel) -> None:
    """Write the answer as JSON: instants as UTC with a Z, one object, indented."""
    typer.echo(answer.model_dump_json(indent=2))


def plain(text: str) -> str:
    """Return ``text`` on one line and without control characters: a commit title may not move the cursor (F65)."""
    from stationmaster.core.escaping import printable

    return printable(text)


@contextmanager
def refusals(code: int = USAGE) -> Iterator[None]:
    """Turn an error of ours into its sentence and an exit code; any other is a fault, and keeps its traceback.

    :param code: the exit code, where what is wrong is not a finding by itself.
    """
    try:
        yield
    except (typer.Exit, typer.Abort):
        raise
    except Exception as error:
        if _is_a_finding(error):
            refuse(str(error), code=FINDING)
        if isinstance(error, UnicodeEncodeError) and error.reason == "surrogates not allowed":
            given = error.object.encode("utf-8", "surrogateescape")[:_SHOWN_BYTES]
            refuse(f"{given!r} holds bytes that are no UTF-8, so it is no text. Write it anew.", code=code)
        if not _is_ours(error) and not _is_of_the_database(error):
            raise
        # The driver's messages go over several lines and end with a link to its documentation.
        refuse(" ".join(str(error).split(" (Background on")[0].split()), code=code)


def instant_of(text: str, zone: str) -> datetime:
    """Return the aware instant that ``text`` names; refuse one without an offset, and say what to write instead.

    :param zone: the zone that a person would have meant.
    """
    from stationmaster.core.instants import OutOfTime, first_instant, moment_of, to_local

    try:
        value = moment_of(text)
    except OutOfTime as error:
        refuse(str(error))
    except ValueError:
        refuse(f"{text!r} is not an instant. Write it as in 2026-03-09T09:00:00-07:00 or 2026-03-09T16:00:00Z.")
    if value.tzinfo is not None:
        return value
    meant = to_local(first_instant(value, zone), zone).isoformat()
    refuse(
        f"{text!r} has no offset, so it names no instant. Write {meant} for {zone}, or {value.isoformat()}Z for UTC."
    )


def _is_a_finding(error: Exception) -> bool:
    from stationmaster.config.problems import ConfigurationInvalid
    from stationmaster.core.rotations.rotation import NobodyOnCall

    return isinstance(error, ConfigurationInvalid | NobodyOnCall)


def _is_ours(error: Exception) -> bool:
    """Return whether the class is the package's own: its message names the value and the way out."""
    return type(error).__module__.startswith("stationmaster.")


def _is_of_the_database(error: Exception) -> bool:
    if "sqlalchemy" not in sys.modules:
        return False
    from sqlalchemy.exc import SQLAlchemyError

    return isinstance(error, SQLAlchemyError)
