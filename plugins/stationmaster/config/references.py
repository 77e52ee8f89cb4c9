"""Names that one part of a team's files uses and another must know: people, groups, roles, channels, repositories."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from stationmaster.config.documents import Loc
from stationmaster.config.mistakes import Mistake, did_you_mean
from stationmaster.config.roster import RotationEntry
from stationmaster.config.rules_incidents import incident_mistakes
from stationmaster.config.rules_measures import measures_mistakes
from stationmaster.config.rules_upgrades import upgrade_mistakes
from stationmaster.config.sourcing import SourceKind
from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig


def unknown_names(team: TeamConfig) -> list[Mistake]:
    """Return a mistake for each name that a team's files use and do not define, and for each listed twice."""
    found = [*_in_groups(team), *_in_circles(team), *_in_freezes(team), *_in_rotations(team)]
    found += [*upgrade_mistakes(team), *incident_mistakes(team), *measures_mistakes(team)]
    for train in team.trains.values():
        found += _in_train(team, train)
    return found


def _in_groups(team: TeamConfig) -> Iterator[Mistake]:
    for group, members in team.groups.items():
        yield from _people(team, "team", ("groups", group), members)


def _in_freezes(team: TeamConfig) -> Iterator[Mistake]:
    seen: set[str] = set()
    for index, freeze in enumerate(team.freezes):
        if freeze.name in seen:
            remedy = "Give each freeze a name of its own: exceptions name it."
            what, loc = f"{freeze.name!r} is a freeze already", ("freezes", index, "name")
            yield Mistake("listed_twice", loc, what, remedy, freeze.name, source="team")
        seen.add(freeze.name)
        for place, train in enumerate(freeze.trains):
            if train not in team.trains:
                yield _unknown("train", "team", ("freezes", index, "trains", place), train, team.trains)
    rule = team.freeze_exceptions
    if rule is not None and rule.approvers not in team.groups:
        yield _unknown("group", "team", ("freeze_exceptions", "approvers"), rule.approvers, team.groups)


def _in_circles(team: TeamConfig) -> Iterator[Mistake]:
    repositories = {name.lower() for name in team.repositories}
    for name, circle in team.circles.items():
        loc: Loc = ("circles", name)
        owner = team.people.get(circle.owner)
        if owner is None:
            yield _unknown("person", "team", (*loc, "owner"), circle.owner, team.people)
        elif owner.github is None:
            yield Mistake(
                "circle_owner_without_github",
                (*loc, "owner"),
                f"{owner.name} has no GitHub login, and issues are assigned to them",
                "Write github: their login, under the person.",
                circle.owner,
                source="team",
            )
        if circle.repository.lower() not in repositories:
            yield _unknown("repository", "team", (*loc, "repository"), circle.repository, team.repositories)
        if circle.channel is not None and circle.channel not in team.channels:
            yield _unknown("channel", "team", (*loc, "channel"), circle.channel, team.channels)


def _in_rotations(team: TeamConfig) -> Iterator[Mistake]:
    seen: dict[str, str] = {}
    for name, entry in team.roster.items():
        loc: Loc = ("rotations", name)
        for inside, person in entry.named():
            if person not in team.people:
                yield _unknown("person", "rotations", (*loc, *inside), person, team.people)
        yield from _twice(entry.members, (*loc, "members"))
        yield from _roles_of(entry, loc)
        for role in entry.roles:
            if seen.setdefault(role, name) != name:
                yield Mistake(
                    "role_ambiguous",
                    (*loc, "roles", role),
                    f"the role {role!r} belongs to the rotation {seen[role]!r} already",
                    "Give it another name: a role has one rotation.",
                    role,
                    at_key=True,
                    source="rotations",
                )
        for field, part in (("notices", entry.notices), ("access", entry.access)):
            if part is not None and part.channel not in team.channels:
                yield _unknown("channel", "rotations", (*loc, field, "channel"), part.channel, team.channels)
        yield from _in_package(team, entry, loc)
        yield from _in_source(team, entry, loc)
    yield from _in_promises(team)


def _in_package(team: TeamConfig, entry: RotationEntry, loc: Loc) -> Iterator[Mistake]:
    package = entry.package
    if package is None:
        return
    if package.repository.lower() not in {name.lower() for name in team.repositories}:
        where: Loc = (*loc, "package", "repository")
        yield _unknown("repository", "rotations", where, package.repository, team.repositories)
    for index, channel in enumerate(package.questions):
        if channel not in team.channels:
            yield _unknown("channel", "rotations", (*loc, "package", "questions", index), channel, team.channels)
    if package.outgoing is not None and package.outgoing not in team.roles:
        yield _unknown("role", "rotations", (*loc, "package", "outgoing"), package.outgoing, team.roles)


def _in_source(team: TeamConfig, entry: RotationEntry, loc: Loc) -> Iterator[Mistake]:
    source = entry.source
    if source is None:
        return
    for role in source.schedules:
        if role not in entry.roles:
            yield _unknown("role", "rotations", (*loc, "source", "schedules", role), role, entry.roles)
    if source.kind is not SourceKind.ICAL and getattr(team.connections, source.kind.value) is None:
        yield Mistake(
            "source_without_connection",
            (*loc, "source", "kind"),
            f"the team's file names no connection to {source.what}",
            f"Write connections: {{{source.kind.value}: …}} into the team's file.",
            source.kind.value,
            source="rotations",
        )


