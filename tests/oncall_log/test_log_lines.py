"""What people write into the log from Slack, and the page that it becomes (C-30, O-10, F65)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.config.oncall_log import LogRules
from stationmaster.hooks.chat_errors import ChatError
from stationmaster.oncall_log import log, log_lines, log_page

OPS = "C0244PQK934"


def wrote(office):
    """Every entry that there is."""
    now = office.clock()
    return log.entries(office.desk(), now - timedelta(days=30), now + timedelta(days=1))


def say(office, text, user="U30EMILNO"):
    office.clock.move(seconds=30)
    return office.slack.post_as(user, OPS, text)


def test_o10_a_line_of_the_team_that_begins_with_log_is_an_entry_with_its_author_and_its_address(office):
    say(office, "Log:  restarted the proxy")
    log_lines.gather_all(office.desk())
    (entry,) = wrote(office)
    assert (entry.text, entry.by, entry.source) == ("restarted the proxy", "emil", "slack")
    assert entry.links[0].startswith("http")


def test_o10_read_again_and_again_it_is_one_entry(office):
    say(office, "log: restarted the proxy")
    for _ in range(3):
        log_lines.gather_all(office.desk())
        log_lines.gather(office.desk(), OPS, office.clock() - timedelta(days=1))
        office.clock.move(seconds=20)
    assert len(wrote(office)) == 1


@pytest.mark.parametrize("text", ["catalog: new", "I looked at the log: nothing", "log:", "log:   ", "logs: x"])
def test_o10_other_lines_are_none(office, text):
    say(office, text)
    log_lines.gather_all(office.desk())
    assert wrote(office) == ()


def test_o10_a_strangers_line_and_a_robots_are_none(office):
    from stationmaster.rehearsal.slack.models import SlackUser

    for name, bot in (("U0STRANGER", False), ("U0ROBOT000", True)):
        office.slack.users[name] = SlackUser(id=name, name=name.lower(), real_name=name, bot=bot)
        office.slack.channel(OPS).members.append(name)
        say(office, "log: I was here", user=name)
    log_lines.gather_all(office.desk())
    assert wrote(office) == ()


def test_f61_what_slack_did_not_tell_is_gathered_later(office):
    say(office, "log: restarted the proxy")
    office.slack_fault("server_error_before", times=9, method="conversations.history")
    with pytest.raises(ChatError):
        log_lines.gather_all(office.desk())
    office.slack.faults.clear()
    office.clock.move(days=2)
    log_lines.gather_all(office.desk())
    assert [entry.text for entry in wrote(office)] == ["restarted the proxy"]


def test_o10_the_word_is_the_teams(office):
    office.edit(log=LogRules(channels=("ops",), word="!note"))
    say(office, "!note it rains")
    say(office, "log: it rains")
    log_lines.gather_all(office.desk())
    assert [entry.text for entry in wrote(office)] == ["it rains"]


def test_c30_the_page_goes_by_day_on_the_teams_clocks(office):
    for hours, text in ((0, "late"), (2, "early")):
        log.write(office.desk(), text, at=office.clock().replace(hour=6) + timedelta(hours=hours), by="emil")
    assert log_page.page(office.desk(), wrote(office), "Log").splitlines() == [
        "# Log",
        "",
        "## Monday 2024-03-11",
        "",
        "- 23:00 **Emil Novak**: late",
        "",
        "## Tuesday 2024-03-12",
        "",
        "- 01:00 **Emil Novak**: early",
    ]


def test_f65_a_hostile_entry_mentions_nobody_and_opens_no_tag(office):
    links = ("https://example.org/a)b](javascript:x", "javascript:alert(1)")
    log.write(office.desk(), "@everyone <script>x</script>\n## Heading [a](b)", by="<b>mallory</b>", links=links)
    text = "\n".join(log_page.lines(office.desk(), wrote(office)))
    assert "<script>" not in text
    assert "@everyone" not in text
    assert "<b>" not in text
    assert "\n## Heading" not in text
    assert "](javascript" not in text
    assert "alert(1)" not in text


def test_an_empty_shift_says_so(office):
    assert log_page.lines(office.desk(), ()) == ["Nothing was written down."]
