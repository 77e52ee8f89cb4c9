"""What people say in a vote, where they said it, and who may."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stationmaster.core.instants import Instant
from stationmaster.core.value import Value

Choice = Literal["approve", "veto", "withdraw", "unclear"]
"""``unclear``: holds a word or an emoji of a veto, and is no plain one; the gate waits until its author says which."""
Channel = Literal["airflow", "slack_reaction", "slack_reply", "github"]
Gone = Literal["author", "unclear"]
"""Who made a statement disappear: only its author can have, or somebody else may have, too."""


class DuplicateElector(ValueError):
    """A person stands in the electorate more than once: nobody can say which entry holds."""

    def __init__(self, person: str) -> None:
        """Keep the person."""
        super().__init__(person)
        self.person = person

    def __str__(self) -> str:
        """Name the person."""
        return f"{self.person!r} stands in the electorate more than once: give each person one entry."


class Ballot(Value):
    """One statement of one person on one manifest, in one place.

    ``voter`` is a person id, or None for an account that nobody in the team owns; ``manifest`` is the full hash.

    ``place`` is where it stands: the account's reaction to one question, one reply; empty for an answer in Airflow,
    which nobody can take away, and for whatever a release wrote that did not know places.

    ``cast_at`` is the instant by the clock of the channel: Slack's own for a reply, otherwise the worker's that took
    it. A reaction has none: it is the look that first saw it, and ``certain`` is False. So it is where a statement is
    known not to speak of what the person said before, such as "withdraw my LGTM" after a veto. ``seen_at`` is when it
    was first read, by the clock of whoever read it; ``made_at`` is ``cast_at`` by our clock, where another clock is
    known to differ from it.

    ``kept`` is the ledger's number of it: of two the one with the smaller number was read first. ``heard_at`` is when
    Slack showed its author, by Slack's own clock, that it was heard: whatever they write there later is newer.

    ``gone`` says that the place no longer shows it, since ``gone_at``.
    """

    voter: str | None = Field(default=None, min_length=1)
    account: str
    channel: Channel
    choice: Choice
    manifest: str = Field(min_length=1)
    reason: str | None = None
    cast_at: Instant
    bot: bool = False
    place: str = ""
    certain: bool = True
    seen_at: Instant | None = None
    made_at: Instant | None = None
    kept: int | None = None
    heard_at: Instant | None = None
    gone: Gone | None = None
    gone_at: Instant | None = None

    @property
    def shown(self) -> bool:
        """Whether its place still shows it."""
        return self.gone is None

    @property
    def in_slack(self) -> bool:
        """Whether only Slack can tell whether it still stands."""
        return self.channel in ("slack_reaction", "slack_reply")


class Elector(Value):
    """A person of the team, as far as voting goes.

    ``author``: GitHub proves that they wrote what is aboard. ``doubted``: a trailer or a mail address that GitHub does
    not know says so.
    """

    person: str = Field(min_length=1)
    roles: frozenset[str] = frozenset()
    active: bool = True
    author: bool = False
    doubted: bool = False
