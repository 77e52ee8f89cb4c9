"""``stationmaster parity``, against the stand-in (T-12)."""

from __future__ import annotations

from tests.cli.test_cli_connections import outside
from tests.departures.week import EXPLORER, PORTAL

__all__ = ["outside"]


def deploy(world, repo, *environments):
    sha = world.repository(repo).record.refs["heads/main"]
    for environment in environments:
        world.deploy(repo, environment, sha)
    return sha


def test_t12_even_environments(run, answer, outside):
    for repo in (PORTAL, EXPLORER):
        sha = deploy(outside.github, repo, "dev", "staging", "prod")
    result = run("parity", "cellxgene.weekly")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "Every environment runs the same.")
    found = answer("parity", "cellxgene.weekly")
    assert (found["even"], found["environments"]) == (True, ["dev", "staging", "prod"])
    assert {cell["sha"] for cell in found["rows"][1]["cells"]} == {sha}
    assert list(outside.github.writes()) == []


def test_t12_a_difference_is_marked_and_is_a_finding(run, outside):
    deploy(outside.github, PORTAL, "dev", "staging", "prod")
    deploy(outside.github, EXPLORER, "dev", "staging")
    result = run("parity", "cellxgene.weekly")
    assert result.exit_code == 1
    marks = [line.split()[:2] for line in result.stdout.splitlines() if line[:1] in "=!?"]
    assert marks == [["=", "portal"], ["!", "explorer"]]
    assert result.stdout.splitlines()[-1] == "Not every environment runs the same."


def test_t12_what_cannot_be_read_says_why(run, outside):
    outside.github.tokens.clear()
    result = run("parity", "cellxgene.weekly")
    assert result.exit_code == 1
    assert "portal on prod cannot be read: " in result.stdout


def test_it_asks_about_a_train(run):
    assert run("parity", "cellxgene.weekly.promote").exit_code == 2
    assert run("parity", "cellxgene.daily").exit_code == 2
