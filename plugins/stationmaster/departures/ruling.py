"""The rules of a train at this instant: who acts, under which issue, what keeps the release back (T-01, T-04, T-20).

What cannot be read is a reason of its own and never an error, so that it hides none of the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from stationmaster.core.gates import Standing
from stationmaster.core.issue_links import IssueLink, IssueSeen, issue_link
from stationmaster.core.rule_gates import BlockingIssue, actor_gate, blocking_gate, issue_gate
from stationmaster.departures.obstacles import conducted_by
from stationmaster.hooks.errors import ForgeError
from stationmaster.work.obstacles import StepImpossible, passed

if TYPE_CHECKING:
    from stationmaster.config.gates import BlockingLabels
    from stationmaster.departures.station import Station
    from stationmaster.hooks.forge_models import Issue

LINK = "issue_link"
"""The fact that says under which issue a person wants a departure to be logged."""


def issue_key(departure: str) -> str:
    """Return the key of the effect by which a departure writes an issue of its own."""
    return f"{departure}/issue/1"


def actors(station: Station) -> tuple[str, ...]:
    """Return the ids of those who alone may change production, sorted; everybody of the team without the rule."""
    group = station.train.rules.actors
    people = station.team.people
    named = people if group is None else station.team.groups[group]
    return tuple(sorted(name for name in named if people[name].active and not people[name].bot))


def may_act(station: Station, person: str) -> bool:
    """Return whether a person may change production (T-01); whoever it may be, where the train has no such rule."""
    return station.train.rules.actors is None or person in actors(station)


def require_actor(station: Station, person: str) -> None:
    """Refuse who may not change production.

    :param person: an id; that of a stranger is refused, too.
    :raises StepImpossible: they do not belong to the group that may (T-01).
    """
    found = people_standing(station, (person,))
    if not found.opens:
        raise StepImpossible(*found.blockers)


def actor_standing(station: Station, departure: str, manifest: str, candidates: Sequence[str]) -> Standing:
    """Return whether who gave the final go to this manifest may change production (T-01).

    As long as nobody has given it, whether anybody can of those who may be asked.

    :param candidates: the ids of those who may give the final go now.
    """
    given = station.ledger.facts(departure, kind="confirmed", subject=manifest)
    went = given[-1] if given and given[-1].value["choice"] == "go" else None
    return people_standing(station, candidates if went is None else (str(went.value["person"]),))


def link_of(station: Station, departure: str) -> IssueLink | None:
    """Return the issue that a departure is logged as: the one that a person gave last, else its own; None: neither."""
    facts = station.ledger.facts(departure, kind=LINK, subject="issue")
    if facts:
        return IssueLink.model_validate(facts[-1].value)
    written = station.ledger.effect(issue_key(departure))
    if written is None or not written.receipt:
        return None
    at = written.receipt
    return IssueLink(repository=at["repository"], number=int(at["number"]), url=at["url"], ours=True)


def give_link(station: Station, departure: str, text: str, *, by: str) -> IssueLink:
    """Keep the issue that a person gives for a departure; the newest one counts.

    :raises NotAnIssueLink: it is no issue of the repository whose issues count.
    :raises LookupError: the train's file asks for none.
    """
    rule = station.train.rules.issue
    if rule is None:
        raise LookupError(f"{station.train.key} asks for no issue. Write rules.issue into its file.")
    link = issue_link(text, rule.repository)
    if link_of(station, departure) != link:
        station.ledger.record(departure, LINK, "issue", link.model_dump(mode="json"), station.now(), by)
    return link


def issue_standing(station: Station, departure: str, *, ask: bool = True) -> Standing:
    """Return whether the departure is logged as an issue that is open (T-04).

    :param ask: read the issue, too; False asks nobody outside, and looks only whether there is one.
    """
    rule = station.train.rules.issue
    if rule is None:
        return passed("issue")
    link = link_of(station, departure)
    if link is not None and link.repository.lower() != rule.repository.lower():
        link = None
    who, needed = conducted_by(station), rule.mode != "optional"
    if link is not None and not ask:
        return passed("issue")
    seen, why = None, ""
    if link is not None:
        try:
            found = station.forge.issue(link.repository, link.number)
            seen = IssueSeen(state=found.state, pull_request=found.pull_request)
        except ForgeError as error:
            why = _why(error)
    return issue_gate(link, seen, needed=needed, repository=rule.repository, who=who, why=why)


def blocking_standing(station: Station) -> Standing:
    """Return whether an issue keeps the release back, or did until lately (T-20); unreadable is in the way, too."""
    gate = station.train.gates.blocking_labels
    if gate is None:
        return passed("blocking")
    found: dict[str, BlockingIssue] = {}
    unread: dict[str, str] = {}
    for repository in gate.repositories:
        try:
            for issue in _in_the_way(station, gate, repository):
                name = f"{repository}#{issue.number}"
                found[name] = BlockingIssue(name=name, title=issue.title, closed_at=issue.closed_at)
        except ForgeError as error:
            unread[repository] = _why(error)
    who, zone = conducted_by(station), station.train.zone
    return blocking_gate(found.values(), unread, station.now(), quiet_for=gate.quiet_for, zone=zone, who=who)


def _in_the_way(station: Station, gate: BlockingLabels, repository: str) -> Iterator[Issue]:
    for label in gate.labels:
        yield from station.forge.open_issues(repository, (label,))
        if gate.quiet_for is not None:
            yield from station.forge.issues_closed_since(repository, station.now() - gate.quiet_for, (label,))


def people_standing(station: Station, people: Sequence[str]) -> Standing:
    """Return whether any of some people, by their ids, may change production (T-01)."""
    group = station.train.rules.actors
    if group is None:
        return passed("actor")
    return actor_gate(people, actors(station), group=group, environment=station.train.production)


def _why(error: ForgeError) -> str:
    return str(error).strip().rstrip(".")
