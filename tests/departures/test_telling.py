"""What is said in Slack: each thing once, in time or later, and never a reason to stop."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.core.changelog import Change
from stationmaster.departures import telling, without_slack, wording
from stationmaster.ledger.records import DepartureState, EffectState
from tests.departures.week import EXPLORER, OPS, WEDNESDAY


@pytest.fixture
def opened(week):
    week.open_cut()
    return week


def say(week, text="Something", what="cut/thing"):
    return telling.tell(week.station(), week.departure, what, text)


def test_c17_a_departure_is_one_message_with_a_thread_that_is_edited(opened):
    """C-17: in the team's channel; everything else stands below it."""
    say(opened)
    telling.refresh_headline(opened.station(), opened.departure)
    first, second = opened.slack.messages[OPS]
    assert (first.thread_ts or first.ts) == second.thread_ts
    assert "is open" in first.text
    assert f"<@{opened.slack_of('ben')}>" in first.text
    opened.ledger.set_state(opened.departure, DepartureState.STAGED, opened.clock(), "stationmaster", "over")
    for _ in range(3):
        telling.refresh_headline(opened.station(), opened.departure)
    assert "on staging, soaking" in opened.slack.messages[OPS][0].text
    assert sum(entry.method == "chat.update" for entry in opened.slack.journal) == 1


def test_f01_a_thing_is_said_once_however_often_it_is_told(opened):
    messages = {say(opened).ts for _ in range(3)}
    assert len(messages) == 1
    assert opened.said("Something") == 1


@pytest.mark.parametrize("kind", ["server_error_after", "drop_after", "truncate_after"])
def test_f04_a_post_whose_answer_was_lost_is_found_and_not_repeated(opened, kind):
    say(opened, "First", "cut/first")
    opened.slack_fault(kind, "chat.postMessage")
    message = say(opened)
    assert opened.said("Something") == 1
    assert message is not None
    assert opened.ledger.effect(f"{opened.departure}/tell/cut/thing").state is EffectState.ADOPTED
    assert say(opened) == message


@pytest.mark.parametrize("kind", ["server_error_before", "drop_before"])
def test_f03_a_post_that_was_lost_before_it_happened_is_made_when_that_is_sure(opened, kind):
    say(opened, "First", "cut/first")
    opened.slack_fault(kind, "chat.postMessage")
    assert say(opened) is None
    assert say(opened) is None  # it may still come to show
    opened.clock.move(seconds=11)
    telling.tell_again(opened.station())
    telling.tell_again(opened.station())
    assert opened.said("Something") == 1


def test_f60_a_limit_of_slack_delays_and_loses_nothing(opened):
    opened.slack_fault("rate_limited", "chat.postMessage", times=2, retry_after=30)
    assert say(opened) is None
    opened.clock.move(seconds=30)
    opened.slack.faults.clear()
    telling.tell_again(opened.station())
    assert opened.said("Something") == 1


@pytest.mark.parametrize(
    "error", ["token_revoked", "not_in_channel", "is_archived", "channel_not_found", "missing_scope", "invalid_auth"]
)
def test_f61_an_app_that_was_removed_stops_nothing(opened, error):
    opened.slack_fault("error", "chat.postMessage", times=99, error=error)
    assert say(opened) is None
    opened.slack.faults.clear()
    telling.tell_again(opened.station())
    assert opened.said("Something") == 1


def test_what_could_not_be_said_is_said_later_in_its_order_and_once(opened):
    opened.slack_down()
    for number in (3, 1, 2):
        opened.clock.move(seconds=1)
        say(opened, f"Message {number}", f"cut/{number}")
    opened.slack_down(down=False)
    opened.clock.move(seconds=15)
    for _ in range(3):
        telling.tell_again(opened.station())
    said = [text for text in opened.texts() if text.startswith("Message")]
    assert said == ["Message 3", "Message 1", "Message 2"]


def test_a_silent_slack_never_stops_a_deploy_and_all_is_told_once_it_is_back(week):
    """The whole promotion with Slack down: three votes in Airflow, two people who go without it; told afterwards."""
    week.staged()
    week.clock.to(WEDNESDAY)
    week.slack_down()
    week.open_promote()
    week.quorum()
    week.confirm()
    assert not week.look("quorum").opens
    manifest = week.ledger.manifest_of(week.departure).hash
    for person, final in (("farah", True), ("emil", False)):
        assert without_slack.say(week.station(), week.departure, manifest, person, final=final)
    week.promote()
    assert week.close("promote") is DepartureState.DONE
    assert len(week.dispatches()) == 2
    assert week.texts() == []
    week.slack_down(down=False)
    week.clock.to(WEDNESDAY + timedelta(days=1))
    week.open_cut()  # the next departure says what the last one could not
    for words in ("Slack was out when the votes", "Deploy to *prod* in progress", "Deploy to *prod* is complete"):
        assert week.said(words) == 1
    telling.tell_again(week.station())
    assert week.said("Deploy to *prod* is complete") == 1


def test_started_and_complete_are_told_once_each_whatever_is_repeated(week):
    """C-17."""
    week.ready()
    for _ in range(2):
        week.promote()
        for _ in range(3):
            assert week.close("promote") is DepartureState.DONE
    assert week.said("Deploy to *prod* in progress") == 1
    assert week.said("Deploy to *prod* is complete. Please help to test") == 1
    assert week.said("Draw faster") == 3  # the question, the start and the end carry the notes


