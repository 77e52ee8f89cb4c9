"""The real first-parent history of four repositories, and which of it stands on main at an instant.

A repository of which none is packaged, such as a new team's, has a made-up one: a commit each working day.
"""

import gzip
import hashlib
import json
import re
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from importlib.resources import files

from pydantic import AwareDatetime

from stationmaster.core.value import Value

RECORDED = {
    "chanzuckerberg/single-cell-data-portal": "single-cell-data-portal",
    "chanzuckerberg/single-cell-explorer": "single-cell-explorer",
    "chanzuckerberg/single-cell-curation": "single-cell-curation",
    "dfinity/dre": "dre",
    "threefoldtech/tfchain": "single-cell-explorer",
    "threefoldtech/tfgrid-sdk-ts": "single-cell-curation",
}
"""Repository -> the name of its files under `history/`. ThreeFold's play with the history of others."""

_MADE_UP_FROM = datetime(2020, 1, 6, 14, 10, tzinfo=UTC)
"""A Monday. Commits are made up from here on, for :data:`_MADE_UP_WEEKS`."""
_MADE_UP_WEEKS = 800
_WORKING_DAYS = 5
_NUMBER = re.compile(r"\s*\(#\d+\)$")
_WORDS_OF = "single-cell-explorer"
"""The packaged history that lends made-up commits its titles and authors."""


class UnknownHistory(LookupError):
    """No history of that name is packaged."""


class HistoricCommit(Value):
    """One commit of main; `landed_at` is the newest committed_at up to it, so that main never goes back in time."""

    sha: str
    parent: str | None
    committed_at: AwareDatetime
    landed_at: AwareDatetime
    author: str
    title: str
    pull_request: int | None


class HistoricTag(Value):
    """A light tag and when it was made."""

    tag: str
    sha: str
    tagged_at: AwareDatetime


class History(Value):
    """The commits of main, oldest first, and its tags. Main at an instant is the longest prefix that had landed."""

    commits: tuple[HistoricCommit, ...] = ()
    tags: tuple[HistoricTag, ...] = ()

    def landed(self, instant: datetime) -> int:
        """Return how many commits stood on main at `instant`."""
        return bisect_right(self._landings, instant)

    def head(self, instant: datetime) -> HistoricCommit | None:
        """Return the commit at the head of main at `instant`, or None before the first."""
        count = self.landed(instant)
        return self.commits[count - 1] if count else None

    @cached_property
    def _landings(self) -> list[datetime]:
        return [commit.landed_at for commit in self.commits]


def load(name: str, *, shift: timedelta = timedelta()) -> History:
    """Return a packaged history with every instant moved by `shift` (whole weeks keep the weekdays).

    Raises UnknownHistory.
    """
    recorded = _recorded(name)
    if not shift:
        return recorded
    return History(
        commits=tuple(
            commit.model_copy(
                update={"committed_at": commit.committed_at + shift, "landed_at": commit.landed_at + shift}
            )
            for commit in recorded.commits
        ),
        tags=tuple(tag.model_copy(update={"tagged_at": tag.tagged_at + shift}) for tag in recorded.tags),
    )


def of(repository: str, *, shift: timedelta = timedelta()) -> History:
    """Return the history of a train's repository: the packaged one, moved by `shift`, or else a made-up one."""
    name = RECORDED.get(repository)
    return made_up(repository) if name is None else load(name, shift=shift)


@cache
def made_up(repository: str) -> History:
    """Return a commit for each working day of many years, always the same for the same repository."""
    words = _recorded(_WORDS_OF).commits
    commits: list[HistoricCommit] = []
    for number in range(_MADE_UP_WEEKS * _WORKING_DAYS):
        week, day = divmod(number, _WORKING_DAYS)
        at, lent = _MADE_UP_FROM + timedelta(weeks=week, days=day), words[number % len(words)]
        commits.append(
            HistoricCommit(
                sha=hashlib.sha1(f"{repository}/{number}".encode(), usedforsecurity=False).hexdigest(),
                parent=commits[-1].sha if commits else None,
                committed_at=at,
                landed_at=at,
                author=lent.author,
                title=f"{_NUMBER.sub('', lent.title)} (#{number + 1})",
                pull_request=number + 1,
            )
        )
    return History(commits=tuple(commits))


@cache
def _recorded(name: str) -> History:
    if name not in RECORDED.values():
        raise UnknownHistory(f"no history {name!r} is packaged; there are {', '.join(sorted(set(RECORDED.values())))}")
    landed = datetime.min.replace(tzinfo=UTC)
    commits = []
    for line in _text(f"{name}.commits.jsonl.gz").splitlines():
        row = json.loads(line)
        committed_at = datetime.fromisoformat(row.pop("committed_at")).astimezone(UTC)
        landed = max(landed, committed_at)
        commits.append(HistoricCommit(**row, committed_at=committed_at, landed_at=landed))
    tags = tuple(
        HistoricTag(tag=row["tag"], sha=row["sha"], tagged_at=datetime.fromisoformat(row["tagged_at"]).astimezone(UTC))
        for row in json.loads(_text(f"{name}.tags.json.gz"))
    )
    return History(commits=tuple(commits), tags=tags)


def _text(file: str) -> str:
    return gzip.decompress(files("stationmaster.rehearsal.history").joinpath(file).read_bytes()).decode("utf-8")
