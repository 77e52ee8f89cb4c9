"""Names that a team's incidents and its log use, and settings by which nobody would ever be told (C-33, O-10)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from stationmaster.config.documents import Loc
from stationmaster.config.incident_ladder import rungs
from stationmaster.config.incidents import MOST_RUNGS, IncidentRules, Rung
from stationmaster.config.mistakes import Mistake, did_you_mean
from stationmaster.config.rules_reserved import reserved
from stationmaster.config.team import TeamConfig
from stationmaster.config.templates import FIELDS, template_path, unknown_fields
from stationmaster.core.incidents import AREA


def incident_mistakes(team: TeamConfig) -> Iterator[Mistake]:
    """Yield a mistake for each name that is not known, and for a ladder that tells nobody."""
    rules = team.incidents
    if rules is not None:
        yield from _of_rules(team, rules)
        yield from _of_ladder(team, rules)
        yield from reserved(team, AREA, "the team's incidents")
    yield from _of_log(team)


def template_mistakes(include: Path, team: TeamConfig) -> Iterator[Mistake]:
    """Yield a mistake for each template that is named and is not there, or asks for a field that nobody fills."""
    for loc, name, kind in _templates(team):
        path = template_path(include, name)
        if not path.is_file():
            known = [each.stem for each in path.parent.glob("*.md")]
            what = f"there is no page templates/{name}.md"
            yield Mistake("unknown_template", loc, what, did_you_mean(name, known), name, source="team")
            continue
        for field in unknown_fields(path.read_text(encoding="utf-8"), kind):
            what = f"templates/{name}.md asks for {field!r}, which an incident does not have"
            yield Mistake("unknown_field", loc, what, did_you_mean(field, FIELDS[kind]), name, source="team")


def _templates(team: TeamConfig) -> Iterator[tuple[Loc, str, str]]:
    rules = team.incidents
    if rules is None:
        return
    if rules.report is not None:
        yield ("incidents", "report", "template"), rules.report.template, "incident"
    if rules.postmortem is not None:
        yield ("incidents", "postmortem", "filing", "template"), rules.postmortem.filing.template, "incident"


def _of_rules(team: TeamConfig, rules: IncidentRules) -> Iterator[Mistake]:
    at: Loc = ("incidents",)
    for index, role in enumerate(rules.roles):
        yield from _known("role", (*at, "roles", index), role, team.roles)
    yield from _known("channel", (*at, "channel"), rules.channel, team.channels)
    homes: list[tuple[Loc, str | None]] = [
        ((*at, "issue", "repository"), rules.issue.repository if rules.issue else None),
        ((*at, "report", "repository"), rules.report.repository if rules.report else None),
        ((*at, "tickets", "repository"), rules.tickets.repository if rules.tickets else None),
        (
            (*at, "postmortem", "filing", "repository"),
            rules.postmortem.filing.repository if rules.postmortem else None,
        ),
    ]
    for loc, repository in homes:
        if repository is not None:
            yield from _repository(team, loc, repository)


def _of_ladder(team: TeamConfig, rules: IncidentRules) -> Iterator[Mistake]:
    named: list[tuple[Loc, Rung]] = [
        (("incidents", "ladder", place), rung) for place, rung in enumerate(rules.ladder or ())
    ]
    if rules.last_resort is not None:
        named.append((("incidents", "last_resort"), rules.last_resort))
    for loc, rung in named:
        for index, role in enumerate(rung.roles):
            yield from _known("role", (*loc, "roles", index), role, team.roles)
        for field, name, home in (
            ("group", rung.group, team.groups),
            ("circle", rung.circle, team.circles),
            ("channel", rung.channel, team.channels),
        ):
            if name is not None:
                yield from _known(field, (*loc, field), name, home)
        if rung.group in team.groups and not team.groups[rung.group]:
            yield Mistake(
                "group_empty",
                (*loc, "group"),
                f"nobody is in {rung.group!r}",
                "Name somebody.",
                rung.group,
                source="team",
            )
    climbed = len(rungs(team, rules))
    if climbed > MOST_RUNGS:
        what = f"the ladder has {climbed} rungs, more than {MOST_RUNGS}"
        yield Mistake("ladder_too_long", ("incidents", "ladder"), what, "Take some out.", source="team")


def _of_log(team: TeamConfig) -> Iterator[Mistake]:
    rules = team.log
    if rules is None:
        return
    for index, role in enumerate(rules.roles):
        yield from _known("role", ("log", "roles", index), role, team.roles)
    for index, channel in enumerate(rules.channels):
        yield from _known("channel", ("log", "channels", index), channel, team.channels)
    if rules.repository is not None:
        yield from _repository(team, ("log", "repository"), rules.repository)


def _known(field: str, loc: Loc, name: str, home: Collection[str]) -> Iterator[Mistake]:
    if name not in home:
        what = f"{name!r} is no {field} of the team"
        yield Mistake(f"unknown_{field}", loc, what, did_you_mean(name, home), name, source="team")


def _repository(team: TeamConfig, loc: Loc, name: str) -> Iterator[Mistake]:
    if name.lower() not in {each.lower() for each in team.repositories}:
        what = f"{name!r} is not in the team's repositories"
        yield Mistake("unknown_repository", loc, what, did_you_mean(name, team.repositories), name, source="team")
