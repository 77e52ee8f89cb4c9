"""What people write about an incident stays a quoted line in Slack, in the forms and on GitHub (S5, F65)."""

from __future__ import annotations

import pytest

from stationmaster.core import escaping
from stationmaster.core.incidents import Kind
from stationmaster.incidents import (
    acknowledging,
    handling,
    lines,
    opening,
    questions,
    records,
    reporting,
    telling,
    wording,
)
from tests.hostile import BREAKS, HARMLESS, NASTY, as_slack_sends, in_markdown, in_slack, quoted_in_slack
from tests.incidents.test_incident_reports import opened


@pytest.fixture
def story(office):
    """An incident with a hostile title, which somebody has."""
    found = opened(office, what=NASTY)
    acknowledging.acknowledge(office.desk(), found, office.team.people["ben"], "cli")
    return records.story(office.desk(), found.id)


def test_s5_an_update_is_one_quoted_line_in_the_thread(office, story):
    handling.write(office.desk(), story, Kind.UPDATED, "ben", NASTY, eta=NASTY)
    told = [text for text in office.texts("ops") if text.startswith("Ben Lindqvist: ")]
    quoted_in_slack(told)


def test_s5_an_update_that_comes_from_slack_is_read_as_it_was_written(office, story):
    parent = telling.known_headline(office.desk(), story)
    ben = office.team.people["ben"].slack[0]
    office.clock.move(seconds=5)
    office.slack.post_as(
        ben, str(parent["channel"]), f"update: {as_slack_sends('a <b> & c')}", thread_ts=str(parent["ts"])
    )
    handling.listen(office.desk(), records.story(office.desk(), story.id))
    (newest,) = records.story(office.desk(), story.id).all(Kind.UPDATED)
    assert newest.value["text"] == "a <b> & c"
    assert "“a &lt;b&gt; &amp; c”" in wording.headline(office.desk(), records.story(office.desk(), story.id))


def test_s5_every_message_of_an_incident_keeps_its_lines(office, story):
    desk = office.desk()
    for kind in (Kind.UPDATED, Kind.MITIGATED, Kind.RESOLVED):
        handling.write(desk, records.story(desk, story.id), kind, "ben", NASTY)
    found = records.story(desk, story.id)
    people = [office.team.people["ben"]]
    shown, title = escaping.slack(escaping.said(NASTY)), escaping.slack(found.title)
    for text in (
        wording.headline(desk, found),
        wording.topic(desk, [found]),
        wording.paged(desk, found, people),
        wording.still_open(desk, found, people),
        wording.last_resort(desk, found),
        wording.help_wanted(desk, found, people[0], people),
        wording.report_wanted(desk, found),
    ):
        in_slack(text, text.replace(shown, f"“{HARMLESS}”").replace(title, HARMLESS))
    for each in found.happenings:
        assert not BREAKS.search(lines.sentence(desk, each))


def test_s5_the_forms_the_report_and_the_issue_keep_their_lines(office, story):
    desk = office.desk()
    handling.write(desk, story, Kind.RESOLVED, "ben", NASTY)
    found = records.story(desk, story.id)
    for subject, body in (questions.page(desk, found), questions.handle(desk, found), questions.report(desk, found)):
        assert not BREAKS.search(subject)
        in_markdown(body, body)
        assert not any(line.startswith((":white_check_mark:", "✅", "LGTM")) for line in body.splitlines())
    rows = reporting.timeline(desk, found).splitlines()
    assert len(rows) == 2 + len(found.happenings)
    page = reporting.document(desk, "# {{ title }}\n\n{{ resolution_steps }}\n", found)
    _, _, *prose = page.splitlines()
    assert all(line.startswith(">") for line in prose)


def test_s5_a_longer_text_of_a_report_is_a_quotation(office):
    assert (
        reporting._prose("first\n# Approved\n✅ 3 of 3")
        == "> first\n> \\# Approved\n> :\u200bwhite\\_check\\_mark: 3 of 3"
    )
    assert reporting._prose("one line") == "one line"


def test_s5_an_incident_that_is_opened_again_says_why_on_one_line(office, story):
    desk = office.desk()
    handling.write(desk, story, Kind.RESOLVED, "ben", "over")
    opening.open_again(desk, story.id, "ben", NASTY, once="x")
    for each in records.story(desk, story.id).happenings:
        assert not BREAKS.search(lines.sentence(desk, each))
