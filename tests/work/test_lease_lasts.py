"""A lease is longer than what happens inside it: the longest single act of each hook that sends (F02)."""

from __future__ import annotations

import inspect
from datetime import timedelta

from slack_sdk import WebClient

from stationmaster.hooks import forge, governance_wire
from stationmaster.hooks.chat_retries import RepeatableCallRetries
from stationmaster.ledger.effects import LEASE


def _default(function, name: str):
    return inspect.signature(function).parameters[name].default


def test_a_lease_outlasts_a_read_and_a_write_at_github():
    from github.Consts import DEFAULT_TIMEOUT

    request = timedelta(seconds=DEFAULT_TIMEOUT)
    # A read is repeated within its patience, and its last request may begin at the patience's end; then one write.
    assert forge.PATIENCE + request + request < LEASE


def test_a_lease_outlasts_the_call_to_slack_that_is_repeated_most():
    call = timedelta(seconds=_default(WebClient.__init__, "timeout"))
    attempts = _default(RepeatableCallRetries.__init__, "attempts")
    pause = _default(RepeatableCallRetries.__init__, "longest_wait")
    assert attempts * call + (attempts - 1) * pause < LEASE


def test_a_lease_outlasts_a_proposal():
    assert 2 * timedelta(seconds=governance_wire._PATIENCE) < LEASE
