"""The report, the tickets and the postmortem of an incident: each filed once, wherever a worker dies (C-30, T-10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stationmaster.config.templates import template_text
from stationmaster.core.incidents import Kind, State
from stationmaster.incidents import (
    acknowledging,
    following_up,
    handling,
    logging_issue,
    opening,
    postmortem,
    records,
    reporting,
)
from stationmaster.ledger import Ledger
from tests.departures.week import INCLUDE

HOSTILE = "@everyone <script>x</script> [here](javascript:x) <!channel> | broken | row"


def opened(office, **choices):
    rules = office.team.incidents
    wanted = opening.Wanted(
        key="run-1",
        **{
            "severity": next(iter(rules.severities)),
            "impact": next(iter(rules.impacts)),
            "service": rules.services[0],
            "kind": rules.kinds[0],
            "what": "Farm 12 lost power",
            **choices,
        },
    )
    return opening.open_incident(office.desk(), wanted, next(iter(office.team.people)))


def resolved(office, *, text="Power is back", **choices):
    story = opened(office, **choices)
    person = list(office.team.people.values())[1]
    office.clock.move(minutes=5)
    acknowledging.acknowledge(office.desk(), story, person, "cli")
    office.clock.move(minutes=30)
    handling.write(office.desk(), records.story(office.desk(), story.id), Kind.RESOLVED, person.id, text)
    return records.story(office.desk(), story.id)


def examined(office, story, **said):
    found = reporting.Examined(
        **{"root_cause": "A fuse", "runbook": reporting.MISSING, "follow_ups": ("Check fuses", "Buy a UPS"), **said}
    )
    person = office.team.people[handling.point_of(office.desk(), story)]
    reporting.examine(office.desk(), story, person, found)
    return records.story(office.desk(), story.id)


def filed(office, story):
    following_up.open_tickets(office.desk(), story)
    reporting.report(office.desk(), INCLUDE, records.story(office.desk(), story.id))
    postmortem.draft(office.desk(), INCLUDE, records.story(office.desk(), story.id))


def files(office, repository):
    return office.github.repository(repository).record.files


def test_t10_t22_threefold_gets_one_file_for_each_incident_with_every_field(office_of):
    office = office_of("threefold")
    story = examined(office, resolved(office))
    filed(office, story)
    (path,) = files(office, "threefoldtech/tf_operations")
    assert path == "main:research/incident_reports/2024-03-12-1.md"
    text = files(office, "threefoldtech/tf_operations")[path]
    for heading in (
        "Incident ID", "Date and time", "Type", "Severity", "Status", "## Summary", "## Timeline", "## Root cause",
        "## Impact", "## Resolution steps", "## Preventive measures", "## Lessons learned", "## Closure",
        "## Attachments",
    ):  # fmt: skip
        assert heading in text
    assert "| Severity | Critical |" in text
    assert "| Status | Resolved |" in text
    assert "A fuse" in text
    assert records.story(office.desk(), story.id).state is State.REPORTED


def test_t22_the_timeline_is_a_table_of_what_the_ledger_knows(office_of):
    office = office_of("threefold")
    story = resolved(office)
    rows = reporting.timeline(office.desk(), story).splitlines()
    assert rows[0] == "| When | What |"
    assert [row.split(" | ")[1].split(" ")[0] for row in rows[2:]] == ["Opened", "Acknowledged", "point:", "Resolved"]


def test_f65_a_hostile_text_opens_no_row_no_tag_and_no_mention(office_of):
    office = office_of("threefold")
    story = examined(office, resolved(office, text=HOSTILE, what=HOSTILE), root_cause=HOSTILE, follow_ups=(HOSTILE,))
    text = reporting.document(office.desk(), template_text(INCLUDE, "incident-report"), story)
    assert "<script>" not in text
    assert "](javascript" not in text
    assert "@everyone" not in text
    assert not [row for row in text.splitlines() if row.startswith("| ") and row.count(" | ") > 1]


def test_f65_a_text_that_looks_like_a_gap_stays_a_text(office_of):
    office = office_of("threefold")
    story = examined(office, resolved(office), root_cause="{{ timeline }}")
    text = reporting.document(office.desk(), template_text(INCLUDE, "incident-report"), story)
    assert text.count("| When | What |") == 1


def test_c30_o12_follow_ups_and_the_missing_runbook_become_tickets_of_whoever_led_it(office):
    story = examined(office, resolved(office))
    filed(office, story)
    filed(office, story)
    found = {issue.title: issue for issue in office.desk().forge.open_issues("chanzuckerberg/single-cell-infra")}
    assert {"Check fuses", "Buy a UPS", "Runbook: portal, outage"} <= set(found)
    assert {issue.assignees for title, issue in found.items() if "report" not in title} == {("dev-12",)}
    assert found["Runbook: portal, outage"].labels == ("runbook",)


@pytest.mark.parametrize("runbook", [reporting.FITTED, reporting.NEEDLESS])
def test_o09_no_runbook_is_owed_where_one_fitted_or_none_is_needed(office, runbook):
    story = examined(office, resolved(office), runbook=runbook, follow_ups=())
    assert following_up.open_tickets(office.desk(), story) == ()


@pytest.mark.parametrize(("said", "words"), [({"root_cause": " "}, "the cause"), ({"runbook": ""}, "runbook fit")])
def test_o09_a_report_that_says_neither_cause_nor_runbook_is_refused(office, said, words):
    story = resolved(office)
    with pytest.raises(reporting.ReportIncomplete, match=words):
        examined(office, story, **said)


@pytest.mark.parametrize(
    ("choices", "due"),
    [
        ({"severity": "critical", "impact": "large"}, True),
        ({"severity": "serious", "impact": "large"}, True),
        ({"severity": "critical", "impact": "some"}, False),
        ({"severity": "minor", "impact": "large"}, False),
    ],
)
def test_c31_a_serious_incident_with_large_user_impact_gets_a_postmortem(office, choices, due):
    story = examined(office, resolved(office, **choices))
    filed(office, story)
    assert postmortem.is_due(office.desk(), records.story(office.desk(), story.id)) is due
    assert len([path for path in files(office, "chanzuckerberg/single-cell-infra") if "postmortems/" in path]) == due


def test_c31_it_is_reminded_of_each_day_until_somebody_says_where_it_is(office):
    story = examined(office, resolved(office))
    filed(office, story)
    for _ in range(3):
        for _ in range(2):
            postmortem.remind(office.desk(), records.story(office.desk(), story.id))
        office.clock.move(days=1)
    assert len([text for text in office.texts("ops") if "a postmortem of" in text]) == 3
    ben = office.team.people["ben"]
    with pytest.raises(postmortem.NoAddress):
        postmortem.record(office.desk(), story, ben, "it is somewhere")
    postmortem.record(office.desk(), story, ben, "https://example.org/1")
    assert records.story(office.desk(), story.id).last(Kind.POSTMORTEM) is not None


def test_n15_n17_hausmeister_logs_it_as_a_bug_and_the_companys_scale_is_another(office_of):
    office = office_of("hausmeister")
    story = opened(office, severity="p2", company="SEV1")
    receipt = logging_issue.write(office.desk(), story)
    issue = office.desk().forge.issue("nubank/itaipu", receipt["number"])
    assert set(issue.labels) == {"bug", "data-infra", "P2", "company-incident"}
    assert "its procedure comes first" in issue.body
    assert story.severity == "p2"


def test_n17_what_is_on_the_companys_scale_is_paged_as_critical(office_of):
    from stationmaster.incidents import paging

    night = office_of("dre", at=datetime(2024, 3, 12, 23, 0, tzinfo=UTC))
    story = opened(night, severity="minor")
    assert paging.climbs(night.desk(), story)[0].at > night.clock()


class Killed(BaseException):
    """The worker is gone, in the middle of whatever it did."""


def kill_at(place: int, monkeypatch) -> list[int]:
    """Let the process die before the ``place``-th change of the ledger."""
    seen = [0]
    original = Ledger.writing

    def writing(self):
        seen[0] += 1
        if seen[0] == place:
            raise Killed
        return original(self)

    monkeypatch.setattr(Ledger, "writing", writing)
    return seen


def everything(office) -> None:
    """The whole of an incident, as its tasks would do it; each step finds what is done already."""
    desk = office.desk()
    rules = office.team.incidents
    wanted = opening.Wanted(
        key="run-1", severity="critical", impact="large", service=rules.services[0], kind=rules.kinds[0]
    )
    story = opening.open_incident(desk, wanted, "amara")
    logging_issue.write(desk, story)
    ben = office.team.people["ben"]
    if records.story(desk, story.id).under_way:
        acknowledging.acknowledge(desk, records.story(desk, story.id), ben, "cli")
        handling.write(desk, records.story(desk, story.id), Kind.RESOLVED, "ben", "Fixed", once="end")
    story = records.story(desk, story.id)
    if story.state is State.RESOLVED:
        said = reporting.Examined(root_cause="A fuse", runbook=reporting.MISSING, follow_ups=("Check fuses",))
        reporting.examine(desk, story, ben, said)
    filed(office, records.story(desk, story.id))


@pytest.mark.parametrize("first", range(1, 5))
def test_f01_a_worker_that_dies_at_any_write_leaves_nothing_twice_and_nothing_out(office, monkeypatch, first):
    """Every fourth write is tried from each of the four places, so that all of them are."""
    place, deaths = first, 0
    while True:
        with monkeypatch.context() as patch:
            kill_at(place, patch)
            try:
                everything(office)
                break
            except Killed:
                deaths += 1
        office.clock.move(minutes=3)
        place = 4
    assert deaths
    everything(office)
    assert [fact.subject for fact in office.ledger.facts("cellxgene.incident", "numbered")] == [
        "cellxgene.incident/2024-03-12.1"
    ]
    story = records.story(office.desk(), "cellxgene.incident/2024-03-12.1")
    assert story.state is State.REPORTED
    assert story.positions == {"point": "ben"}
    titles = [
        issue.title for issue in office.github.repository("chanzuckerberg/single-cell-infra").record.issues.values()
    ]
    assert sorted(titles) == [
        "Check fuses", "Incident 2024-03-12.1: portal: outage", "Incident report: portal: outage (2024-03-12.1)",
        "Runbook: portal, outage",
    ]  # fmt: skip
    assert len(files(office, "chanzuckerberg/single-cell-infra")) == 1
    texts = office.texts("ops")
    assert len([text for text in texts if "`cellxgene.incident/2024-03-12.1`\n" in text]) == 1
    from stationmaster.oncall_log import log

    entries = log.entries(office.desk(), story.opened_at - timedelta(days=1), office.clock() + timedelta(days=1))
    assert len({entry.text for entry in entries}) == len(entries)
    assert {"opened:", "acknowledged", "reported"} <= {word for entry in entries for word in entry.text.split()}
