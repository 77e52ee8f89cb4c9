"""Which Slack calls the SDK may repeat by itself, and how long it waits.

The SDK's own default repeats any call after a connection error, posts included, and so posts twice (F04). Here only
calls that change nothing, or that can be made twice to the same effect, are repeated.
"""

import random
import time
from collections.abc import Callable
from datetime import timedelta
from http.client import HTTPException

from slack_sdk.http_retry.handler import RetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState

REPEATABLE = frozenset(
    {
        "auth.test",
        "chat.getPermalink",
        "chat.update",
        "conversations.history",
        "conversations.info",
        "conversations.open",
        "conversations.replies",
        "reactions.get",
        "users.info",
    }
)
"""Reads, and writes that have the same effect when made twice. chat.postMessage never is."""


class RepeatableCallRetries(RetryHandler):
    """Repeats the calls of REPEATABLE after a lost connection, a 5xx or a 429.

    :param attempts: how often a call is made in all.
    :param longest_wait: a 429 that asks for more is not waited for here but raised, so that no worker sleeps on it.
    :param sleep: waits that many seconds.
    """

    def __init__(
        self,
        *,
        attempts: int = 3,
        longest_wait: timedelta = timedelta(seconds=15),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(max_retry_count=attempts - 1)
        self._longest_wait = longest_wait.total_seconds()
        self._sleep = sleep

    def _can_retry(
        self,
        *,
        state: RetryState,  # noqa: ARG002 -- the SDK calls this by keyword
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if request.url.partition("?")[0].rpartition("/")[2] not in REPEATABLE:
            return False
        if response is None:
            return isinstance(error, OSError | HTTPException)
        if response.status_code == 429:
            return retry_after(response) <= self._longest_wait
        return response.status_code >= 500

    def prepare_for_next_attempt(
        self,
        *,
        state: RetryState,
        request: HttpRequest,  # noqa: ARG002
        response: HttpResponse | None = None,
        error: Exception | None = None,  # noqa: ARG002
    ) -> None:
        """Wait: as long as a 429 asks, else half a second, doubled with each attempt, give or take."""
        state.next_attempt_requested = True
        if response is not None and response.status_code == 429:
            self._sleep(retry_after(response))
        else:
            self._sleep(0.5 * 2**state.current_attempt * random.uniform(0.8, 1.2))
        state.increment_current_attempt()


def retry_after(response: HttpResponse) -> float:
    """Return the seconds that a 429 asks to wait, 1 where it does not say."""
    for name, value in response.headers.items():
        if name.lower() == "retry-after":
            text = value[0] if isinstance(value, list) else value
            return float(text) if str(text).isdigit() else 1.0
    return 1.0
