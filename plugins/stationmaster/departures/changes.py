"""What is new aboard: the pull requests between what production runs and what the manifest pins (C-17, F26)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from stationmaster.core.authors import Authors, Written, authors_of
from stationmaster.core.changelog import Change, Changelog, changelog
from stationmaster.core.departure_ids import DepartureKind, kind_of
from stationmaster.departures.beside import is_secret
from stationmaster.departures.electing import running_sha
from stationmaster.departures.sources import before_picking

if TYPE_CHECKING:
    from stationmaster.core.manifest import Manifest, Passenger
    from stationmaster.departures.station import Station
    from stationmaster.hooks.forge_models import Commit, PullRequest

CHANGES = "changes"
"""The fact that says what is aboard, by the hash of the manifest, and who wrote it."""
AUTHORS = "authors"
"""The fact that says anew who wrote it: a mail address has been given to an account since."""
_ASKED_AGAIN_AFTER = timedelta(minutes=10)
KEPT_BACK = "kept_back"
"""The fact that names commits of a security hotfix."""


def collect(station: Station, departure: str, manifest: Manifest) -> Changelog:
    """Read every page of commits between production and the manifest, and record what is new and who wrote it, once.

    A component that production never had yet brings no list: there is nothing to compare it with.
    """
    if station.ledger.facts(departure, kind=CHANGES, subject=manifest.hash):
        return aboard(station, departure)
    found, authors = _read(station, manifest)
    result = changelog(found)
    value = {"changes": [change.model_dump(mode="json") for change in result.changes], **_as_value(authors)}
    station.ledger.record_once(departure, CHANGES, manifest.hash, value, station.now(), "stationmaster")
    return result


def written_by(station: Station, departure: str, manifest: Manifest) -> Authors | None:
    """Return who wrote what a manifest brings, as it was read last; None while nobody has read it."""
    facts = station.ledger.facts(departure, kind=AUTHORS, subject=manifest.hash)
    facts = facts or station.ledger.facts(departure, kind=CHANGES, subject=manifest.hash)
    if not facts:
        return None
    value = facts[-1].value
    return Authors(logins=tuple(value["authors"]), unproved=value.get("unproved", ()))


def ask_again_who_wrote(station: Station, departure: str, manifest: Manifest) -> None:
    """Read anew who wrote what a manifest brings, at most every ten minutes, where GitHub did not prove all of them."""
    known = written_by(station, departure, manifest)
    if known is None or not known.unproved:
        return
    facts = station.ledger.facts(departure, kind=AUTHORS, subject=manifest.hash)
    facts = facts or station.ledger.facts(departure, kind=CHANGES, subject=manifest.hash)
    if station.now() < facts[-1].at + _ASKED_AGAIN_AFTER:
        return
    _, authors = _read(station, manifest)
    station.ledger.record(departure, AUTHORS, manifest.hash, _as_value(authors), station.now(), "stationmaster")


def aboard(station: Station, departure: str) -> Changelog:
    """Return the recorded changes of the departure's present manifest, without those that are kept back (D-15)."""
    if is_secret(station, departure):
        return everything(station, departure)  # its own channel is private
    hidden = _kept_back(station)
    return changelog(change for change in everything(station, departure).changes if change.sha not in hidden)


def everything(station: Station, departure: str) -> Changelog:
    """Return every recorded change of the departure's present manifest."""
    manifest = station.ledger.manifest_of(departure)
    facts = station.ledger.facts(departure, kind="changes", subject=manifest.hash) if manifest else ()
    return changelog(Change.model_validate(change) for fact in facts for change in fact.value["changes"])


def _kept_back(station: Station) -> frozenset[str]:
    """Return the commits of security hotfixes that are not disclosed: as they were picked, and as they stood before."""
    found: set[str] = set()
    for departure in station.ledger.departures(station.train.key, kinds=(DepartureKind.SECURITY_HOTFIX,)):
        if is_secret(station, departure.id):
            for fact in station.ledger.facts(departure.id, kind=KEPT_BACK):
                found |= set(fact.value["commits"])
    return frozenset(found)


def keep_back(station: Station, departure: str, repository: str, base: str, sha: str, *others: str) -> None:
    """Write down what is not spoken of before a security hotfix is disclosed: commits, and their pull requests' heads.

    :param base: with ``sha``: all commits between the two.
    :param others: more commits.
    """
    if kind_of(departure) is not DepartureKind.SECURITY_HOTFIX:
        return
    commits = [*others, *(commit.sha for commit in station.forge.compare(repository, base, sha).commits)]
    heads = [pull.head_sha for each in commits for pull in station.forge.pulls_of(repository, each)]
    value, once = {"commits": [*commits, *heads]}, f"{KEPT_BACK}/{sha}"
    station.ledger.record_once(departure, KEPT_BACK, sha, value, station.now(), "stationmaster", key=once)


def _read(station: Station, manifest: Manifest) -> tuple[list[Change], Authors]:
    found: list[Change] = []
    written: list[Written] = []
    openers: list[str] = []
    for passenger in manifest.passengers:
        changes, commits, opened = _of(station, passenger)
        found += changes
        written += commits
        openers += opened
    return found, authors_of(written, openers)


def _as_value(authors: Authors) -> dict[str, Any]:
    return {"authors": list(authors.logins), "unproved": [named.model_dump() for named in authors.unproved]}


def _written(commit: Commit, pulls: list[PullRequest]) -> Written:
    return Written(
        author=commit.author,
        author_bot=commit.bot,
        author_name=commit.author_name,
        author_mail=commit.author_mail,
        committer=commit.committer,
        committer_bot=commit.committer_bot,
        committer_name=commit.committer_name,
        committer_mail=commit.committer_mail,
        message=commit.message,
        verified=commit.verified,
        robots=tuple(pull.author for pull in pulls if pull.author and pull.bot and pull.merged),
    )


def _of(station: Station, passenger: Passenger) -> tuple[list[Change], list[Written], list[str]]:
    """Return what one component brings, who wrote it, and who opened the pull requests that hold it.

    A pull request that is open holds it as much as a merged one; one that was closed without a merge brought nothing.
    """
    running = running_sha(station, passenger.component, station.train.production)
    if running is None or running == passenger.sha:
        return [], [], []
    changes: list[Change] = []
    commits = station.forge.compare(passenger.repository, running, passenger.sha).commits
    pulls = {commit.sha: station.forge.pulls_of(passenger.repository, commit.sha) for commit in commits}
    for commit in commits:
        merged = [pull for pull in pulls[commit.sha] if pull.merged]
        changes += [_change(passenger.repository, pull, commit.committed_at) for pull in merged] or [
            Change(
                title=commit.title,
                author=commit.author,
                sha=commit.sha,
                repository=passenger.repository,
                landed_at=commit.committed_at,
            )
        ]
    written: list[Written] = []
    openers: list[str] = []
    for source in before_picking(station, passenger.repository, commits):
        known = pulls.get(source.sha)
        holding = station.forge.pulls_of(passenger.repository, source.sha) if known is None else known
        holding = [pull for pull in holding if pull.merged or pull.state == "open"]
        written.append(_written(source, holding))
        openers += [pull.author for pull in holding if pull.author and not pull.bot]
    return changes, written, openers


def _change(repository: str, pull: PullRequest, committed_at: datetime) -> Change:
    return Change(
        number=pull.number,
        title=pull.title,
        author=pull.author,
        labels=pull.labels,
        sha=pull.head_sha,
        url=pull.url,
        repository=repository,
        landed_at=pull.merged_at or committed_at,
    )
