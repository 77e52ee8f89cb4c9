"""Artefact and commit are one: the sha goes with a component from the dispatch to the announcement (C-22)."""

from __future__ import annotations

from tests.departures.week import EXPLORER, PORTAL

REPOSITORIES = {"portal": PORTAL, "explorer": EXPLORER}


def test_c22_the_commit_names_the_artefact_from_the_dispatch_to_the_announcement(week):
    """C-22: in the workflow's input, what the environment reports, the ledger, Slack, GitHub's deployment."""
    manifest = week.ready()
    week.promote()
    week.close("promote")

    for component, repository in REPOSITORIES.items():
        sha = manifest.sha_of(component)
        assert [body["inputs"]["sha"] for body in week.dispatches(repository)] == [sha]

        running = week.forge().deployed_sha(repository, "prod")
        assert running is not None
        assert running.sha == sha

        (deployed,) = week.ledger.facts(week.departure, "deployed", f"{component}/prod")
        assert deployed.value["sha"] == sha
        seen = week.ledger.facts(week.departure, "observed", week.leg("promote", component).key)
        assert {fact.value["seen"] for fact in seen} == {sha}
        assert all(
            effect.key.split("/")[5] == sha for effect in week.ledger.effects(f"{week.departure}/promote/{component}")
        )

        assert week.said(f"{component}: `{sha[:12]}`") == 1


def test_c22_what_reports_another_commit_is_not_the_artefact(week):
    week.ready()
    assert week.deploy("promote", "portal").opens
    week.github.push(PORTAL, title="Another artefact", author="dev-30")
    other = week.github.repository(PORTAL).record.refs["heads/main"]
    week.forge().create_deployment(PORTAL, other, "prod", "somebody/else", "by hand")
    found = week.forge().find_deployment(PORTAL, "prod", "somebody/else")
    week.forge().set_deployment_status(PORTAL, found.id, "success")
    standing = week.verify("promote", "portal")
    assert not standing.opens
    assert [block.code for block in standing.blockers] == ["NOT_DEPLOYED"]
    assert other[:12] in standing.blockers[0].sentence