def test_c18_a_failure_is_told_once_and_mentions_the_person_on_call(week):
    """C-17, C-18."""
    week.ready()
    for _ in range(3):
        assert week.close("promote", failed=True, why="The deployment ended as failure.") is DepartureState.FAILED
    assert week.said(":rotating_light:") == 2  # the announcement, and the departure's own message
    told = next(text for text in week.texts() if "Runbook" in text)
    assert f"<@{week.slack_of('farah')}>" in told
    assert "deploy-failed" in told


def test_f11_a_deleted_thread_is_begun_again_for_what_is_told_next(opened):
    say(opened, "First", "cut/first")
    opened.slack.delete(OPS, opened.thread())
    assert say(opened) is not None
    assert opened.said("Something") == 1
    assert opened.thread() == opened.slack.messages[OPS][-1].thread_ts


def test_f11_a_deleted_headline_is_posted_again_when_it_would_be_edited(opened):
    telling.refresh_headline(opened.station(), opened.departure)
    opened.slack.delete(OPS, opened.thread())
    opened.ledger.set_state(opened.departure, DepartureState.STAGED, opened.clock(), "stationmaster", "over")
    for _ in range(2):
        telling.refresh_headline(opened.station(), opened.departure)
    assert opened.said("on staging, soaking") == 1


HOSTILE = "<!channel> `rm -rf` <@U03AMARA0> & <https://evil.example|click> @here"


def test_f65_a_title_cannot_mention_anybody(week):
    week.gate()
    manifest = week.ledger.manifest_of(week.departure)
    week.ledger.pin(week.departure, week.repin(), week.clock(), "ben")
    second = week.ledger.manifest_of(week.departure)
    assert second != manifest
    change = Change(number=8, title=HOSTILE, author="dev-12", repository=EXPLORER)
    value = {"changes": [change.model_dump(mode="json")], "authors": []}
    week.ledger.record(week.departure, "changes", second.hash, value, week.clock(), "stationmaster")
    station = week.station()
    for text in (
        wording.vote_question(station, week.departure),
        wording.started(station, week.departure, "promote"),
        wording.ending(station, week.departure, "promote", DepartureState.DONE, ""),
        wording.ending(station, week.departure, "promote", DepartureState.FAILED, HOSTILE),
        wording.ending(station, week.departure, "promote", DepartureState.SKIPPED, HOSTILE),
        wording.asked(station, week.team.people["ben"], HOSTILE),
    ):
        plain = text
        for person in week.team.people:
            plain = plain.replace(f"• {person}", "")
        assert "<!channel>" not in text
        assert "<https://evil" not in text
        assert "`rm" not in text


def test_f65_the_reason_of_a_veto_cannot_mention_anybody(week):
    week.gate()
    week.vote("amara", "veto", reason=HOSTILE)
    week.look("quorum")
    assert week.said("veto by Amara Osei") == 1
    assert week.said("<!channel>") == 0


def test_f64_three_hundred_changes_fit_into_one_message(week):
    week.gate()
    second = week.repin()
    changes = [
        Change(number=number, title=f"Change number {number} " + "x" * 60, repository=EXPLORER).model_dump(mode="json")
        for number in range(1, 301)
    ]
    value = {"changes": changes, "authors": []}
    week.ledger.record(week.departure, "changes", second.hash, value, week.clock(), "stationmaster")
    text = wording.started(week.station(), week.departure, "promote")
    assert len(text) <= 3000 + 200
    assert "more" in text.splitlines()[-1]
    message = telling.tell(week.station(), week.departure, "promote/started", text)
    assert message is not None


def test_f74_no_token_stands_in_a_row_a_message_or_an_error(week, caplog):
    """Every failure that quotes a vendor's answer, then every place that keeps text."""
    import sqlite3

    from tests.departures.week import GITHUB_TOKEN, SLACK_TOKEN

    caplog.set_level("DEBUG")
    week.gate()
    week.quorum()
    week.confirm()
    errors = []
    for kind in ("dropped_before", "bad_gateway_before", "unauthorised", "forbidden", "garbled", "hidden"):
        week.fault(kind, "/dispatches", method="POST", times=2)
        try:
            errors.append(str(week.advance("promote", "portal")))
        except Exception as error:
            errors += [str(error), str(error.__cause__), repr(error)]
        week.github.faults.clear()
        week.clock.move(minutes=3)
    for kind in ("drop_before", "server_error_before", "error"):
        week.slack_fault(kind, times=30, error="invalid_auth")
        errors.append(str(week.look("quorum")))
        say(week, "Something", f"promote/{kind}")
        week.slack.faults.clear()
    with sqlite3.connect(week.ledger._url.removeprefix("sqlite:///")) as database:
        rows = "\n".join(database.iterdump())
    kept = [rows, *week.texts(), *errors, caplog.text]
    assert len(rows) > 10_000
    assert errors
    for token in (GITHUB_TOKEN, SLACK_TOKEN):
        assert not [text for text in kept if token in text]


def test_those_whose_work_is_aboard_are_mentioned(week):
    week.gate()
    author = next(person for person in week.team.people.values() if person.github == "dev-12")
    assert f"Aboard is work of <@{author.slack[0]}>." in wording.vote_question(week.station(), week.departure)
