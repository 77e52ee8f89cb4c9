"""What a team does when something breaks: who is paged, how bad it is, what is written (C-30 … C-35, T-17)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from stationmaster.config.base import ConfigModel, refusal
from stationmaster.config.components import Ref
from stationmaster.config.fields import Count, Duration, Flag, Line, PositiveDuration, RepositoryName, Slug, Text
from stationmaster.config.people import key_is_the_id, keyed

MOST_RUNGS = 6
"""Each rung of a ladder is a task of its own."""
Link = Annotated[Text, Field(pattern=r"^https?://[^\s<>|]+$")]
"""An address that a person can open."""
Folder = Annotated[Text, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$")]
"""A folder of a repository, such as research/incident_reports."""


class Rung(ConfigModel):
    """Who is told next, and how long after the rung before it; exactly one of roles, group, circle and channel."""

    after: Duration = Field(default=timedelta(0), description="Elapsed time since the rung before it")
    roles: tuple[Slug, ...] = Field(
        default=(), description="The first of these roles that somebody holds at that instant"
    )
    group: Slug | None = Field(default=None, description="Everybody of one of the team's groups")
    circle: Slug | None = Field(default=None, description="The owner of a circle, who gets an issue, too (T-05)")
    channel: Slug | None = Field(default=None, description="A channel that is asked for help: the last resort (C-32)")

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        named = [name for name in ("roles", "group", "circle", "channel") if getattr(self, name)]
        if len(named) != 1:
            what = f"it names {' and '.join(named)}" if named else "it names nobody"
            raise refusal("rung_unclear", what, "Write exactly one of roles, group, circle and channel.")
        return self


class Severity(ConfigModel, json_schema_extra=key_is_the_id):
    """One of the team's severities."""

    id: Slug
    title: Line
    means: Text | None = Field(
        default=None, description="When it is this one, for the person who fills the form in at night"
    )
    critical: Flag = Field(default=False, description="Paged at any hour, whatever the coverage says")
    updates: PositiveDuration | None = Field(
        default=None, description="The longest silence while somebody works on it, such as 12h: two a day (T-19)"
    )
    due: PositiveDuration | None = Field(
        default=None, description="When it should be over; beyond that the ladder is told once more (T-18)"
    )
    labels: tuple[Text, ...] = Field(default=(), description="Labels that its issue bears, beside those of them all")


class Impact(ConfigModel, json_schema_extra=key_is_the_id):
    """How many notice, beside how bad it is (T-17)."""

    id: Slug
    title: Line
    large: Flag = Field(default=False, description="Large user impact, as the postmortem's policy counts it (C-31)")


class CompanyScale(ConfigModel):
    """The company's own severities: another scale. If an incident is on it, its procedure comes first (N-17)."""

    title: Line
    procedure: Link = Field(description="Where the company's procedure stands")
    levels: tuple[Text, ...] = Field(min_length=1, description="The worst first")
    labels: tuple[Text, ...] = Field(default=(), description="Labels that the issue bears if it is on that scale")


class Filing(ConfigModel):
    """Where a document goes: an issue, or a file in a repository, one for each incident (T-10)."""

    into: Literal["issue", "file"] = Field(default="issue")
    repository: RepositoryName
    folder: Folder | None = Field(default=None, description="Of a file: the folder in the repository")
    branch: Ref | None = Field(default=None, description="Of a file: the branch; by default the repository's own")
    labels: tuple[Text, ...] = Field(default=(), description="Of an issue")
    template: Slug = Field(description="A page under include/templates, without .md")

    @model_validator(mode="after")
    def _has_its_place(self) -> Self:
        if self.into == "issue" and not self.labels:
            raise refusal("filing_unclear", "an issue needs a label to be found by", "Write labels.", field="labels")
        if self.into == "file" and self.folder is None:
            raise refusal("filing_unclear", "a file needs a folder", "Write folder.", field="folder")
        return self


class Report(Filing):
    """The report that every incident ends with (T-10, T-22)."""

    template: Slug = Field(default="incident-report", description="A page under include/templates, without .md")
    within: PositiveDuration = Field(
        default=timedelta(days=2), description="How long the person who led it may take over what only they know"
    )
    remind: PositiveDuration = Field(default=timedelta(hours=12))


class Postmortem(ConfigModel):
    """When a postmortem is due, and until when; reminded until it exists (C-31)."""

    severities: tuple[Slug, ...] = Field(min_length=1, description="One of these ...")
    large_impact: Flag = Field(default=True, description="... and, unless this is false, an impact that is large")
    company: Flag = Field(default=False, description="Also whenever it is on the company's scale")
    within: PositiveDuration = Field(default=timedelta(days=7))
    remind: PositiveDuration = Field(default=timedelta(days=1))
    filing: Filing = Field(description="Where its draft is written, made from the template")
    shared: Text | None = Field(default=None, description="Where its lessons are shared, such as Sprint Retrospective")


