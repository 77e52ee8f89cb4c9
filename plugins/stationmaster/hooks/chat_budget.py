"""How often Slack may still be read in this minute: shared by everything in a process that reads in the background.

Slack's tiers are per method, workspace and app. Whoever reads in the background takes a part of a tier only, so that
votes and messages never wait for it (F60).
"""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime, timedelta

A_MINUTE = timedelta(minutes=1)
HISTORY_A_MINUTE = 40
"""conversations.history is tier 3, which is 50 calls a minute."""
REPLIES_A_MINUTE = 20


class BudgetSpent(Exception):
    """Slack may not be asked now, but from ``free_at`` on."""

    def __init__(self, method: str, free_at: datetime) -> None:
        super().__init__(f"{method} is asked again at {free_at.isoformat()}")
        self.free_at = free_at


class CallBudget:
    """So many calls of one method in any minute; instants are aware, and are the caller's clock's."""

    def __init__(self, method: str, a_minute: int) -> None:
        self._method = method
        self._most = a_minute
        self._calls: deque[datetime] = deque()
        self._held_until: datetime | None = None
        self._lock = threading.Lock()

    def spend(self, now: datetime) -> None:
        """Count one call.

        :raises BudgetSpent: there is none left, or Slack has asked to wait.
        """
        with self._lock:
            if self._calls and self._calls[-1] > now + A_MINUTE:
                # A rehearsal's clock was set back: what was counted belongs to another one.
                self._calls.clear()
                self._held_until = None
            while self._calls and self._calls[0] <= now - A_MINUTE:
                self._calls.popleft()
            if self._held_until is not None and now < self._held_until:
                raise BudgetSpent(self._method, self._held_until)
            if len(self._calls) >= self._most:
                raise BudgetSpent(self._method, self._calls[0] + A_MINUTE)
            self._calls.append(now)

    def hold(self, until: datetime) -> None:
        """Ask nothing before an instant: Slack said so."""
        with self._lock:
            self._held_until = max(until, self._held_until or until)


_BUDGETS: dict[tuple[str, str], CallBudget] = {}
_LOCK = threading.Lock()


def budget_of(place: str, method: str, a_minute: int) -> CallBudget:
    """Return the budget of a method at a workspace, the same one for all who ask in this process.

    :param place: what tells one workspace and app from another, such as the connection's name.
    """
    with _LOCK:
        return _BUDGETS.setdefault((place, method), CallBudget(method, a_minute))