def _in_promises(team: TeamConfig) -> Iterator[Mistake]:
    for index, promise in enumerate(team.promises):
        for place, role in enumerate(promise.roles):
            if role not in team.roles:
                yield _unknown("role", "rotations", ("promises", index, "roles", place), role, team.roles)


def _roles_of(entry: RotationEntry, loc: Loc) -> Iterator[Mistake]:
    """The roles that an entry names must be its own."""
    for role, rule in entry.roles.items():
        for field, other in (("like", rule.like), ("backs", rule.backs)):
            if other is not None and (other not in entry.roles or other == role):
                known = [each for each in entry.roles if each != role]
                yield _unknown("role", "rotations", (*loc, "roles", role, field), other, known)
    named: list[tuple[Loc, str]] = [
        *((("escalation", index), step.role) for index, step in enumerate(entry.escalation)),
        *((("overrides", index), override.role) for index, override in enumerate(entry.overrides)),
        *((("temporary", index), temporary.role) for index, temporary in enumerate(entry.temporary)),
    ]
    if entry.handle is not None:
        named.append((("handle",), entry.handle.role))
    if entry.pairing is not None:
        for field, role in (("newcomer", entry.pairing.newcomer), ("leads", entry.pairing.leads)):
            if role not in entry.roles:
                yield _unknown("role", "rotations", (*loc, "pairing", field), role, entry.roles)
    for place, role in named:
        if role not in entry.roles:
            yield _unknown("role", "rotations", (*loc, *place, "role"), role, entry.roles)


def _twice(members: Sequence[Sequence[str]], loc: Loc) -> Iterator[Mistake]:
    """A turn that stands in the list twice is a slip; a person may be in several turns that are shared."""
    seen: set[tuple[str, ...]] = set()
    for index, slot in enumerate(members):
        if slot and tuple(slot) in seen:
            yield Mistake(
                "listed_twice",
                (*loc, index),
                f"{', '.join(slot)!r} is in this list already",
                "Keep the person once.",
                ", ".join(slot),
                source="rotations",
            )
        seen.add(tuple(slot))


def _in_train(team: TeamConfig, train: TrainConfig) -> Iterator[Mistake]:
    source = f"train:{train.id}"
    quorum, confirm = train.gates.quorum, train.gates.confirm
    named: list[tuple[str, Loc, str, Collection[str]]] = [
        ("channel", ("channel",), train.channel, team.channels),
        ("role", ("on_call",), train.on_call, team.roles),
    ]
    if confirm is not None:
        named.append(("role", ("gates", "confirm", "role"), confirm.role, team.roles))
    if quorum.voters is not None:
        named.append(("group", ("gates", "quorum", "voters"), quorum.voters, team.groups))
    if train.rules.actors is not None:
        named.append(("group", ("rules", "actors"), train.rules.actors, team.groups))
    for index, group in enumerate(quorum.roles):
        named.append(("group", ("gates", "quorum", "roles", index), group, team.groups))
    named += _beside(team, train)
    for what, loc, name, known in named:
        if name not in known:
            yield _unknown(what, source, loc, name, known)
    repositories = {name.lower() for name in team.repositories}
    for where, repository in _repositories_of(train):
        if repository.lower() not in repositories:
            yield _unknown("repository", source, where, repository, team.repositories)


def _repositories_of(train: TrainConfig) -> Iterator[tuple[Loc, str]]:
    for index, component in enumerate(train.components):
        yield ("components", index, "repository"), component.repository
    if train.rules.issue is not None:
        yield ("rules", "issue", "repository"), train.rules.issue.repository
    for index, repository in enumerate(train.board.repositories if train.board is not None else ()):
        yield ("board", "repositories", index), repository
    if train.gates.blocking_labels is not None:
        for index, repository in enumerate(train.gates.blocking_labels.repositories):
            yield ("gates", "blocking_labels", "repositories", index), repository


def _beside(team: TeamConfig, train: TrainConfig) -> Iterator[tuple[str, Loc, str, Collection[str]]]:
    for field, rule in (("hotfix", train.hotfix), ("security_hotfix", train.security_hotfix)):
        if rule is not None and rule.voters is not None:
            yield "group", (field, "voters"), rule.voters, team.groups
    if train.security_hotfix is not None:
        yield "channel", ("security_hotfix", "channel"), train.security_hotfix.channel, team.channels


def _people(team: TeamConfig, source: str, loc: Loc, names: Iterable[str]) -> Iterator[Mistake]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name not in team.people:
            yield _unknown("person", source, (*loc, index), name, team.people)
        elif name in seen:
            yield Mistake(
                "listed_twice",
                (*loc, index),
                f"{name!r} is in this list already",
                "Keep the person once.",
                name,
                source=source,
            )
        seen.add(name)


def _unknown(what: str, source: str, loc: Loc, name: str, known: Iterable[str]) -> Mistake:
    homes = {"role": "a rotation", "repository": "the team's repositories", "person": "the team's people"}
    home = homes.get(what, f"the team's {what}s")
    return Mistake(f"unknown_{what}", loc, f"{name!r} is not in {home}", did_you_mean(name, known), name, source=source)
