"""What people answer a chore with stays a quoted line (S5, F65)."""

from __future__ import annotations

from stationmaster.chores import wording
from tests.chores.test_doing_chores import GOOD, asked, holder, office, run
from tests.hostile import BREAKS, NASTY, quoted_in_markdown, quoted_in_slack
from tests.operators.runs import answer

__all__ = ["asked", "office", "run"]


def test_s5_a_note_on_what_a_chore_waits_for_is_one_quoted_line(asked):
    run, outcome = asked
    run.wake(outcome, "do_it", answer("Blocked", holder(run.office), note=NASTY))
    (why,) = run.office.ledger.blockers(f"{run.about}/do_it")[f"{run.about}/do_it"]
    assert not BREAKS.search(why.sentence)
    told = wording.told(run.office.desk(), run.about)
    quoted_in_slack([wording.late(run.office.desk(), told, ())])
    quoted_in_markdown([wording.body(run.office.desk(), told, 0)])


def test_s5_a_note_on_why_a_chore_was_left_is_one_quoted_line(asked):
    run, outcome = asked
    run.wake(outcome, "do_it", answer("Not needed this time", holder(run.office), note=NASTY))
    run.start("close_the_chore")
    quoted_in_slack([text for text in run.office.texts("ops") if "was not needed" in text])
    from stationmaster.chores import runs

    ending = runs.endings(run.office.desk(), run.about)[-1]
    quoted_in_markdown([wording.issue_comment(run.office.desk(), ending)])
    assert not BREAKS.search(wording.log_line(wording.told(run.office.desk(), run.about), ending))


def test_s5_a_link_that_shows_a_chore_was_done_stays_a_link(asked):
    run, outcome = asked
    run.wake(outcome, "do_it", answer("Done", holder(run.office), **GOOD))
    run.start("close_the_chore")
    assert any(f"• report: <{GOOD['report']}>" in text for text in run.office.texts("ops"))
