"""The looks of tasks that wait: they end with the shift, and keep their reason."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.core.blockers import blocker
from stationmaster.handoffs import waiting
from stationmaster.work.waits import pause
from tests.handoffs.monday import HANDOFF, HELP
from tests.handoffs.test_access import answer

SUBJECT = f"{HANDOFF}/handoff/tell_the_shift/primary"
SLACK = blocker("SLACK_UNREACHABLE", why="502")
QUESTION = {"role": "primary", "items": ["Sentry", "Datadog"]}


def look(monday, name, arguments):
    return waiting.look(monday.desk(), name, HANDOFF, arguments)


def test_a_pause_grows_with_its_obstacle_up_to_five_minutes(monday):
    lengths = []
    for _ in range(20):
        arguments = pause(monday.desk(), SUBJECT, [SLACK], {})
        monday.ledger.set_blockers(SUBJECT, [SLACK], monday.clock())
        assert not look(monday, waiting.AGAIN, arguments).opens
        start = monday.clock()
        while not look(monday, waiting.AGAIN, arguments).opens:
            monday.clock.move(seconds=5)
        lengths.append(monday.clock() - start)
    assert lengths[0] == timedelta(seconds=30)
    assert lengths == sorted(lengths)
    assert lengths[-1] == timedelta(minutes=5)


def test_the_reason_stays_until_the_step_was_taken_again(monday):
    arguments = pause(monday.desk(), SUBJECT, [SLACK], {})
    monday.clock.move(minutes=1)
    standing = look(monday, waiting.AGAIN, arguments)
    assert standing.opens
    assert [found.code for found in standing.blockers] == ["SLACK_UNREACHABLE"]


@pytest.mark.parametrize("name", [waiting.AGAIN, waiting.ANSWER])
def test_every_wait_ends_with_the_shift(monday, name):
    arguments = {**QUESTION, **pause(monday.desk(), SUBJECT, [SLACK], {})}
    assert not look(monday, name, arguments).opens
    monday.clock.to(monday.handoff.end - timedelta(microseconds=1))
    monday.clock.move(microseconds=1)
    assert look(monday, name, arguments).opens


def test_who_can_help_is_told_by_the_look_as_soon_as_slack_is_back(monday):
    answer(monday, "sentry")
    monday.slack_fault("server_error_before", times=100, method="*")
    codes = [found.code for found in look(monday, waiting.ANSWER, QUESTION).blockers]
    assert codes == ["ACCESS_MISSING", "SLACK_UNREACHABLE"]
    monday.slack.faults.clear()
    monday.clock.move(seconds=10)  # the lost answer might still come to show
    assert [found.code for found in look(monday, waiting.ANSWER, QUESTION).blockers] == ["ACCESS_MISSING"]
    assert len(monday.texts(HELP)) == 1


def test_a_look_of_another_release_is_refused(monday):
    with pytest.raises(waiting.UnknownLook, match="again, answer"):
        look(monday, "horoscope", {})
