"""Questions that nobody answers (D-20, D-21, C-26, O-06, N-08, N-14, N-15), against the stand-ins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stationmaster.config.watch_kinds import Sprint
from stationmaster.oncall_log import log
from stationmaster.rehearsal.slack.models import SlackFault
from tests.watches.lookout import STRANGER, Lookout

BEN, FARAH, GORAN = "U12BENLI0", "U31FARAH0", "U32GORAN0"


@pytest.fixture
def watch(lookout: Lookout):
    return lookout.watch(
        "questions",
        role="primary",
        channels=("ops", "eng"),
        within="30m",
        routes=[{"topic": "the portal", "words": ["portal", "upload"], "owner": "goran"}],
        file={"repository": "chanzuckerberg/single-cell-data-portal", "labels": ["bug"]},
    )


def test_c26_a_question_without_an_answer_is_tagged_once_to_whoever_is_on_call(lookout: Lookout, watch) -> None:
    question = lookout.says("Is staging down?")
    lookout.says("deployed to staging")
    assert lookout.look(watch) == {}
    lookout.clock.move(minutes=31)
    (found,) = lookout.look(watch).values()
    assert (found.code, found.who) == ("QUESTION_OPEN", ("ben",))
    assert "Is staging down?" in found.sentence
    lookout.clock.move(minutes=5)
    lookout.look(watch)
    (tag,) = lookout.thread(question)
    assert f"<@{BEN}>" in tag
    entries = log.entries(lookout.desk(), lookout.clock() - timedelta(hours=2), lookout.clock() + timedelta(hours=1))
    assert [entry.about for entry in entries] == ["question"]


@pytest.mark.parametrize("how", ["reply", "mark", "deleted"])
def test_c26_an_answered_question_is_cleared_before_and_after_the_tag(lookout: Lookout, watch, how: str) -> None:
    early, late = lookout.says("Is staging down?"), lookout.says("How do I get access?", channel="eng")
    lookout.look(watch)

    def settle(message) -> None:
        if how == "reply":
            lookout.says("No.", who=FARAH, channel="ops" if message is early else "eng", thread=message.ts)
        elif how == "mark":
            lookout.marks(message, "heavy_check_mark")
            lookout.marks(message, "white_check_mark")
        else:
            lookout.slack.messages[message.channel].remove(message)

    settle(early)
    lookout.clock.move(minutes=31)
    assert list(lookout.look(watch)) == [f"{late.channel}/{late.ts}"]
    assert not any("nobody has answered" in text for text in lookout.thread(early))
    settle(late)
    lookout.clock.move(minutes=1)
    assert lookout.look(watch) == {}
    assert lookout.look(watch) == {}


def test_c26_whoever_asks_and_strangers_do_not_answer_for_the_team(lookout: Lookout, watch) -> None:
    question = lookout.says("Is staging down?")
    lookout.says("Anybody?", thread=question.ts)
    own = lookout.says("Who restarts the queue?", who=FARAH)
    lookout.says("please", who=FARAH, thread=own.ts)
    lookout.clock.move(minutes=31)
    assert len(lookout.look(watch)) == 2


def test_f11_an_answer_that_the_history_cuts_off_is_found(lookout: Lookout, watch) -> None:
    question = lookout.says("Is staging down?")
    for number in range(6):
        lookout.joins(f"U9{number}OTHERS")
        lookout.says("me too", who=f"U9{number}OTHERS", thread=question.ts)
    lookout.says("Mended.", who=FARAH, thread=question.ts)
    lookout.clock.move(minutes=31)
    assert lookout.look(watch) == {}


def test_d21_a_topic_brings_its_owner_along(lookout: Lookout, watch) -> None:
    question = lookout.says("The upload fails, what now?")
    lookout.clock.move(minutes=31)
    (found,) = lookout.look(watch).values()
    assert found.who == ("goran", "ben")
    (tag,) = lookout.thread(question)
    assert f"<@{BEN}>" in tag
    assert f"<@{GORAN}>" in tag


def test_n14_the_third_time_somebody_is_asked_to_write_a_page_once(lookout: Lookout, watch) -> None:
    texts = [
        "How do I get access to the data lake?",
        "who gives access to the data lakes?",
        "access to data lake, how?",
    ]
    asked = []
    for text in [*texts, texts[0]]:
        asked.append(lookout.says(text))
        lookout.look(watch)
        lookout.clock.move(minutes=7)
    told = [text for message in asked for text in lookout.thread(message) if "asked 3 times" in text]
    assert len(told) == 1


def test_n15_an_emoji_of_the_team_makes_an_issue_and_a_strangers_does_not(lookout: Lookout, watch) -> None:
    question = lookout.says("The portal eats <!channel> my data. Why?")
    lookout.marks(question, "ticket")
    lookout.look(watch)
    repository = lookout.github.repository("chanzuckerberg/single-cell-data-portal").record
    assert not repository.issues
    lookout.marks(question, "ticket", who=FARAH)
    lookout.look(watch)
    lookout.look(watch)
    (issue,) = repository.issues.values()
    assert issue.labels == ["bug"]
    assert "<!channel>" not in issue.body
    assert sum("made an issue" in text for text in lookout.thread(question)) == 1


@pytest.mark.parametrize("before", [False, True], ids=["at once", "an issue already"])
def test_c27_an_emoji_pulls_the_issue_into_the_sprint_once(lookout: Lookout, watch, before: bool) -> None:
    sprint = Sprint(labels=("current sprint",))
    watch = watch.model_copy(update={"file": watch.file.model_copy(update={"sprint": sprint})})
    question = lookout.says("The portal loses every upload. Why?")
    if before:
        lookout.marks(question, "ticket", who=FARAH)
        lookout.look(watch)
    lookout.marks(question, "fast_forward")
    lookout.look(watch)
    repository = lookout.github.repository("chanzuckerberg/single-cell-data-portal").record
    assert [issue.labels for issue in repository.issues.values()] == ([["bug"]] if before else [])
    lookout.marks(question, "fast_forward", who=FARAH)
    lookout.look(watch)
    lookout.look(watch)
    (issue,) = repository.issues.values()
    assert issue.labels == ["bug", "current sprint"]
    assert sum("into the sprint" in text for text in lookout.thread(question)) == 1
    assert sum("made an issue" in text for text in lookout.thread(question)) == 1


def test_f65_a_question_that_mentions_everybody_makes_the_station_mention_nobody(lookout: Lookout, watch) -> None:
    question = lookout.says("<!here> is it down? @channel")
    lookout.clock.move(minutes=31)
    lookout.look(watch)
    assert not any("<!" in text or "@channel" in text for text in lookout.thread(question))


def test_f60_slack_that_limits_is_waited_for_and_nobody_is_tagged_blindly(lookout: Lookout, watch) -> None:
    question = lookout.says("Is staging down?")
    lookout.look(watch)
    lookout.says("No.", who=FARAH, thread=question.ts)
    lookout.clock.move(minutes=31)
    lookout.slack.faults.append(_limited(120))
    found = lookout.look(watch)
    assert found["WATCH_BEHIND"].clears_at == lookout.clock() + timedelta(seconds=120)
    assert not any("nobody has answered" in text for text in lookout.thread(question))
    before = len(lookout.slack.journal)
    lookout.clock.move(minutes=1)
    lookout.look(watch)
    assert len(lookout.slack.journal) == before
    lookout.clock.move(minutes=2)
    assert lookout.look(watch) == {}


def test_f61_a_channel_without_the_bot_hides_no_other(lookout: Lookout, watch) -> None:
    ops, eng = (lookout.team.channels[name].id for name in ("ops", "eng"))
    lookout.slack.channels[eng].members = []
    lookout.says("Is staging down?")
    lookout.clock.move(minutes=31)
    found = lookout.look(watch)
    assert found[eng].code == "WATCH_BLIND"
    assert [each.code for subject, each in found.items() if subject.startswith(ops)] == ["QUESTION_OPEN"]


def test_o06_end_users_are_answered_in_three_channels_and_people_of_the_team_ask_nothing(lookout_of) -> None:
    at = datetime(2024, 3, 12, 15, 0, tzinfo=UTC)
    lookout = lookout_of("operate-first", at=at)
    watch = lookout.team.watches["questions"]
    for channel in ("support", "operations", "general"):
        lookout.says("How do I get a namespace?", channel=channel)
    lookout.says("Who restarts it?", who="UADAXXF00", channel="general")
    lookout.clock.move(minutes=61)
    found = lookout.look(watch)
    assert [each.code for each in found.values()] == ["QUESTION_OPEN"] * 3
    assert set(lookout.team.watches["issues"].repositories) == {"operate-first/operations", "operate-first/apps"}


def test_o10_a_line_for_the_log_is_written_there_and_is_no_question(lookout_of) -> None:
    at = datetime(2024, 3, 12, 15, 0, tzinfo=UTC)
    lookout = lookout_of("operate-first", at=at)
    channel = lookout.team.log.channels[0]
    lookout.says("log: why did it restart? I drained the node", who="UADAXXF00", channel=channel)
    watch = lookout.watch("questions", role="engineer", channels=(channel,), within="30m")
    for _ in range(2):
        assert lookout.look(watch) == {}
        lookout.clock.move(minutes=31)
    entries = log.entries(lookout.desk(), at, at + timedelta(minutes=1))
    assert [entry.text for entry in entries] == ["why did it restart? I drained the node"]


def test_f60_a_channel_too_full_to_be_read_closes_no_question_and_a_week_later_it_is_left(
    lookout: Lookout, watch, monkeypatch
) -> None:
    monkeypatch.setattr("stationmaster.hooks.chat._PAGE", 2)
    lookout.says("Is staging down?")
    lookout.look(watch)
    for _ in range(12):
        lookout.clock.move(minutes=3)
        lookout.says("deployed")
    (found,) = lookout.look(watch).values()
    assert found.code == "QUESTION_OPEN"
    lookout.clock.move(days=7)
    assert lookout.look(watch) == {}


def test_f04_a_tag_whose_answer_was_lost_is_not_said_twice(lookout: Lookout, watch) -> None:
    question = lookout.says("Is staging down?")
    lookout.clock.move(minutes=31)
    lookout.slack_fault("drop_after")
    assert len(lookout.look(watch)) == 1
    lookout.clock.move(minutes=1)
    assert [found.code for found in lookout.look(watch).values()] == ["QUESTION_OPEN"]
    assert len(lookout.thread(question)) == 1


def test_f61_one_tag_that_cannot_be_said_holds_up_no_other(lookout: Lookout, watch) -> None:
    first, second = lookout.says("Is staging down?"), lookout.says("Is prod down?", channel="eng")
    lookout.clock.move(minutes=31)
    lookout.slack.faults.append(
        SlackFault(kind="error", method="chat.postMessage", error="restricted_action", channel=first.channel, times=9)
    )
    found = lookout.look(watch)
    assert sorted(each.code for each in found.values()) == ["QUESTION_OPEN", "SLACK_UNREACHABLE"]
    assert len(lookout.thread(second)) == 1


def _limited(seconds: int) -> SlackFault:
    return SlackFault(kind="rate_limited", method="conversations.history", retry_after=seconds)


def test_c26_what_the_bot_says_is_no_question(lookout: Lookout, watch) -> None:
    lookout.desk().chat.post(lookout.team.channels["ops"].id, "Is there a pull request to wait for?", key="x")
    assert STRANGER in lookout.slack.users
    lookout.clock.move(minutes=31)
    assert lookout.look(watch) == {}
