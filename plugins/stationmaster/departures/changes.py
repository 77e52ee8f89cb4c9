"""What is new aboard: the pull requests between what production runs and what the manifest pins (C-17, F26)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.changelog import Change, Changelog, changelog

if TYPE_CHECKING:
    from stationmaster.core.manifest import Manifest
    from stationmaster.departures.station import Station


def collect(station: Station, departure: str, manifest: Manifest) -> Changelog:
    """Read every page of commits between production and the manifest, and record the changes once.

    A component that production never had yet brings no list: there is nothing to compare it with.
    """
    found: list[Change] = []
    for passenger in manifest.passengers:
        running = station.forge.deployed_sha(passenger.repository, station.train.production)
        if running is None or running.sha == passenger.sha:
            continue
        commits = station.forge.compare(passenger.repository, running.sha, passenger.sha).commits
        pulls = station.forge.merged_pulls(passenger.repository, commits)
        found += [
            Change(
                number=pull.number,
                title=pull.title,
                author=pull.author,
                labels=pull.labels,
                sha=pull.head_sha,
                url=pull.url,
                repository=passenger.repository,
            )
            for pull in pulls
        ]
        told = {commit.author for commit in commits} - {pull.author for pull in pulls}
        found += [
            Change(title=commit.title, author=commit.author, sha=commit.sha, repository=passenger.repository)
            for commit in commits
            if commit.author in told
        ]
    result = changelog(found)
    value = {"changes": [change.model_dump(mode="json") for change in result.changes]}
    station.ledger.record_once(departure, "changes", manifest.hash, value, station.now(), "stationmaster")
    return result


def aboard(station: Station, departure: str) -> Changelog:
    """Return the recorded changes of the departure's present manifest."""
    manifest = station.ledger.manifest_of(departure)
    facts = station.ledger.facts(departure, kind="changes", subject=manifest.hash) if manifest else ()
    return changelog(Change.model_validate(change) for fact in facts for change in fact.value["changes"])
