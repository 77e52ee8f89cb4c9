"""``stationmaster chores``, ``chore``, ``new chore`` and ``runbook`` (D-23, O-09, T-16)."""

from __future__ import annotations

from datetime import timedelta
from xml.etree import ElementTree

import pytest

from stationmaster.checks import capacity
from stationmaster.chores import runs
from stationmaster.config.loader import load
from stationmaster.core.alert_groups import Event
from stationmaster.watches.alert_books import AlertBook
from stationmaster.work.context import Desk
from tests.cli.waiting_chore import open_one, write_chores

LINK = "https://sentry.example.org/board"


@pytest.fixture
def written(include):
    write_chores(include)
    return include


@pytest.fixture
def opened(include, ledger):
    """This Wednesday's look, opened at nine, and a request."""
    desk, about = open_one(ledger, include)
    tokens = runs.name_of(desk, desk.files.chores["tokens"], run_id="manual__1", scheduled=None)
    runs.open_run(desk, tokens, scheduled=None, form={"which": "the old one"}, steps=(), by="emil")
    return desk, about, tokens


def test_t16_what_is_open_is_listed_with_whose_it_is_and_what_comes_next(answer, opened):
    _, about, tokens = opened
    found = {line["chore"]: line for line in answer("chores", "cellxgene")["chores"]}
    look = found["cellxgene.chores/look"]
    assert look["next_at"] == "2021-11-04T16:00:00Z"
    (run,) = look["open"]
    assert (run["about"], run["late"], run["due_at"]) == (about, False, "2021-11-04T00:12:00Z")
    assert run["people"]
    asked = found["cellxgene.chores/tokens"]
    assert (asked["next_at"], asked["schedule"], asked["runbook"]) == (None, "on request", None)
    assert [each["about"] for each in asked["open"]] == [tokens]


def test_t16_people_read_it_too_and_without_a_ledger_the_schedules_alone(run, written, monkeypatch):
    text = run("chores", "cellxgene").stdout
    assert "Thu 4 Nov 2021 09:00 PDT" in text
    assert "none yet" in text


def test_t16_a_run_is_closed_by_hand_with_its_evidence_and_once(run, opened, ledger):
    desk, about, _ = opened
    missing = run("chore", "done", about, "--by", "emil", "--evidence", "link=done")
    assert missing.exit_code == 2
    assert "The board: " in missing.stderr
    assert "Not ticked: Open it; Close it" in missing.stderr
    done = run("chore", "done", about, "--by", "emil", "--evidence", f"link={LINK}", "--all-steps", "--note", "quiet")
    assert done.exit_code == 0, done.stderr
    ending = runs.ended(desk, about)
    assert (ending.by, ending.value["why"]) == ("emil", "quiet")
    again = run("chore", "done", about, "--by", "emil", "--evidence", f"link={LINK}", "--all-steps")
    assert (again.exit_code, "has ended already" in again.stderr) == (2, True)
    assert f"link: {LINK}" in run("chore", "show", about).stdout


def test_d29_one_is_left_or_blocked_with_a_reason_in_somebodys_name(run, opened):
    desk, about, tokens = opened
    assert run("chore", "leave", about, "--why", "no", "--by", "emil").exit_code == 2
    assert run("chore", "leave", tokens, "--why", "no", "--by", "mallory").exit_code == 2
    assert run("chore", "block", tokens, "--why", "nobody answers", "--by", "emil").exit_code == 0
    assert "blocked: nobody answers" in run("chores", "cellxgene").stdout
    assert run("chore", "leave", tokens, "--why", "not any more", "--by", "emil").exit_code == 0
    assert runs.ended(desk, tokens).value["outcome"] == "not_needed"


@pytest.mark.parametrize("name", ["cellxgene.chores/look/2021-11-02T0900", "cellxgene.chores/gone/x", "nonsense"])
def test_a_run_that_was_never_opened_is_refused(run, opened, name):
    assert run("chore", "show", name).exit_code == 2


def test_d23_a_new_chore_is_one_entry_and_one_page_and_both_are_good(run, written):
    before = (written / "chores" / "cellxgene.yaml").read_text(encoding="utf-8")
    made = run(
        *("new", "chore", "cellxgene", "restore-test", "--title", 'Restore: a "test"', "--owner", "engineers"),
        *("--every", "cron", "--at", "0 9 1 * *", "--due", "3d"),
    )
    assert made.exit_code == 0, made.stderr
    after = (written / "chores" / "cellxgene.yaml").read_text(encoding="utf-8")
    assert after.startswith(before)
    found = load(written, teams=["cellxgene"])
    assert [each for each in found.problems if "restore" in each.entry] == []
    chore = found.team("cellxgene").chores["restore-test"]
    assert (chore.title, chore.runbook, chore.role) == ('Restore: a "test"', "restore-test", "primary")
    assert run("runbook", "show", "restore-test").exit_code == 0


