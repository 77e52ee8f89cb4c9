"""C-33 to C-35: a question to the person on call that nobody answers goes up the ladder, and an answer ends it."""

from __future__ import annotations

from stationmaster.core.blockers import blocker
from stationmaster.departures.watches import look
from tests.departures.week import Week


def _ask(week: Week, *, waits: bool = True) -> None:
    found = blocker("CONFIRMATION_MISSING", who=("ben",), role="primary", manifest="0" * 8)
    arguments = {"gate": "confirm_the_promotion", "stop": "cut", "blocker": found.model_dump(mode="json")}
    standing = look(week.station(), "answer", week.departure, arguments)
    assert not standing.opens
    if waits:
        week.ledger.set_blockers(f"{week.departure}/cut/confirm_the_promotion", standing.blockers, week.clock())


def _told(week: Week) -> list[str]:
    prefix = f"{week.departure}/tell/cut/ask/confirm_the_promotion/escalated-to-"
    return [effect.key.removeprefix(prefix) for effect in week.ledger.effects() if effect.key.startswith(prefix)]


def _texts(week: Week) -> list[str]:
    return [message.text for messages in week.slack.messages.values() for message in messages]


def test_c33_ten_minutes_to_the_secondary_and_thirty_more_to_the_tertiary(week: Week) -> None:
    week.open_cut()
    _ask(week)
    week.clock.move(minutes=9, seconds=59)
    _ask(week)
    assert _told(week) == []
    week.clock.move(seconds=1)
    _ask(week)
    assert _told(week) == ["secondary"]
    week.clock.move(minutes=29, seconds=59)
    _ask(week)
    assert _told(week) == ["secondary"]
    week.clock.move(seconds=1)
    _ask(week)
    assert _told(week) == ["secondary", "tertiary"]
    assert any(f"<@{week.team.people['farah'].slack[0]}>, you are secondary" in text for text in _texts(week))
    assert any(f"<@{week.team.people['jules'].slack[0]}>, you are tertiary" in text for text in _texts(week))


def test_c34_a_look_that_ends_after_the_answer_tells_nobody(week: Week) -> None:
    week.open_cut()
    _ask(week)
    week.ledger.set_blockers(f"{week.departure}/cut/confirm_the_promotion", (), week.clock())
    week.clock.move(days=4)
    _ask(week, waits=False)
    assert _told(week) == []


def test_c34_each_is_told_once_and_nobody_before_the_question(week: Week) -> None:
    week.open_cut()
    week.clock.move(hours=3)
    _ask(week)
    assert _told(week) == []
    week.clock.move(hours=2)
    for _ in range(3):
        _ask(week)
    assert len([text for text in _texts(week) if "you are secondary" in text]) == 1
