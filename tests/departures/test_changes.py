"""What is new aboard, and who wrote it."""

from __future__ import annotations

from stationmaster.core.manifest import Manifest, Passenger
from stationmaster.departures import changes, counting
from tests.departures.week import EXPLORER, PORTAL


def only(repo, component, sha):
    return Manifest.of([Passenger(component=component, repository=repo, sha=sha)])


def test_c17_the_pull_requests_since_production_are_listed(week):
    """C-17: the real ones of that week, each once."""
    week.open_cut()
    week.clock.move(minutes=20)
    manifest = week.cut()
    found = changes.aboard(week.station(), week.departure)
    assert found.changes
    numbers = [(change.repository, change.number) for change in found.changes if change.number]
    assert len(numbers) == len(set(numbers))
    running = week.github.deployed(EXPLORER, "prod")
    between = week.station().forge.compare(EXPLORER, running, manifest.sha_of("explorer"))
    pulls = [pull for each in between.commits for pull in week.station().forge.pulls_of(EXPLORER, each.sha)]
    expected = {pull.number for pull in pulls if pull.merged}
    assert {number for repo, number in numbers if repo == EXPLORER} == expected


def test_f26_six_hundred_commits_are_read_in_full_with_every_author(week):
    week.open_cut()
    running = week.github.deployed(EXPLORER, "prod")
    for number in range(600):
        week.github.push(
            EXPLORER, title=f"Change {number}", author="dev-43" if number == 0 else f"dev-{60 + number % 7}"
        )
    head = week.github.repository(EXPLORER).record.refs["heads/main"]
    manifest = only(EXPLORER, "explorer", head)
    week.ledger.pin(week.departure, manifest, week.clock(), "timetable")
    found = changes.collect(week.station(), week.departure, manifest)
    assert sum(change.title.startswith("Change ") for change in found.changes) == 600
    ahead = week.station().forge.compare(EXPLORER, running, head).ahead_by
    assert ahead >= 600
    assert "ivan" in counting.authors(week.station(), week.departure)  # dev-43 wrote the oldest of them only


def test_f71_the_list_is_collected_once(week):
    week.open_cut()
    head = week.github.push(PORTAL, title="New").sha
    manifest = only(PORTAL, "portal", head)
    week.ledger.pin(week.departure, manifest, week.clock(), "timetable")
    first = changes.collect(week.station(), week.departure, manifest)
    asked = len(week.github.journal.entries())
    assert changes.collect(week.station(), week.departure, manifest) == first
    assert len(week.github.journal.entries()) == asked


def test_f06_the_authors_of_an_earlier_manifest_are_not_those_of_this_one(week):
    week.gate()
    assert counting.authors(week.station(), week.departure) == {"ben"}
    second = week.manifest_of_heads()
    week.github.push(EXPLORER, title="Mend", author="dev-30")
    second = week.manifest_of_heads()
    week.ledger.pin(week.departure, second, week.clock(), "ben")
    value = {"changes": [], "authors": ["dev-30"]}
    week.ledger.record_once(week.departure, "changes", second.hash, value, week.clock(), "stationmaster")
    assert counting.authors(week.station(), week.departure) == {"emil"}


def test_nothing_new_lists_nothing(week):
    week.open_cut()
    manifest = only(PORTAL, "portal", week.github.deployed(PORTAL, "prod"))
    week.ledger.pin(week.departure, manifest, week.clock(), "timetable")
    assert changes.collect(week.station(), week.departure, manifest).changes == ()
