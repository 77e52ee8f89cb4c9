"""What a rollback, a hotfix, a freeze and a train's issue say of a hostile reason (S5, F65)."""

from __future__ import annotations

from datetime import timedelta

from stationmaster.config.freezing import FreezeEntry
from stationmaster.departures import logbook, telling, wording, wording_beside
from stationmaster.departures.homecoming import Hotfixed
from stationmaster.ledger.records import DepartureState
from tests.departures.ruled import comments, issues, rule
from tests.departures.test_going_back import go, three
from tests.departures.test_hotfixes import calm, start
from tests.departures.week import WEDNESDAY
from tests.hostile import BREAKS, NASTY, quoted_in_markdown, quoted_in_slack

__all__ = ["calm", "three"]


def test_s5_the_reason_of_a_rollback_is_one_quoted_line(three):
    go(three, reason=NASTY)
    found = three.ledger.departure("cellxgene.weekly/2021-W44")
    assert (found.state, found.told[0]) == (DepartureState.ROLLED_BACK, "“")
    three.departure = found.id
    telling.refresh_headline(three.station(), found.id)
    three.close("promote")
    said = [text for text in three.texts() if "approvals" in text]
    assert said
    for text in said:
        assert "://" not in text
        assert text.count("3 of 3 approvals") == 1
        assert not any(line.startswith(("✅", ":white_check_mark:", "3 of 3")) for line in text.splitlines())


def test_s5_the_reason_of_a_hotfix_is_one_quoted_line(calm):
    departure = start(calm, reason=NASTY)
    for text in (
        wording_beside.vote_question(calm.station(), departure),
        wording_beside.disclosed(calm.station(), departure),
    ):
        quoted_in_slack([text.partition("\n\n")[0]])
    hotfix = Hotfixed(
        departure=departure, component="explorer", repository="a/b", base="a", sha="b" * 40, origins=(), branch="x`\ny"
    )
    title, body = wording_beside.pull_request(calm.station(), departure, hotfix)
    assert not BREAKS.search(title)
    quoted_in_markdown([body])
    told = wording_beside.bring_home(calm.station(), hotfix, "ben", "https://github.com/a/b/pull/7")
    assert "`x' y` does not have it yet: <https://github.com/a/b/pull/7>." in told


def test_s5_the_issue_of_a_train_quotes_why_it_was_skipped(week):
    rule(week, issue="written")
    week.staged()
    logbook.write(week.station(), week.departure)
    week.ledger.set_state(week.departure, DepartureState.SKIPPED, week.clock(), "ben", NASTY)
    logbook.follow(week.station(), week.departure)
    (issue,) = issues(week)
    told = [body.partition("<!--")[0].strip() for body in comments(week, issue.number)]
    quoted_in_markdown(told)


def test_s5_why_a_freeze_holds_is_one_quoted_line(week):
    week.ready()
    start, end = WEDNESDAY - timedelta(hours=1), WEDNESDAY + timedelta(hours=20)
    entry = FreezeEntry(name="year-end", mode="hold_promotion", why=NASTY, start=start.isoformat(), end=end.isoformat())
    week.team = week.team.model_copy(update={"freezes": (entry,)})
    standing = week.advance("promote", "portal")
    assert [found.code for found in standing.blockers] == ["FROZEN"]
    quoted_in_slack([wording.cannot_begin(week.station(), "promote", standing.blockers)])
