"""What a rotation's file says about handoffs: whom to tell, what must be open (C-06, C-07); and scopes (C-23)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.config.checklist import read_checklist

NOTICES = "notices: {channel: ops, mail: true, runbook: on-call}"
ACCESS = "access: {page: runbooks/access.md, channel: help-infra, every: 90d}"


def test_c06_c07_the_team_tells_in_its_channel_and_by_mail_and_asks_help_infra(shipped):
    team = shipped.team("cellxgene")
    entry = team.roster["oncall"]
    assert (team.channels[entry.notices.channel].name, entry.notices.mail) == ("single-cell-ops", True)
    assert team.connections.mail == "smtp_default"
    assert (team.channels[entry.access.channel].id, entry.access.every) == ("C94RQ5SBV", timedelta(days=90))
    assert entry.fixed_people == ("jules",)


def test_c07_the_list_holds_sentry_and_datadog_with_the_production_environment(shipped):
    texts = [item.text for item in read_checklist(shipped.root, "runbooks/access.md")]
    for word in ("Sentry", "Datadog", "hosted-cellxgene-prod"):
        assert any(word in text for text in texts)


def test_c23_the_portals_token_has_the_scopes_of_the_teams_page(shipped):
    portal = shipped.train("cellxgene.weekly").component("portal")
    assert portal.token_scopes == ("admin:repo_hook", "repo", "workflow")


@pytest.mark.parametrize(
    ("old", "new", "code", "field"),
    [
        ("channel: ops", "channel: opps", "unknown_channel", "rotations.oncall.notices.channel"),
        ("channel: help-infra", "channel: help", "unknown_channel", "rotations.oncall.access.channel"),
        ("runbook: on-call", "runbook: off-call", "unknown_runbook", "rotations.oncall.notices.runbook"),
        ("runbooks/access.md", "runbooks/acess.md", "unknown_checklist", "rotations.oncall.access.page"),
        ("runbooks/access.md", "runbooks/promote.md", "checklist_empty", "rotations.oncall.access.page"),
        ("runbooks/access.md", "../secrets.md", "not_a_page", "rotations.oncall.access.page"),
        ("every: 90d", "every: 0d", "not_a_duration", "rotations.oncall.access.every"),
    ],
)
def test_a_mistake_is_named_with_its_place(files, old, new, code, field):
    line = files.edit(files.rotations, old, new)
    found = files.only()
    assert (found.code, found.field, found.line) == (code, field, line)


def test_mail_needs_a_connection(files):
    files.edit(files.team, "  mail: smtp_default               # C-06\n", "")
    found = files.only()
    assert (found.code, found.field) == ("mail_without_connection", "rotations.oncall.notices.mail")


def test_who_is_to_get_mail_has_an_address(files):
    files.edit(files.team, "    email: farah.haddad@cellxgene.example\n", "")
    found = files.only()
    assert found.code == "mail_without_address"
    assert "people.farah" in found.remedy


def test_a_runbook_of_the_notice_needs_a_front_matter(files):
    files.write("runbooks/on-call.md", "# On call\n")
    assert files.only().code == "no_front_matter"


def test_a_team_that_asks_for_nothing_at_a_handoff_is_fine(files):
    files.edit(files.rotations, NOTICES, "")
    files.edit(files.rotations, ACCESS, "")
    files.edit(files.rotations, "    pairing: {newcomer: secondary, leads: primary, new_for: 90d}", "")
    assert files.problems() == []
    assert not files.load().team("cellxgene").roster["oncall"].hands_over


def test_a_team_survives_the_way_through_json(shipped):
    """Triggers carry it so."""
    team = shipped.team("cellxgene")
    assert type(team).model_validate(team.model_dump(mode="json")) == team
