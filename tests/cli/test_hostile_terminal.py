"""What people wrote moves no cursor, opens no line and paints nothing on a terminal (S5, F65)."""

from __future__ import annotations

import re

import pytest
from rich.table import Table

from stationmaster.cli.answering import console, refuse
from stationmaster.ledger import Ledger
from stationmaster.work import halting
from tests.cli.conftest import WEDNESDAY
from tests.hostile import CORPUS, NASTY

CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize("text", CORPUS)
def test_s5_nothing_printed_moves_the_cursor_or_opens_a_line(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    console().print(f"why: {text}", soft_wrap=True)
    shown = capsys.readouterr().out
    assert shown.count("\n") == 1
    assert not CONTROL.search(shown)


def test_s5_neither_markup_nor_emoji_of_the_terminal_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    console().print("[red]x[/red] :white_check_mark:", soft_wrap=True)
    assert capsys.readouterr().out == "[red]x[/red] :white_check_mark:\n"


def test_s5_a_cell_of_a_table_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("what", box=None, pad_edge=False)
    table.add_row("a\nb\x1b[31m c")
    console().print(table)
    assert [line.strip() for line in capsys.readouterr().out.splitlines()] == ["what", "a b [31m c"]


def test_s5_a_refusal_moves_no_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    from typer import Exit

    with pytest.raises(Exit):
        refuse("first \x1b[31m\u202ex\nsecond")
    assert capsys.readouterr().err == "stationmaster: first  [31mx\nsecond\n"


def test_s5_explain_shows_why_a_train_is_stopped_on_one_line(run, ledger: Ledger) -> None:
    ledger.open_departure("cellxgene.weekly", _week(), WEDNESDAY, "timetable")
    halting.halt(ledger, "cellxgene.weekly", why=NASTY, now=WEDNESDAY, by="ben")
    shown = run("explain", "cellxgene.weekly").stdout
    assert not CONTROL.search(shown)
    (line,) = [each for each in shown.splitlines() if "3 of 3 approvals" in each]
    assert "has stopped this train: “late" in line


def _week():
    from stationmaster.core.instants import IsoWeek

    return IsoWeek.of(WEDNESDAY, "America/Los_Angeles")


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "9999-12-31T00:00:00"])
@pytest.mark.parametrize(
    "words", [("who", "cellxgene"), ("freeze", "list", "cellxgene"), ("log", "show", "cellxgene")], ids=" ".join
)
def test_f66_an_instant_that_nobody_means_has_its_sentence(ledger, run, words, at):
    found = run(*words, "--at", at)
    assert (found.exit_code, found.stderr) == (
        2,
        f"stationmaster: {at} is too far away. Write a year from 1970 to 2200.\n",
    )


def test_f66_an_argument_that_is_no_text_has_its_sentence(ledger, run):
    found = run("ledger", "effects", "bad\udcff")
    assert (found.exit_code, found.stderr) == (
        2,
        "stationmaster: b'bad\\xff' holds bytes that are no UTF-8, so it is no text. Write it anew.\n",
    )
