"""The real first-parent history of four repositories, and which of it stands on main at an instant."""

import gzip
import json
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
