"""What a process remembers of a workspace between two looks: the replies of a thread, and what accounts are.

A thread of one page is read whole each time, which costs the same one call. Of a longer one only what is new is read,
unless somebody asks for all of it anew; how far it was read is remembered, so that a flooded thread is read to its end
over several looks, within the calls that may be spent in a minute.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta

from stationmaster.hooks.chat_budget import CallBudget
from stationmaster.hooks.chat_models import ChatUser, Reply

THREAD_PAGE = 1000
"""Messages of a thread in one call, which is what Slack sends by default."""
ACCOUNTS_FOR = timedelta(minutes=5)
"""How long what Slack says of an account is good for, for whoever does not act upon it."""
_THREADS = 64
PAGES_A_MINUTE = 30
"""conversations.replies is tier 3, which is 50 calls a minute; watches take some of them."""
_BEGUN_WITHIN = timedelta(minutes=15)


class KeptThread:
    """What was read of a thread; ``whole`` once its end was reached. Hold ``lock`` while reading on."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.begin(None)

    def begin(self, now: datetime | None) -> None:
        """Forget what was read."""
        self.replies: dict[str, Reply] = {}
        self.upto: str | None = None
        self.whole = False
        self.headless = False
        self.begun = now

    def resume(self, now: datetime, *, page: int, anew: bool) -> None:
        """Say from where to read on: from the beginning, or after what was read last."""
        stale = self.begun is None or not self.begun <= now <= self.begun + _BEGUN_WITHIN
        if (anew or len(self.replies) < page) if self.whole else stale:
            self.begin(now)

    def take(self, replies: Iterable[Reply]) -> None:
        """Keep a page."""
        for reply in replies:
            self.replies[reply.ts] = reply
            self.upto = max(self.upto or "", reply.ts)


class ChatMemory:
    """What one process remembers of one workspace; ``page`` messages of a thread are read in one call."""

    def __init__(self, *, page: int = THREAD_PAGE, pages_a_minute: int = PAGES_A_MINUTE) -> None:
        self.page = page
        self.budget = CallBudget("conversations.replies", pages_a_minute)
        self._lock = threading.Lock()
        self._threads: OrderedDict[tuple[str, str], KeptThread] = OrderedDict()
        self._accounts: dict[str, tuple[ChatUser | None, datetime]] = {}

    def thread(self, channel: str, ts: str) -> KeptThread:
        """Return what is kept of a thread."""
        with self._lock:
            kept = self._threads.setdefault((channel, ts), KeptThread())
            self._threads.move_to_end((channel, ts))
            while len(self._threads) > _THREADS:
                self._threads.popitem(last=False)
            return kept

    def account(self, user: str, now: datetime) -> tuple[ChatUser | None] | None:
        """Return what is known of an account, None where it has to be asked; in it None for one that does not exist."""
        found = self._accounts.get(user)
        if found is None or not found[1] <= now < found[1] + ACCOUNTS_FOR:
            return None
        return (found[0],)

    def keep_account(self, user: str, found: ChatUser | None, now: datetime) -> None:
        """Keep what Slack said of an account."""
        self._accounts[user] = (found, now)


_MEMORIES: dict[str, ChatMemory] = {}
_LOCK = threading.Lock()


def memory_of(connection: str) -> ChatMemory:
    """Return the memory of a connection, the same one for all who ask in this process."""
    with _LOCK:
        return _MEMORIES.setdefault(connection, ChatMemory())