def test_d23_the_first_chore_of_a_team_makes_its_file(run, include):
    made = run("new", "chore", "cellxgene", "look", "--title", "Look", "--owner", "jules", "--every", "each_handoff")
    assert made.exit_code == 0, made.stderr
    assert list(load(include, teams=["cellxgene"]).team("cellxgene").chores) == ["look"]


@pytest.mark.parametrize(
    "given",
    [
        ("--owner", "nobody"),
        ("--owner", "jules", "--role", "pilot"),
        ("--owner", "jules", "--due", "soon"),
        ("--owner", "jules", "--every", "cron", "--at", "never"),
        ("--owner", "jules", "--every", "cron"),
        ("--owner", "jules", "--at", "09:00"),
    ],
)
def test_d23_what_would_be_refused_is_not_written(run, written, given):
    before = {path: path.read_bytes() for path in written.rglob("*") if path.is_file()}
    made = run("new", "chore", "cellxgene", "bad", "--title", "Bad", *given)
    assert made.exit_code == 2
    assert {path: path.read_bytes() for path in written.rglob("*") if path.is_file()} == before


def test_d23_a_chore_that_is_there_is_not_overwritten(run, written):
    assert run("new", "chore", "cellxgene", "look", "--title", "Look", "--owner", "jules").exit_code == 2


def test_o09_the_debt_names_chores_without_a_page_and_pages_that_nobody_followed(answer, written):
    found = {(debt["code"], debt["about"]) for debt in answer("runbook", "debt", "cellxgene", code=1)["debts"]}
    assert ("runbook_missing", "cellxgene.chores.tokens") in found


def test_o09_pages_are_listed_with_who_names_them(answer, written):
    pages = {page["id"]: page for page in answer("runbook", "list", "cellxgene")["runbooks"]}
    assert pages["promote"]["used_by"] == ["cellxgene.weekly"]
    assert "cellxgene.chores.look" in pages["access"]["used_by"]


def test_o09_a_page_is_shown_with_its_steps(answer, run, written):
    assert len(answer("runbook", "show", "access")["steps"]) > 1
    refused = run("runbook", "show", "acces")
    assert (refused.exit_code, "Did you mean 'access'?" in refused.stderr) == (2, True)


def test_t16_the_trend_of_a_capacity_check_is_drawn_into_a_file(run, include, ledger, tmp_path):
    desk, about = open_one(ledger, include)
    assert "no check of kind capacity" in run("chore", "show", about, "--picture", tmp_path / "a.svg").stderr
    path = include / "chores" / "cellxgene.yaml"
    measure = "{kind: http, url: 'https://m.example/disk', answer: {reads: number}}"
    check = f"{{kind: capacity, name: disk, limit: 90, within: 30d, measure: {measure}}}"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("    runbook: access\n", f"    runbook: access\n    check: {check}\n"), encoding="utf-8"
    )
    early = run("chore", "show", about, "--picture", tmp_path / "a.svg")
    assert (early.exit_code, "0 of 4 measurements" in early.stderr) == (2, True)
    for day in range(4):
        at = desk.now() - timedelta(days=4 - day)
        ledger.record("cellxgene.measures", capacity.KIND, "disk", {"value": 50 + day}, at, "test")
    nowhere = run("chore", "show", about, "--picture", tmp_path / "none" / "a.svg")
    assert (nowhere.exit_code, "cannot be written" in nowhere.stderr) == (2, True)
    assert run("chore", "show", about, "--picture", tmp_path / "a.svg").exit_code == 0
    assert ElementTree.fromstring((tmp_path / "a.svg").read_text(encoding="utf-8")).tag.endswith("svg")


def test_o09_alerts_that_came_and_have_no_page_are_owed(run, answer, include, ledger):
    (include / "watches").mkdir(exist_ok=True)
    (include / "watches" / "cellxgene.yaml").write_text(
        "team: cellxgene\nwatches:\n  pages:\n    title: Open pages\n    kind: alerts\n    role: primary\n"
        "    channel: ops\n    sources: [{kind: webhook, connection: pages}]\n",
        encoding="utf-8",
    )
    desk = Desk(team=load(include, teams=["cellxgene"]).team("cellxgene"), ledger=ledger)
    event = Event(source="webhook", alert="1", status="firing", at=desk.now(), title="[red]API is slow")
    AlertBook(desk, "pages").keep([event])
    owed = {debt["code"]: debt for debt in answer("runbook", "debt", "cellxgene", code=1)["debts"]}
    assert owed["runbook_missing"]["about"] == "cellxgene.watches.pages"
    assert "'[red]API is slow' came once" in owed["alert_without_page"]["sentence"]
    assert "[red]API is slow" in run("runbook", "debt", "cellxgene").stdout
