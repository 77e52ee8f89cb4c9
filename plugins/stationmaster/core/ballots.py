"""Ballots and those who may cast them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stationmaster.core.instants import Instant
from stationmaster.core.value import Value

Choice = Literal["approve", "veto", "withdraw"]
Channel = Literal["airflow", "slack_reaction", "slack_reply", "github"]


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
    """One vote on one manifest.

    ``voter`` is a person id, or None for an account that nobody in the team owns; ``manifest`` is the full hash.
    """

    voter: str | None = Field(default=None, min_length=1)
    account: str
    channel: Channel
    choice: Choice
    manifest: str = Field(min_length=1)
    reason: str | None = None
    cast_at: Instant
    bot: bool = False


class Elector(Value):
    """A person of the team, as far as voting goes. ``author``: wrote a commit that is aboard."""

    person: str = Field(min_length=1)
    roles: frozenset[str] = frozenset()
    active: bool = True
    author: bool = False