class Tickets(ConfigModel):
    """Where follow-ups and missing runbooks become tickets (C-30, O-12)."""

    repository: RepositoryName
    labels: tuple[Text, ...] = Field(default=("follow-up",), min_length=1)
    runbook_labels: tuple[Text, ...] = Field(default=("runbook",), min_length=1, description="Of a missing runbook")


class Logged(ConfigModel):
    """The issue of an incident: opened with it, closed when it is over (T-04, N-15)."""

    repository: RepositoryName
    labels: tuple[Text, ...] = Field(default=("incident",), min_length=1)


Severities = Annotated[dict[Slug, Severity], BeforeValidator(keyed), Field(min_length=1)]
Impacts = Annotated[dict[Slug, Impact], BeforeValidator(keyed), Field(min_length=1)]


class IncidentRules(ConfigModel):
    """The section ``incidents`` of a team's file."""

    roles: tuple[Slug, ...] = Field(
        min_length=1, description="Who is paged first: the first of these roles that somebody holds"
    )
    critical_only: tuple[Slug, ...] = Field(
        default=(),
        description="Which of them are on duty for what is critical only: their hours count for nothing else (T-07)",
    )
    ladder: tuple[Rung, ...] | None = Field(
        default=None,
        max_length=MOST_RUNGS - 1,
        description="Who comes after them; by default the escalation of the first role's rotation (C-33)",
    )
    last_resort: Rung | None = Field(default=None, description="After the ladder's last rung (C-32)")
    out_of_hours: Literal["defer", "page"] | None = Field(
        default=None,
        description="What is not critical and comes when none of the roles is on duty: at the next covered instant, or "
        "at once. By default what the first role's rotation says",
    )
    remind: PositiveDuration = Field(
        default=timedelta(minutes=15), description="How often everybody is told again after the ladder's last rung"
    )
    channel: Slug = Field(description="Where incidents are told; each has a thread there")
    topic: Flag = Field(default=False, description="The channel's topic says what is open, and since when")
    severities: Severities = Field(description="The worst first")
    impacts: Impacts = Field(description="The largest first")
    company: CompanyScale | None = Field(default=None, description="Another scale beside the team's own (N-17)")
    kinds: tuple[Text, ...] = Field(
        default=("outage", "degraded", "wrong data", "security", "other"), min_length=1, description="For the form"
    )
    services: tuple[Text, ...] = Field(min_length=1, description="What can break, for the form and for the load")
    positions: tuple[Slug, ...] = Field(
        default=("point", "comms"),
        min_length=1,
        description="Roles within an incident; the person who acknowledges it takes the first (T-17)",
    )
    issue: Logged | None = Field(default=None, description="The issue that every incident is logged as (T-04)")
    runbook: Slug | None = Field(default=None, description="The page for the person who is paged")
    playbook: Link | None = Field(default=None, description="The Incident Playbook, where there is one (C-32)")
    after_deploy: PositiveDuration = Field(
        default=timedelta(days=1),
        description="What production got within so long may be the cause; its way back is shown",
    )
    report: Report | None = Field(default=None, description="Without it no report is written")
    postmortem: Postmortem | None = Field(default=None, description="Without it no postmortem is due")
    tickets: Tickets | None = Field(default=None, description="Without it follow-ups stand in the report only")
    shifts: Count = Field(default=4, ge=1, le=8, description="How many shifts one incident may live through")

    @model_validator(mode="after")
    def _somebody_is_there_for_the_rest(self) -> Self:
        strange = [role for role in self.critical_only if role not in self.roles]
        if strange or set(self.critical_only) == set(self.roles):
            what = f"{strange[0]!r} is none of roles" if strange else "nobody is there for what is not critical"
            raise refusal(
                "critical_only_unclear",
                what,
                "List some of roles, and not all of them.",
                field="critical_only",
            )
        return self

    @model_validator(mode="after")
    def _postmortem_names_severities(self) -> Self:
        rule = self.postmortem
        for name in rule.severities if rule is not None else ():
            if name not in self.severities:
                remedy = f"Write one of {', '.join(self.severities)}."
                raise refusal(
                    "unknown_severity", f"{name!r} is none of the severities", remedy, field="postmortem.severities"
                )
        return self

    def asks_for_postmortem(self, severity: str, impact: str, company: str) -> bool:
        """Return whether an incident of these ratings needs a postmortem (C-31)."""
        rule = self.postmortem
        if rule is None:
            return False
        if rule.company and company:
            return True
        known = self.impacts.get(impact)
        large = not rule.large_impact or (known is not None and known.large)
        return severity in rule.severities and large

    def labels_of(self, severity: str, company: str) -> tuple[str, ...]:
        """Return the labels of the issue of an incident with these ratings."""
        own = self.issue.labels if self.issue is not None else ()
        rated = self.severities[severity].labels if severity in self.severities else ()
        scale = self.company.labels if self.company is not None and company else ()
        return tuple(dict.fromkeys((*own, *rated, *scale)))
