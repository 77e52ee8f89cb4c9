"""Every sentence that leaves us is known here, and keeps its shape whatever stands in it (S5, F65).

A new function of a wording module fails the last test until it is listed: with arguments that hold a hostile text, or
with the test of a whole world that judges it.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace as Of
from typing import Any

import pytest
from hypothesis import given, settings

from stationmaster.core import escaping
from stationmaster.core.changelog import Change, changelog
from stationmaster.handoffs import wording as handoffs
from stationmaster.rollouts import wording as rollouts
from stationmaster.upgrades import wording as upgrades
from stationmaster.watches import wording as watches
from tests.hostile import CORPUS, HARMLESS, TEXTS, in_markdown, in_slack, on_a_line

URL = "https://github.com/acme/x/issues/7"
MODULES = (
    "chores.wording",
    "departures.wording",
    "departures.wording_beside",
    "departures.weekly_message",
    "handoffs.wording",
    "incidents.questions",
    "incidents.wording",
    "oncall_log.log_page",
    "rollouts.wording",
    "upgrades.wording",
    "watches.wording",
)
IN_A_WORLD = {
    "chores.wording": "tests/chores/test_hostile_chores.py, tests/chores/test_doing_chores.py",
    "departures.wording": "tests/operators/test_hostile_texts.py",
    "departures.wording_beside": "tests/departures/test_hostile_departures.py",
    "departures.weekly_message": "tests/departures/test_measuring.py: figures, and titles of the files",
    "incidents.questions": "tests/incidents/test_hostile_incidents.py",
    "incidents.wording": "tests/incidents/test_hostile_incidents.py",
}
"""Modules whose functions need a world; the tests there drive it with the same texts."""
BEN = Of(id="ben", mention="<@U1>", name="Ben")


def _blocker(text: str) -> Any:
    return Of(sentence=f"It waits: {text}.", how="Look.")


def _desk(text: str) -> Any:
    return Of(
        files=Of(zone="UTC"),
        team=Of(
            people={"ben": Of(name=escaping.one_line(text), mention="<@U1>", zone=None, id="ben")},
            channels={},
            title=escaping.one_line(text),
        ),
        entry=Of(title=escaping.one_line(text), roles={}, steps=[]),
        rotation=Of(zone="UTC"),
        managers=(),
        repository="acme/x",
        rules=Of(runbook="upgrades"),
    )


def _decision(text: str) -> Any:
    pull = Of(number=7, title=text, url=URL)
    return Of(pull=pull, reasons=(escaping.opened(text), "second"), assessment=None, standing=None)


def _swap(text: str) -> Any:
    from datetime import UTC, datetime

    at = datetime(2026, 1, 5, 9, tzinfo=UTC)
    return Of(
        id="s1", taker="ben", giver="ben", role="primary", reason=text,
        start=at, end=at + timedelta(days=1), back_start=None, back_end=None,
    )  # fmt: skip


def _event(text: str) -> Any:
    return Of(title=text, url=URL, runbook=text)


def _watch() -> Any:
    return Of(page=lambda _: None, runbook="pages")


def _issue(text: str) -> Any:
    return Of(issue=Of(url=URL, title=text), key=f"x {text}", priority=Of(label=text))


def _spike(text: str) -> Any:
    return Of(error=text, url=URL, after=9, before=1, span="1h", departure="a/b", key="k")


def _changes(text: str) -> Any:
    return changelog([Change(number=7, title=text, author=text, sha="", repository="a/b", url=text)])


SLACK: dict[str, Callable[[str], str]] = {
    "watches.tag": lambda text: watches.tag([BEN], Of(mention="<@U2>", id="x"), text, _tagging()),
    "watches.repeated": lambda text: watches.repeated([BEN], 3, "Monday"),
    "watches.filed": lambda text: watches.filed(Of(name=text), URL),
    "watches.pulled": lambda text: watches.pulled(Of(name=text), URL),
    "watches.silence_over": lambda text: watches.silence_over([BEN], Of(what=text, issue=text)),
    "watches.issue_duty": lambda text: watches.issue_duty([BEN], _issue(text), Of(what="late"), "now", top=True),
    "watches.alerts": lambda text: watches.alerts(
        [BEN], "team", Of(severity=text, cluster=text, key="k"), [_event(text)], _watch()
    ),
    "watches.alerts_reminder": lambda text: watches.alerts_reminder([BEN]),
    "watches.spike": lambda text: watches.spike([BEN], "team", _spike(text)),
    "watches.spike_filed": lambda text: watches.spike_filed(URL),
    "upgrades.asked": lambda text: upgrades.asked(_desk(text), [BEN], _decision(text), before=text),
    "upgrades.reminder": lambda text: upgrades.reminder(_desk(text), [BEN], _decision(text)),
    "upgrades.stuck": lambda text: upgrades.stuck(_desk(text), [BEN], _blocker(escaping.opened(text))),
    "upgrades.merged": lambda text: upgrades.merged(_desk(text), _decision(text), Of(name=text)),
    "rollouts.votes": lambda text: rollouts.votes(
        _station(), Of(departure="a/b", version="f" * 40), Of(number=1), {text: text}, "<@U1>, "
    ),
    "rollouts.stalled": lambda text: rollouts.stalled(
        _station(), Of(number=1), Of(blockers=[_blocker(escaping.opened(text))]), timedelta(hours=3)
    ),
    "handoffs.access_missing": lambda text: handoffs.access_missing(
        _desk(text), Of(mention="<@U1>", name="Ben"), text, [escaping.opened(text)], text
    ),
    "handoffs.swap_asked": lambda text: handoffs.swap_asked(_desk(text), _swap(text)),
    "handoffs.swap_answered": lambda text: handoffs.swap_answered(_desk(text), _swap(text), "declined"),
    "changelog": lambda text: _changes(text).render_slack(),
}
MARKDOWN: dict[str, Callable[[str], str]] = {
    "watches.spike_issue": lambda text: watches.spike_issue(_spike(text))[1],
    "upgrades.question": lambda text: upgrades.question(_desk(text), Of(week="W3"), _decision(text))[1],
    "handoffs.swap_question": lambda text: handoffs.swap_question(_desk("Ben"), _swap(text))[1],
    "changelog": lambda text: _changes(text).render_markdown(),
    "changelog as code": lambda text: _changes(text).render_markdown(logins_as_code=True),
}
LINE: dict[str, Callable[[str], str]] = {
    "watches.issue_title": lambda text: watches.issue_title(f"x {text}"),
    "watches.spike_issue": lambda text: f"x {watches.spike_issue(_spike(text))[0]}",
    "handoffs.swap_question": lambda text: f"x {handoffs.swap_question(_desk(text), _swap(text))[0]}",
}
ELSEWHERE = {
    "watches.channel_name": "an id, or a name of the files",
    "watches.counted": "a number",
    "watches.issue_body": "test_s5_a_message_that_becomes_an_issue_is_a_quotation, below",
    "upgrades.question": "above, in Markdown",
    "rollouts.listed": "plain; its callers escape",
    "rollouts.schedule": "plain, for the log and the terminal",
    "rollouts.opened": "tests/rollouts: targets of the plan's file",
    "rollouts.ended": "tests/rollouts: targets of the plan's file",
    "handoffs.on_call_notice": "tests/handoffs/test_telling_shifts.py: names and titles of the files",
    "handoffs.on_call_mail": "tests/handoffs/test_telling_shifts.py: names and titles of the files",
    "handoffs.ladder": "plain; its callers escape",
    "handoffs.swap_question": "above, in Markdown",
    "oncall_log.page": "tests/oncall_log: one line an entry",
    "oncall_log.lines": "tests/oncall_log: one line an entry",
}


def _tagging() -> Any:
    return Of(within=timedelta(hours=1), done="white_check_mark", file=None)


def _station() -> Any:
    return Of(conductor=Of(mention="<@U1>"))


@pytest.mark.parametrize("name", sorted(SLACK))
@settings(max_examples=25, deadline=None)
@given(text=TEXTS)
def test_s5_a_sentence_in_slack_keeps_its_shape(name: str, text: str) -> None:
    if escaping.one_line(text):
        in_slack(SLACK[name](text), SLACK[name](HARMLESS))


@pytest.mark.parametrize("name", sorted(MARKDOWN))
@settings(max_examples=25, deadline=None)
@given(text=TEXTS)
def test_s5_a_text_on_github_or_in_a_form_keeps_its_shape(name: str, text: str) -> None:
    if escaping.one_line(text):
        in_markdown(MARKDOWN[name](text), MARKDOWN[name](HARMLESS))


@pytest.mark.parametrize("name", sorted(LINE))
@pytest.mark.parametrize("text", CORPUS)
def test_s5_a_title_is_one_line(name: str, text: str) -> None:
    on_a_line(LINE[name](text), LINE[name](HARMLESS))


def test_s5_a_message_that_becomes_an_issue_is_a_quotation() -> None:
    for text in CORPUS:
        *quoted, empty, link = watches.issue_body(text, URL).split("\n")
        assert all(line.startswith(">") for line in quoted)
        assert (empty, link) == ("", f"Asked in Slack: <{URL}>")


@pytest.mark.parametrize("module", MODULES)
def test_s5_every_sentence_is_judged_somewhere(module: str) -> None:
    found = importlib.import_module(f"stationmaster.{module}")
    area = module.partition(".")[0]
    public = {
        f"{area}.{name}"
        for name, each in inspect.getmembers(found, inspect.isfunction)
        if not name.startswith("_") and each.__module__ == found.__name__
    }
    if module in IN_A_WORLD:
        return
    assert public <= {*SLACK, *MARKDOWN, *LINE, *ELSEWHERE}
