"""``stationmaster incident``, ``log``, ``load`` and ``new`` as a person at a terminal meets them."""

from __future__ import annotations

import pytest

from stationmaster.config.loader import load
from stationmaster.incidents import opening
from stationmaster.work.context import Desk
from tests.cli.conftest import ROOT, WEDNESDAY

NAME = "cellxgene.incident/2021-11-03.1"
SECTIONS = (
    "Basic information", "Configuration", "Environment variables and secrets", "Networking", "Monitoring and logging",
    "Performance, thresholds and alerts", "Health checks", "Infrastructure as code", "Containerization",
    "Deployment tools", "Deployment process", "Scaling", "High availability", "Backup and recovery", "User permissions",
    "Security", "Version control", "Disaster recovery", "Compliance", "Cost", "Troubleshooting", "Testing environments",
    "Service level", "Rebuilding", "Contacts and support",
)  # fmt: skip


@pytest.fixture
def broken(ledger, include):
    """The portal is down, and nobody has it."""
    team = load(include, teams=["cellxgene"]).team("cellxgene")
    desk = Desk(team=team, ledger=ledger, now=lambda: WEDNESDAY)
    choices = {"severity": "critical", "impact": "large", "service": "portal", "kind": "outage"}
    opening.open_incident(desk, opening.Wanted(key="run-1", what="The portal\x1b[31m is down", **choices), "emil")
    return ledger


def state(answer):
    return answer("incident", "show", NAME)["incident"]["state"]


def test_c34_an_incident_is_taken_told_and_ended_from_a_terminal(run, answer, broken):
    assert [each["id"] for each in answer("incident", "list", "cellxgene")["incidents"]] == [NAME]
    assert run("incident", "ack", NAME, "--by", "ben").exit_code == 0
    assert answer("incident", "show", NAME)["incident"]["positions"] == {"point": "ben"}
    assert run("incident", "assign", NAME, "--by", "ben", "--role", "comms", "--to", "hana").exit_code == 0
    assert run("incident", "rate", NAME, "--by", "ben", "--severity", "minor").exit_code == 0
    assert run("incident", "update", NAME, "--by", "ben", "--text", "Looking", "--eta", "10:30").exit_code == 0
    assert run("incident", "mitigate", NAME, "--by", "ben", "--text", "Rolled back").exit_code == 0
    assert state(answer) == "mitigated"
    assert run("incident", "resolve", NAME, "--by", "ben", "--text", "Fixed").exit_code == 0
    assert answer("incident", "list", "cellxgene")["incidents"] == []
    (one,) = answer("incident", "list", "cellxgene", "--all")["incidents"]
    assert (one["state"], one["severity"], one["positions"]["comms"]) == ("resolved", "minor", "hana")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("incident", "show", "nonsense"), "Write it as"),
        (("incident", "show", "cellxgene.incident/2021-11-03.9"), "was never opened"),
        (("incident", "ack", NAME, "--by", "mallory"), "not in the people"),
        (("incident", "rate", NAME, "--by", "ben", "--severity", "worst"), "'worst' is no severity"),
        (("incident", "assign", NAME, "--by", "ben", "--role", "king", "--to", "ben"), "no role within an incident"),
        (("incident", "update", NAME, "--by", "ben", "--text", "Looking"), ""),
        (("incident", "resolve", NAME, "--by", "ben", "--text", "  "), "--text is empty"),
        (("incident", "postmortem", NAME, "--by", "ben", "--url", "somewhere"), "with https://"),
        (("incident", "ladder", "cellxgene", "--severity", "worst"), "'worst' is no severity"),
        (("log", "add", "cellxgene", "x", "--by", "mallory"), "not in the people"),
    ],
)
def test_what_is_refused_says_why_and_the_way_out(run, broken, words, why):
    result = run(*words)
    assert result.exit_code == (2 if why else 0)
    assert why in " ".join(result.stderr.split())


def test_f65_a_title_cannot_move_the_cursor(run, broken):
    assert "\x1b" not in run("incident", "list", "cellxgene").stdout
    assert "\x1b" not in run("incident", "show", NAME).stdout


def test_t22_the_report_is_written_at_any_time(run, broken):
    text = run("incident", "report", NAME).stdout
    assert text.startswith("# Incident report: The portal")
    assert "| Incident ID | cellxgene.incident/2021" in text.replace("\\", "")
    assert "| Status | Open |" in text


def test_o10_an_entry_is_written_and_shown(run, answer, broken):
    assert (
        run("log", "add", "cellxgene", "Restarted the proxy", "--by", "ben", "--link", "https://x.example").exit_code
        == 0
    )
    entries = answer("log", "show", "cellxgene")["entries"]
    assert [(each["by"], each["source"]) for each in entries] == [("emil", "dag"), ("ben", "cli")]
    assert "Restarted the proxy" in run("log", "show", "cellxgene", "--markdown").stdout


def test_o20_the_load_names_what_nobody_has_written_down(run, broken):
    text = run("load", "cellxgene").stdout
    assert "curation: nobody has handled it; no runbook names it." in text


def test_c33_the_ladder_of_an_instant_pages_nobody(answer, ledger, run):
    rungs = answer("incident", "ladder", "cellxgene", "--at", "2021-11-03T03:00:00-07:00")["rungs"]
    assert [each["who"] for each in rungs] == ["primary", "secondary", "tertiary", "eng"]
    assert [each["at"][11:16] for each in rungs] == ["10:00", "10:10", "10:40", "11:10"]
    assert ledger.facts("cellxgene.incident") == ()


def test_t15_t21_a_service_sheet_has_every_section_and_is_never_overwritten(run, tmp_path):
    sheet = tmp_path / "portal.md"
    words = ("new", "service-sheet", "cellxgene", "portal", "--owner", "emil", "--out", str(sheet))
    assert run(*words).exit_code == 0
    headings = [line.lstrip("# 0123456789.") for line in sheet.read_text().splitlines() if line.startswith("##")]
    assert tuple(headings) == SECTIONS
    assert "Emil Novak" in sheet.read_text()
    sheet.write_text("filled in")
    assert run(*words).exit_code == 2
    assert sheet.read_text() == "filled in"


def test_t15_t22_an_incident_report_is_begun_without_an_incident(run):
    text = run("new", "incident-report", "cellxgene", "--title", "The farm lost power").stdout
    assert text.startswith("# Incident report: The farm lost power")
    assert "{{" not in text


@pytest.mark.parametrize("words", [("Portal",), ("../etc",), ("portal", "--owner", "mallory")])
def test_f66_a_service_sheet_with_a_bad_name_or_owner_is_refused(run, words):
    assert run("new", "service-sheet", "cellxgene", *words).exit_code == 2


def test_the_shipped_templates_ask_for_nothing_that_is_not_there():
    from stationmaster.config.templates import unknown_fields

    pages = {"incident-report": "incident", "postmortem": "incident", "service-sheet": "service"}
    for name, kind in pages.items():
        assert unknown_fields((ROOT / "include" / "templates" / f"{name}.md").read_text(), kind) == ()
