"""What is said in the channels of a watch, read in turn, within what Slack allows (F60).

A channel costs one call a look. Where a minute's calls do not reach for all of them, the one that has waited longest
is read first, and the others at a later look.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.watch_days import NeverOpen, latest_day
from stationmaster.hooks.chat_budget import HISTORY_A_MINUTE, REPLIES_A_MINUTE, BudgetSpent, CallBudget, budget_of
from stationmaster.watches import wording

if TYPE_CHECKING:
    from stationmaster.config.watch_kinds import QuestionsWatch
    from stationmaster.hooks.chat_models import Heard
    from stationmaster.work.context import Desk

TOO_LONG = timedelta(minutes=5)
"""A channel that was not read for so long is told of."""
_OVERLAP = timedelta(minutes=2)
"""Slack's clock is not ours."""


class Heardings(NamedTuple):
    """What was read: the messages of each channel that had its turn, and why others could not be read.

    :param cut: the channels that hold more than can be read at once: what is not in them may be there all the same.
    """

    channels: dict[str, dict[str, Heard]]
    cut: frozenset[str]
    blockers: tuple[Blocker, ...]


class Turns:
    """When each channel was last read whole. Forgotten with the process: then it is read from further back."""

    def __init__(self) -> None:
        self._read: dict[tuple[str, str, str], datetime] = {}
        self._lock = threading.Lock()

    def last(self, ledger: str, watch: str, channel: str) -> datetime | None:
        with self._lock:
            return self._read.get((ledger, watch, channel))

    def read(self, ledger: str, watch: str, channel: str, at: datetime) -> None:
        with self._lock:
            self._read[ledger, watch, channel] = at


_TURNS = Turns()


def listen(desk: Desk, watch: QuestionsWatch, open_since: Mapping[str, datetime]) -> Heardings:
    """Read the channels whose turn it is, each from its oldest open question on, or from where it was left.

    :param open_since: when each open question was asked, by ``<channel>/<stamp>``.
    """
    from stationmaster.hooks.chat_errors import ChatError, ChatNotInChannel, ChatRateLimited

    now, name = desk.now(), f"{desk.team.id}.{watch.id}"
    ledger, budget = desk.ledger.fingerprint(), _budget(desk, "conversations.history", HISTORY_A_MINUTE)
    last = {channel: _TURNS.last(ledger, name, channel) for channel in channels_of(desk, watch)}
    begins = _begins(desk, watch)
    heard: dict[str, dict[str, Heard]] = {}
    cut: set[str] = set()
    blockers: list[Blocker] = []
    waits: datetime | None = None
    for channel in sorted(last, key=lambda each: (last[each] or begins, each)):
        asked = [at for question, at in open_since.items() if question.partition("/")[0] == channel]
        known = last[channel]
        oldest = min([*asked, begins if known is None else known - _OVERLAP])
        try:
            messages, whole = desk.chat.heard(channel, oldest, spend=lambda: budget.spend(desk.now()))
        except BudgetSpent as spent:
            waits = spent.free_at
            break
        except ChatRateLimited as limited:
            waits = now + limited.retry_after
            budget.hold(waits)
            break
        except ChatNotInChannel as error:
            blockers.append(_blind(desk, watch, channel, error))
            continue
        except ChatError as error:
            blockers.append(_blind(desk, watch, channel, error))
            break
        heard[channel] = {message.ts: message for message in messages}
        if not whole:
            cut.add(channel)
        _TURNS.read(ledger, name, channel, now)
    behind = [channel for channel, at in last.items() if channel not in heard and now - (at or begins) > TOO_LONG]
    if waits is not None and behind:
        blockers.append(blocker("WATCH_BEHIND", clears_at=waits, watch=watch.title, channels=len(behind)))
    return Heardings(heard, frozenset(cut), tuple(blockers))


def channels_of(desk: Desk, watch: QuestionsWatch) -> tuple[str, ...]:
    """Return the ids of the watched channels, each once."""
    return tuple(dict.fromkeys([*(desk.team.channels[name].id for name in watch.channels), *watch.ids]))


def repliers(desk: Desk, channel: str, ts: str) -> frozenset[str] | None:
    """Return everybody who wrote into a thread, None where Slack may not be asked now, or does not answer."""
    from stationmaster.hooks.chat_errors import ChatError

    budget = _budget(desk, "conversations.replies", REPLIES_A_MINUTE)
    try:
        budget.spend(desk.now())
        return frozenset(reply.user for reply in desk.chat.replies(channel, ts) if not reply.bot)
    except (BudgetSpent, ChatError):
        return None


def _budget(desk: Desk, method: str, a_minute: int) -> CallBudget:
    return budget_of(desk.files.connections.slack, method, a_minute)


def _begins(desk: Desk, watch: QuestionsWatch) -> datetime:
    """Return from when on a channel is read that was not read before: from the opening of the working day before."""
    window = (watch.hours.window(desk.team.zone),)
    try:
        today = latest_day(window, desk.now(), desk.team.zone)
        return latest_day(window, today - timedelta(seconds=1), desk.team.zone)
    except NeverOpen:
        return desk.now() - timedelta(days=1)


def _blind(desk: Desk, watch: QuestionsWatch, channel: str, error: Exception) -> Blocker:
    name = wording.channel_name(desk, channel)
    why = str(error).strip().rstrip(".")
    return blocker("WATCH_BLIND", subject=channel, watch=watch.title, what=name, why=why)
